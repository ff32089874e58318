"""What the charts over updates share: which rows are drawn, their axis, the cursor."""

from typing import Any

import numpy as np
import xarray as xr

from explorer.figures.drawing import Drawing
from explorer.findings import facts

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
    steps = facts.values(dataset, "step")
    last = float(steps[-1]) if len(steps) else 0.0
    if dataset.attrs.get("status") == "running":
        last = max(last, float(facts.experiment(dataset).get("steps", 0)) - 1)
    first = float(steps[0]) if len(steps) else 0.0
    pad = max(0.5, 0.01 * (last - first))
    settings: dict[str, Any] = {"title": {"text": "update"}, "range": [first - pad, last + pad], "nticks": 4}
    return settings | (
        {"tickmode": "array", "tickvals": [first], "ticktext": [f"{first:.0f}"]} if last == first else {}
    )


def cursor(drawing: Drawing, dataset: xr.Dataset, step: int = -1) -> None:
    """Add the thin vertical line at the shown update, the shape named ``cursor-x``."""
    line = {"color": drawing.ink.quiet, "width": 1 if facts.is_run(dataset) else 0}
    drawing.upright("cursor-x", float(facts.values(dataset, "step")[step]), line)


def side_label(drawing: Drawing, text: str, y: float, *, yanchor: str = "middle") -> None:
    """Write the name of a horizontal line into the right margin, where no curve can touch it; ``y`` is on the axis."""
    drawing.note(
        text, x=1, xref="paper", xanchor="left", xshift=6, y=y, yanchor=yanchor, align="left",
        font={"color": drawing.ink.quiet},
    )  # fmt: skip
