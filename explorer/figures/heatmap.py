"""The strip under the large chart: the same gradient at every update, as colour."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import fields
from explorer.figures.drawing import Drawing
from explorer.figures.theme import MARGIN, Theme, log_axis, time_axis
from explorer.figures.updates import kept
from explorer.findings import facts
from explorer.findings.facts import number

TALL = MARGIN | {"t": 30, "b": 46}


def heatmap(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw log₁₀ ‖∂L/∂h_t‖ over time (right) and updates (up); exact zeros and inf or nan have colours of their own."""
    chosen = kept(dataset.sizes["step"])
    values = np.asarray(facts.values(dataset, "grad_h"), dtype=float)[chosen]
    # Evenly spaced, at most half a row off: plotly draws even rows as one image, others pixel by pixel.
    steps, times = facts.values(dataset, "step"), facts.values(dataset, "time")
    updates = np.linspace(steps[0], steps[-1], len(chosen))
    low, high = facts.span([values])
    axis = log_axis(low, high)
    drawing = Drawing(_title(values), _alt(dataset, low, high), theme, TALL)
    fields.log_field(drawing, "grad_h", times, updates, values, axis, "t = %{x}, update %{y}")
    drawing.axes(time_axis(dataset.sizes["time"]), _update_axis(dataset))
    line = {"color": drawing.ink.text, "width": 1.5 if facts.is_run(dataset) else 0}
    drawing.across("cursor-y", float(facts.values(dataset, "step")[step]), line)
    return drawing.figure()


def _update_axis(dataset: xr.Dataset) -> dict[str, object]:
    steps = facts.values(dataset, "step")
    first, last = float(steps[0]), float(steps[-1])
    ticks = [first] if last == first else [first, *([round((first + last) / 2)] if last - first > 1 else []), last]
    return {"title": {"text": "update"}, "range": [first - 0.5, last + 0.5], "showgrid": False, "tickmode": "array",
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
    updates = facts.count(dataset.sizes["step"], "update")
    span = f"from {number(low)} to {number(high)}" if low <= high else "with no finite positive value"
    return f"Heatmap of the gradient norm by time step and update, {updates}, {span}." + (
        f" Diverged at update {broken}." if (broken := findings.diverged_at(dataset)) is not None else ""
    )
