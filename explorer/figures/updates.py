"""What the charts over updates share: which rows are drawn, their axis, the cursor."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import facts
from explorer.figures.theme import Theme, ink

ROWS = 200  # more rows than pixels only cost time


def kept(count: int, most: int = ROWS) -> np.ndarray:
    """Return the indices of at most ``most`` of ``count`` rows, evenly spread, first and last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, most)).astype(int))


def running_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of the finite values among the last tenth of the updates up to each one (5 to 50 of them) [R]."""
    width = int(np.clip(len(values) // 10, 5, 50))
    finite = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    start = np.maximum(np.arange(len(values)) + 1 - width, 0)
    end = np.arange(len(values)) + 1
    with np.errstate(all="ignore"):
        return np.where(finite, (sums[end] - sums[start]) / (counts[end] - counts[start]), np.nan)


def axis(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the settings of the axis of updates, as long as the run was asked to be where it is still running."""
    steps = dataset["step"].values
    last = float(steps[-1]) if len(steps) else 0.0
    if dataset.attrs.get("status") == "running":
        last = max(last, float(facts.experiment(dataset).get("steps", 0)) - 1)
    first = float(steps[0]) if len(steps) else 0.0
    pad = max(0.5, 0.01 * (last - first))
    settings: dict[str, Any] = {"title_text": "update", "range": [first - pad, last + pad], "nticks": 4}
    return settings | (
        {"tickmode": "array", "tickvals": [first], "ticktext": [f"{first:.0f}"]} if last == first else {}
    )


def cursor(fig: go.Figure, dataset: xr.Dataset, theme: Theme, step: int = -1) -> None:
    """Add the thin vertical line at the shown update, the shape named ``cursor-x``."""
    at = float(dataset["step"].values[step])
    line = {"color": ink(theme).quiet, "width": 1 if facts.is_run(dataset) else 0}
    fig.add_shape(name="cursor-x", type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line=line)


def side_label(fig: go.Figure, text: str, y: float, theme: Theme, *, yanchor: str = "middle") -> None:
    """Write the name of a horizontal line into the right margin, where no curve can touch it; ``y`` is on the axis."""
    fig.add_annotation(
        text=text, x=1, xref="paper", xanchor="left", xshift=6, y=y, yanchor=yanchor, align="left",
        font={"color": ink(theme).quiet},
    )  # fmt: skip
