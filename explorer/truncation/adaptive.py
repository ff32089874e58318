"""Adaptive truncation (Aicher, Foti & Fox 2019): as short as a bound on the relative bias allows."""

from dataclasses import dataclass
from math import inf, nan
from typing import ClassVar, Literal

import numpy as np

from explorer.parts import quantity
from explorer.truncation.base import Array, Truncation
from explorer.truncation.plan import Plan, Segment

TRUE_BIAS = "true_bias"  # recorded where a scheme asks for it


class Adaptive(Truncation):
    """Each loss flows back K steps; K is the least whose estimated relative bias δ(K) is below the tolerance.

    From one loss L_s, taken back up to max_length steps, two things are measured for each lag k: φ_k, the mean over
    sequences of ‖∂L_s/∂s_{s−k}‖, and ‖ĝ_k‖, the norm of the mean of ∂L_s/∂s summed up to that lag (s: all states).
    What a truncation to K leaves out is at most a(K) = Σ_{k≥K} φ_k; beyond the measured lags φ goes on as β^k, β from
    least squares of log φ over the older half of them, as far as the sequence does. Then

        δ(K) = a(K) ÷ max_k (‖ĝ_k‖ − a(k)),    K = min {K: δ(K) < tolerance}, max_length where there is none.

    Biased, by what is tolerated and by how far the estimate is off; the true bias is recorded beside it. Cost: that of
    a sliding window of K steps, and one backward pass of max_length steps for each estimate.
    Source: Aicher, Foti & Fox 2019, whose sum goes on for ever and whose β may be estimated otherwise.
    """

    alone: ClassVar = True
    records: ClassVar = ("truncation_length", "estimated_bias", TRUE_BIAS)

    kind: Literal["adaptive"] = "adaptive"
    tolerance: float = quantity(
        0.1, "Largest relative bias of the gradient that is accepted, as it is estimated.", label="Tolerance δ",
        ge=1e-6, le=10.0, slider=(0.001, 1.0), log=True,
    )  # fmt: skip
    max_length: int = quantity(
        100, "Longest truncation, and how far back the decay is measured.", label="Longest", unit="steps", ge=1,
        le=10_000, slider=(5, 200), step=5,
    )  # fmt: skip
    interval: int = quantity(
        10, "Updates from one estimate of the decay to the next.", label="Estimate every", unit="updates", ge=1,
        le=10_000, slider=(1, 50), step=1,
    )  # fmt: skip

    @property
    def measured(self) -> int:
        """max_length."""
        return self.max_length

    @property
    def measured_every(self) -> int:
        """The interval."""
        return self.interval

    def adapt(self, phi: Array, partial: Array, beyond: int, length: int) -> tuple[Plan, dict[str, float]]:
        """The shortest plan within the tolerance; recorded are its length and its estimated relative bias."""
        found = estimate(phi, partial, beyond, self.tolerance)
        return self.of(found.steps, length), {"truncation_length": float(found.steps), "estimated_bias": found.bias}

    def plan(self, length: int) -> Plan:
        """The longest one."""
        return self.of(self.max_length, length)

    def of(self, steps: int, length: int) -> Plan:
        """Every loss flows back so many steps."""
        return tuple(Segment(t, t, max(0, t - steps)) for t in range(1, length + 1))

    def lanes(self, length: int) -> float:
        """max_length, where each step has a loss."""
        return float(min(self.max_length, length))

    def reach(self, length: int) -> float:
        """max_length; what is used is recorded."""
        del length
        return float(self.max_length)


@dataclass(frozen=True)
class Estimate:
    """What a truncation length was chosen by.

    Attributes:
        steps: K.
        bias: δ(K), the estimated relative bias; inf where nothing bounds it.
        decay: β, by what φ is multiplied at each step back; nan where it cannot be told.
    """

    steps: int
    bias: float
    decay: float


def estimate(phi: Array, partial: Array, beyond: int, tolerance: float) -> Estimate:
    """Choose the truncation length.

    Args:
        phi: φ_k of the lags k = 0…R − 1, [R].
        partial: ‖ĝ_k‖, the sum up to the lag k, [R].
        beyond: how many lags there are that were not measured.
        tolerance: largest relative bias accepted.

    Returns:
        The shortest length whose δ is below the tolerance; R where there is none.
    """
    measured = len(phi)
    decay = _decay(phi)
    # rest[K] = Σ_{k ≥ K} φ_k for the lengths K = 1…R; a length of K takes the lags 0…K − 1.
    rest = np.cumsum(phi[::-1])[::-1][1:] if measured > 1 else np.empty(0)
    rest = np.append(rest, 0.0) + _tail(float(phi[-1]), decay, beyond)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        size = float(np.max(partial - rest))
        bias = rest / size if size > 0 else np.where(rest == 0, 0.0, inf)
    enough = np.flatnonzero(bias < tolerance)
    steps = int(enough[0]) + 1 if len(enough) else measured
    return Estimate(steps, float(bias[steps - 1]), decay)


def _decay(phi: Array) -> float:
    """β by least squares of log φ over the older half of the lags that have a gradient."""
    older = np.arange(len(phi) // 2, len(phi))
    older = older[np.isfinite(phi[older]) & (phi[older] > 0)]
    if len(older) < 2:
        return nan
    return float(np.exp(np.polyfit(older, np.log(phi[older]), 1)[0]))


def _tail(last: float, decay: float, beyond: int) -> float:
    """Σ of φ over the lags that were not measured: last·(β + β² + …), so many terms."""
    if beyond == 0 or last == 0:
        return 0.0
    if np.isnan(decay):
        return inf
    with np.errstate(over="ignore"):
        return last * float(np.sum(np.float64(decay) ** np.arange(1, beyond + 1)))
