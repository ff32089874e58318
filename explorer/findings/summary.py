"""What one training run comes to, in numbers that a grid of runs can be made of."""

import math

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.fading import decay, reaching
from explorer.findings.quantities import (
    ROUNDING,
    clipped_share,
    diverged_at,
    has_learned,
    recent_loss,
    with_loss,
)
from explorer.findings.sentences import learned

EDGES = np.arange(-48, 49) / 4  # log10 of the gradient norm, a quarter of a decade apart
BINS = np.concatenate([[-np.inf], EDGES])  # lower edges: what lies below, the bins, what lies above or is not finite
UNKNOWN = 1e-300  # stands for a share that is positive but too small to be known


def summary(run: xr.Dataset) -> xr.Dataset:
    """Return what one run, as ``train`` returns it, comes to; no dimension but ``bin`` is left.

    Only updates that used a loss count. "Start" is the first of them, "end" the last tenth (1 to 50) of those with a
    finite loss and gradient norm. g_t = Σ_b ‖∂L/∂h_{b,t}‖₂ with the mean loss over the batch, s the step of the first
    signal (the middle of its range), q the last step that is asked. All are float64; nan where not defined.

    - ``reach``: g_s / g_q at the start; 0 only where exactly zero, nan where too small for the run's number format.
    - ``reach_trained``: the median of g_s / g_q over the end.
    - ``start_signal``, ``end_signal``: g_s at the start and its median over the end, in loss per unit of h.
    - ``decay``: factor f of g_t ≈ g_q · f^(q - t) fitted between s and q at the start: per step back in time.
    - ``half_life``: steps back in time after which g has halved, ln 2 / -ln f; nan where it does not fade.
    - ``loss_final``: mean loss over the last tenth (1 to 50) of the updates.
    - ``loss_relative``: loss_final over the loss of the best answer without memory; nan where the run diverged.
    - ``learned``: 1 where loss_relative is under ``LEARNED``, else 0, also where the run diverged; nan where the loss
      without memory is not known.
    - ``clipped_share``: share of updates, 0 to 1, whose gradient norm clipping made smaller.
    - ``norm_before``, ``norm_after`` [bin]: share of updates, 0 to 1, whose whole gradient norm ‖∂L/∂θ‖₂ before and
      after clipping has a log10 in (bin, next bin]. ``bin`` is the same for every run: -inf holds zero and all under
      1e-12, 12 holds all over 1e12 and what is not finite.
    - ``diverged``: 1 where a loss or gradient norm is not finite, else 0.
    - ``updates``: number of updates made.
    - ``truncation_length``: k2 of the window, or the mean of what is drawn or chosen; T where nothing is cut, in steps.
    - ``lag``: q - s, in steps.
    - ``threshold``: of clipping; nan without clipping.
    - ``spectral_radius``: of W_hh at the start; with gates, of the candidate's block.
    """
    used = with_loss(run)
    numbers = {**_settings(run), "updates": float(run.sizes["step"])}
    if used.sizes["step"]:
        numbers |= _start(used) | _end(used) | _losses(used)
    shares = {name: _spread(used, of) for name, of in SPREADS.items()}
    variables = {name: ((), numbers.get(name, math.nan)) for name in NAMES}
    return xr.Dataset(
        {**variables, **{name: ("bin", found) for name, found in shares.items()}}, {"bin": BINS}, dict(run.attrs)
    )


NAMES = (
    "reach", "reach_trained", "start_signal", "end_signal", "decay", "half_life", "loss_final", "loss_relative",
    "learned", "clipped_share", "diverged", "updates", "truncation_length", "lag", "threshold", "spectral_radius",
)  # fmt: skip

SPREADS = {"norm_before": "grad_norm", "norm_after": "grad_norm_clipped"}


def _settings(run: xr.Dataset) -> dict[str, float]:
    """Return what follows from the experiment alone."""
    clipping = facts.part(run, "clipping")
    threshold = clipping.get("threshold") if clipping.get("kind", "none") != "none" else None
    return {
        "truncation_length": _length(run),
        "lag": float(facts.asked(run) - facts.cue(run)),
        "threshold": math.nan if threshold is None else float(threshold),
    }


def _length(run: xr.Dataset) -> float:
    if "truncation_length" in run:
        return float(run["truncation_length"].mean())
    return float(run.attrs.get("truncation_length", facts.part(run, "truncation").get("k2", run.sizes["time"])))


def _start(used: xr.Dataset) -> dict[str, float]:
    """Return what is measured at the first update."""
    fitted, reach = decay(used, 0), reaching(used, 0)
    return {
        "reach": reach.fraction,
        "start_signal": float(facts.row(used, "grad_h", 0)[reach.time - 1]),
        "decay": fitted.factor if fitted else math.nan,
        "half_life": (fitted.half_life if fitted else None) or math.nan,
        "spectral_radius": float(facts.values(used, "spectral_radius")[0]),
    }


def _end(used: xr.Dataset) -> dict[str, float]:
    """Return the medians over the last tenth of the finite updates."""
    names = [name for name in ("loss", "grad_norm") if name in used.variables]
    known = [np.isfinite(facts.values(used, name)) for name in names]
    finite: np.ndarray = np.flatnonzero(np.all(known, axis=0)) if known else np.arange(used.sizes["step"])
    rows = [int(row) for row in finite[-min(50, max(1, len(finite) // 10)) :]]
    found = [reaching(used, row) for row in rows]
    shares = [UNKNOWN if reach.lost else reach.fraction for reach in found]
    share = _median(shares)
    return {
        "reach_trained": math.nan if 0 < share <= UNKNOWN else share,
        "end_signal": _median([float(facts.row(used, "grad_h", row)[facts.cue(used) - 1]) for row in rows]),
    }


def _median(numbers: list[float]) -> float:
    known = [number for number in numbers if math.isfinite(number)]
    return float(np.median(known)) if known else math.nan


def _losses(used: xr.Dataset) -> dict[str, float]:
    """Return how the loss ended, and what clipping did."""
    known = has_learned(used)
    return {
        "loss_final": recent_loss(used),
        "loss_relative": learned(used)[0],
        "learned": math.nan if known is None else float(known),
        "clipped_share": clipped_share(used),
        "diverged": float(diverged_at(used) is not None),
    }


def _spread(used: xr.Dataset, variable: str) -> np.ndarray:
    """Return the share of updates in each bin; nan throughout where there is none."""
    if not used.sizes["step"] or variable not in used.variables:
        return np.full(len(BINS), math.nan)
    norms = np.asarray(facts.values(used, variable), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A norm clipped to 1 is 1 up to rounding, and belongs to the bin that ends there.
        places = np.searchsorted(EDGES, np.log10(norms * (1 - ROUNDING)), side="left")
    counts = np.bincount(np.where(np.isnan(norms), len(EDGES), places), minlength=len(BINS))
    return np.asarray(counts / len(norms))
