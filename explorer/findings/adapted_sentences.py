"""What adaptive truncation chose in a run, and how far its estimate was to be trusted, in one sentence."""

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import count, number
from explorer.findings.sweep_sentences import percent
from explorer.findings.truncation_sentences import share

NONE = "No truncation length was chosen in this run"


def adapted_sentence(run: xr.Dataset) -> str:
    """Say how K went, and in which share of the updates true and estimated bias were above the tolerance.

    Updates whose full gradient is zero have no bias and are not counted; an infinite bias is above any tolerance.
    """
    lengths, true, estimated = (
        facts.values(run, name).astype(np.float64) for name in ("truncation_length", "true_bias", "estimated_bias")
    )
    known = lengths[np.isfinite(lengths)]
    if not known.size:
        return NONE
    if len(lengths) == 1:
        return f"K is {_steps(known[0])}; {_one('the true bias', true)}, {_one('the estimate', estimated)}{_of(run)}"
    return f"{_went(known)}; {_both(true, estimated, tolerance(run))}"


def tolerance(run: xr.Dataset) -> float:
    """Return the largest relative bias accepted, nan where the run does not say."""
    found = facts.part(run, "truncation").get("tolerance")
    return float(found) if isinstance(found, int | float) else float("nan")


def _went(lengths: np.ndarray) -> str:
    """Say from where to where K went, and between which ends where these are not all."""
    first, last, low, high = lengths[0], lengths[-1], lengths.min(), lengths.max()
    if low == high:
        return f"K stayed at {_steps(first)}"
    start = f"K began and ended at {_steps(first)}" if first == last else f"K went from {first:.0f} to {_steps(last)}"
    return start if {low, high} <= {first, last} else f"{start}, between {low:.0f} and {high:.0f}"


def _both(true: np.ndarray, estimated: np.ndarray, most: float) -> str:
    if np.isnan(most) or np.isnan(true).all():
        return "the true bias is not known" if np.isnan(true).all() else "the tolerance is not known"
    above, over = f"above the tolerance of {number(most)} in", _above(true, most)
    if np.isnan(estimated).all():
        return f"the true bias was {above} {over}, and the estimate is not known"
    other = _above(estimated, most)
    if other == over:
        return f"true bias and estimate were {above} {over}"
    return f"the true bias was {above} {over}, the estimate in {other.replace('no update', 'none')}"


def _above(values: np.ndarray, most: float) -> str:
    known = values[~np.isnan(values)]
    part = float((known > most).mean())
    return "no update" if part == 0 else "every update" if part == 1 else f"{percent(part)} of {len(known)} updates"


def _one(name: str, values: np.ndarray) -> str:
    value = float(values[0])
    return f"{name} is {share(value) if np.isfinite(value) else number(value)}"


def _of(run: xr.Dataset) -> str:
    most = tolerance(run)
    return "" if np.isnan(most) else f" (tolerance {share(most)})"


def _steps(amount: float) -> str:
    return count(int(amount), "step")
