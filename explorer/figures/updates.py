"""What the charts over updates share: which rows are drawn, their axis, the cursor."""

from typing import Any

import numpy as np
import xarray as xr

from explorer import findings
from explorer.figures.drawing import Drawing
from explorer.findings import facts

ROWS = 200  # more rows than pixels only cost time


def kept(count: int, most: int = ROWS) -> np.ndarray:
    """Return the indices of at most ``most`` of ``count`` rows, evenly spread, first and last among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.round(np.linspace(0, count - 1, most)).astype(int))


def window(count: int) -> int:
    """Return how many updates the running mean of ``count`` takes: a tenth, 5 to 49 where there are so many, odd."""
    width = min(count, int(np.clip(count // 10, 5, 49)))
    return max(1, width - (width + 1) % 2)


def running_mean(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the mean of the finite values in a window centred on each update ``at`` [R]; nan where it is not.

    Near both ends the window narrows, to one update at the very end: one that reaches further to one side than to the
    other would show the loss of an earlier or later time.
    """
    half = window(len(values)) // 2
    reach = np.minimum(half, np.minimum(at, len(values) - 1 - at))[:, None]
    offsets = np.arange(-half, half + 1)
    found = values[np.clip(at[:, None] + offsets, 0, max(0, len(values) - 1))]
    used = np.isfinite(found) & (np.abs(offsets) <= reach) & np.isfinite(values[at])[:, None]
    with np.errstate(all="ignore"):
        return np.asarray(np.where(used, found, 0.0).sum(axis=1) / used.sum(axis=1))


def axis(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the settings of the axis of updates, as long as the run was asked to be where it is still running."""
    steps = facts.values(dataset, "step")
    last = float(steps[-1]) if len(steps) else 0.0
    if dataset.attrs.get("status") == "running":
        last = max(last, float(facts.experiment(dataset).get("steps", 0)) - 1)
    first = float(steps[0]) if len(steps) else 0.0
    pad = max(0.5, 0.01 * (last - first))
    settings: dict[str, Any] = {"title": {"text": "update"}, "range": [first - pad, last + pad], "nticks": 4}
    if last - first < 4:  # Plotly would put ticks between the updates
        ticks = np.arange(first, last + 1)
        settings |= {"tickmode": "array", "tickvals": list(ticks), "ticktext": [f"{t:.0f}" for t in ticks]}
    return settings


def diverged(drawing: Drawing, dataset: xr.Dataset) -> int | None:
    """Mark the first update with a loss or gradient norm that is not finite; return it, None where all are finite."""
    broken = findings.diverged_at(dataset)
    if broken is not None:
        drawing.upright("diverged", broken, {"color": drawing.ink.broken, "width": 2})
    return broken


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
