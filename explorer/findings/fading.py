"""How the gradient changes on its way back from the question to the first cue: rate and what is left."""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr

from explorer.findings import facts

CONSTANT = 3.0  # a gradient whose largest and smallest value differ by less than this factor is called constant


@dataclass(frozen=True)
class Decay:
    """The exponential fitted to ‖∂L/∂h_t‖ between cue and question: g_t ≈ g_s · factor^(s - t)."""

    factor: float
    """What one step back in time multiplies the gradient by."""
    half_life: float | None
    """Steps back in time after which it has halved; None where it grows or stays."""
    doubling: float | None
    """Steps back in time after which it has doubled; None where it fades or stays."""
    span: tuple[int, int]
    """First and last time step used."""
    fit: float
    """R² of the straight line through log(gradient); 1 is an exact exponential."""
    spread: float
    """Largest over smallest gradient in the span."""

    @property
    def constant(self) -> bool:
        """Tell whether the gradient stays within a factor of CONSTANT."""
        return self.spread < CONSTANT


@dataclass(frozen=True)
class Reach:
    """The share of the question's gradient that is left at the first cue."""

    fraction: float
    """‖∂L/∂h‖ at ``time`` over ‖∂L/∂h‖ at ``origin``; 0 only where it is exactly zero, nan where it is not known."""
    cell_fraction: float | None
    """The same for the LSTM's cell state; None for other cells."""
    lost: bool
    """Whether ‖∂L/∂h‖ at ``time`` is positive but below the precision's normal numbers: too small to be a share."""
    cell_lost: bool
    """The same for the LSTM's cell state."""
    time: int
    """The step looked at: the middle of the first cue's range."""
    origin: int
    """The last step that is asked."""


def decay(dataset: xr.Dataset, step: int = -1, variable: str = "grad_h") -> Decay | None:
    """Fit log ‖∂L/∂h_t‖ = a + b·t by least squares between first cue and question.

    Steps whose gradient is zero, below the precision's normal numbers or not finite are left out; None when fewer than
    3 are left.
    """
    times, logs = track(dataset, step, variable)
    if len(times) < 3:
        return None
    x, y = times - times.mean(), logs - logs.mean()
    slope, total = float(x @ y / (x @ x)), float(y @ y)
    fit = 1.0 if total < 1e-18 else 1.0 - float(np.sum((y - slope * x) ** 2)) / total
    steps = math.log(2) / abs(slope) if abs(slope) > 1e-9 else None
    return Decay(
        factor=math.exp(min(700.0, -slope)),
        half_life=steps if slope > 0 else None,
        doubling=steps if slope < 0 else None,
        span=(int(times[0]), int(times[-1])),
        fit=fit,
        spread=float(np.exp(min(700.0, logs.max() - logs.min()))),
    )


def track(dataset: xr.Dataset, step: int = -1, variable: str = "grad_h") -> tuple[np.ndarray, np.ndarray]:
    """Return the times from first cue to question whose gradient a logarithm can be taken of, and log ‖∂L/∂h_t‖.

    Zeros, values below the precision's normal numbers and values that are not finite are left out.
    """
    first, last = sorted((facts.cue(dataset), facts.asked(dataset)))
    times = np.arange(first, last + 1)
    values = facts.row(dataset, variable, step)[times - 1]
    # Sums over the batch: below the smallest normal number of each of its parts, rounding makes a plateau.
    usable = np.isfinite(values) & (values >= facts.floor(dataset)[1])
    return times[usable], np.log(values[usable])


def reaching(dataset: xr.Dataset, step: int = -1) -> Reach:
    """Return the gradient at the first cue relative to that at the last step asked, for h and for the LSTM's c."""
    time, origin = facts.cue(dataset), facts.asked(dataset)
    normal = facts.floor(dataset)[1]

    def share(variable: str) -> tuple[float, bool]:
        values = facts.row(dataset, variable, step)
        here, end = float(values[time - 1]), float(values[origin - 1])
        lost = 0 < here < normal
        known = math.isfinite(here) and math.isfinite(end) and end >= normal and not lost
        return here / end if known else math.nan, lost

    fraction, lost = share("grad_h")
    cell_fraction, cell_lost = share("grad_c") if facts.has_cell_state(dataset) else (None, False)
    return Reach(fraction, cell_fraction, lost, cell_lost, time, origin)
