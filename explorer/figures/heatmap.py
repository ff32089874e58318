"""The strip under the large chart: the same gradient at every update, as colour."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import facts, findings
from explorer.facts import number
from explorer.figures.theme import MARGIN, Theme, decade, decades, figure, ink, log_axis, time_axis
from explorer.figures.updates import kept

TALL = MARGIN | {"t": 30, "b": 46}


def heatmap(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw log₁₀ ‖∂L/∂h_t‖ over time (right) and updates (up); exact zeros and inf or nan have colours of their own."""
    chosen = kept(dataset.sizes["step"])
    values = np.asarray(dataset["grad_h"].values, dtype=float)[chosen]
    updates, times = dataset["step"].values[chosen], dataset["time"].values
    shown = np.isfinite(values) & (values > 0)
    low, high = (values[shown].min(), values[shown].max()) if shown.any() else (np.nan, np.nan)
    axis = log_axis(float(low), float(high))
    fig = figure(_title(values), _alt(dataset, float(low), float(high)), theme, TALL)
    marks = decades(axis.low, axis.high, 4)
    fig.add_heatmap(
        x=times, y=updates, z=np.log10(values, where=shown, out=np.full_like(values, np.nan)).astype(np.float32),
        name="grad_h", colorscale="Viridis", zmin=axis.low, zmax=axis.high,
        colorbar={"thickness": 12, "len": 1, "y": 0.5, "x": 1, "xpad": 10, "ypad": 0, "outlinewidth": 0,
                  "tickvals": marks, "ticktext": [decade(d) for d in marks],
                  "tickfont": {"size": 14, "color": ink(theme).quiet}},
        hovertemplate="10^%{z:.1f} at t = %{x}, update %{y}<extra></extra>",
    )  # fmt: skip
    colours = ink(theme)
    _layer(fig, times, updates, values == 0, "exactly 0", colours.zero)
    _layer(fig, times, updates, ~np.isfinite(values), "inf or nan", colours.broken)
    fig.update_layout(xaxis=time_axis(dataset.sizes["time"]), yaxis=_update_axis(dataset))
    at = float(dataset["step"].values[step])
    fig.add_shape(
        name="cursor-y",
        type="line",
        xref="paper",
        x0=0,
        x1=1,
        y0=at,
        y1=at,
        line={"color": colours.text, "width": 1.5 if facts.is_run(dataset) else 0},
    )
    return fig


def _layer(fig: go.Figure, x: np.ndarray, y: np.ndarray, mask: np.ndarray, name: str, colour: str) -> None:
    if mask.any():
        fig.add_heatmap(
            x=x, y=y, z=np.where(mask, np.float32(1), np.float32(np.nan)), name=name, showscale=False,
            colorscale=[[0, colour], [1, colour]], zmin=0, zmax=1,
            hovertemplate=name + " at t = %{x}, update %{y}<extra></extra>",
        )  # fmt: skip


def _update_axis(dataset: xr.Dataset) -> dict[str, object]:
    steps = dataset["step"].values
    first, last = float(steps[0]), float(steps[-1])
    ticks = [first] if last == first else [first, *([round((first + last) / 2)] if last - first > 1 else []), last]
    return {"title_text": "update", "range": [first - 0.5, last + 0.5], "showgrid": False, "tickmode": "array",
            "tickvals": ticks, "ticktext": [f"{t:.0f}" for t in ticks]}  # fmt: skip


def _title(values: np.ndarray) -> str:
    said = [
        word
        for word, found in (
            ("grey: exactly 0", (values == 0).any()),
            ("pink: inf or nan", (~np.isfinite(values)).any()),
        )
        if found
    ]
    return "; ".join(["The same curve at every update" if len(values) > 1 else "The same curve as colour", *said])


def _alt(dataset: xr.Dataset, low: float, high: float) -> str:
    count = dataset.sizes["step"]
    span = f"from {number(low)} to {number(high)}" if low <= high else "with no finite positive value"
    return f"Heatmap of the gradient norm by time step and update, {count} update{'s' * (count != 1)}, {span}." + (
        f" Diverged at update {broken}." if (broken := findings.diverged_at(dataset)) is not None else ""
    )
