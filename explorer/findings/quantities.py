"""Numbers of a run: clipped updates, recent loss, where the weight gradient comes from, what is not finite or zero."""

import math

import numpy as np
import xarray as xr

from explorer.findings import facts

ROUNDING = 1e-6  # relative difference of two norms that is not called clipping
BETTER = 0.9  # a network is better than chance when its recent loss is under this share of the loss without memory
LEARNED = 0.5  # … and has learned under this one: in the adding task, half is what remembering one number of two gives


def clipped_share(dataset: xr.Dataset) -> float:
    """Return the share of updates (0 to 1) whose gradient norm clipping made smaller; nan where no norm is finite."""
    before, after = facts.values(dataset, "grad_norm"), facts.values(dataset, "grad_norm_clipped")
    known = np.isfinite(before) & np.isfinite(after)
    return float(np.mean(after[known] < before[known] * (1 - ROUNDING))) if known.any() else math.nan


def recent_loss(dataset: xr.Dataset) -> float:
    """Return the mean loss of the last tenth of the updates that ask something (1 to 50 of them).

    nan where none of them is finite.
    """
    losses = facts.values(dataset, "loss")[facts.asks(dataset)]
    last = losses[-min(50, max(1, len(losses) // 10)) :]
    return float(np.mean(last[np.isfinite(last)])) if np.isfinite(last).any() else math.nan


def chance_loss(dataset: xr.Dataset) -> float:
    """Return the loss of the best answer without memory; nan where the Dataset does not say."""
    found = dataset.attrs.get("chance_loss")
    return float(found) if isinstance(found, int | float | np.number) else math.nan


def has_learned(dataset: xr.Dataset) -> bool | None:
    """Tell whether recent loss is under LEARNED of the loss of the best answer without memory; None where not known.

    A run that diverged has not learned, nor has a network before training.
    """
    chance, loss = chance_loss(dataset), recent_loss(dataset) if "loss" in dataset.variables else math.nan
    if not chance > 0:
        return None
    if diverged_at(dataset) is not None:
        return False
    if not math.isfinite(loss):
        return None
    started = facts.is_run(dataset) or not facts.untrained(dataset)
    return started and loss / chance < LEARNED


def weight_share(dataset: xr.Dataset, step: int = -1, share: float = 0.9) -> int | None:
    """Return how many of the last steps hold ``share`` of Σ_t ‖∂L/∂W_t‖; None where that sum is zero or not finite."""
    values = facts.row(dataset, "grad_weight", step)
    total = values.sum()
    if not np.isfinite(total) or total <= 0:
        return None
    return int(np.searchsorted(np.cumsum(values[::-1] / total), share - 1e-12) + 1)


def diverged_at(dataset: xr.Dataset) -> int | None:
    """Return the first update whose loss or gradient norm is not finite; None where all are finite."""
    names = [name for name in ("loss", "grad_norm") if name in dataset.variables]
    if not names:
        return None
    bad = np.any([~np.isfinite(facts.values(dataset, name)) for name in names], axis=0)
    return int(facts.values(dataset, "step")[np.argmax(bad)]) if bad.any() else None


def first_nonfinite(dataset: xr.Dataset, step: int = -1, variable: str = "grad_h") -> tuple[int, str] | None:
    """Return the first step, going back in time, whose gradient is not finite, with ``"inf"`` or ``"nan"``."""
    values = facts.row(dataset, variable, step)
    bad = np.flatnonzero(~np.isfinite(values))
    return (int(bad[-1]) + 1, "nan" if np.isnan(values[bad[-1]]) else "inf") if bad.size else None


def zero_before(dataset: xr.Dataset, step: int = -1, variable: str = "grad_h") -> tuple[int, str] | None:
    """Return the first step a gradient reaches where all before it are exactly zero, and why they are."""
    values = facts.row(dataset, variable, step)
    alive = np.flatnonzero(values != 0)
    if not alive.size or alive[0] == 0:
        return None
    start = int(alive[0]) + 1
    if start - 1 in facts.cuts(dataset):
        return start, "truncation cuts it"
    # A step back may well fade a thousandfold: what was that near the smallest normal number has underflowed.
    if values[alive[0]] < 1e3 * facts.floor(dataset)[1]:
        return start, "underflow"
    return start, "truncation cuts it" if facts.cut_anywhere(dataset) else "no gradient flows"


def normal_from(dataset: xr.Dataset, step: int = -1, variable: str = "grad_h") -> int | None:
    """Return the first step from which on the gradient is at least the precision's smallest normal number.

    None where no step's is. Below that number, rounding and not the network decides what is recorded.
    """
    values = facts.row(dataset, variable, step)
    normal = np.flatnonzero(values >= facts.floor(dataset)[1])
    return int(normal[0]) + 1 if normal.size else None


def with_loss(dataset: xr.Dataset) -> xr.Dataset:
    """Return only the updates that used a loss: with an update after each segment, the others have no gradient at all.

    The Dataset is returned as it is where that would leave nothing, and its last update is kept where the run diverged.
    """
    used = facts.asks(dataset)
    if "diverged_step" in dataset.attrs:
        used = used | (np.arange(len(used)) == len(used) - 1)
    return dataset if used.all() or not used.any() else dataset.isel(step=np.flatnonzero(used))
