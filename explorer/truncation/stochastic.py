"""Backpropagation through time cut at random points, with or without compensation (Tallec & Ollivier 2017)."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from explorer.parts import quantity
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Stochastic(Truncation):
    """Between any two steps the gradient is cut with probability c = 1 ÷ mean length, drawn anew for each update.

    Compensated, what is not cut is multiplied by 1/(1 − c) (ARTBP, "Unbiasing truncated backpropagation through time"):
    a loss d steps away arrives with probability (1 − c)^d and weighs (1 − c)^−d, so that E ĝ = g, the gradient of full
    BPTT. Its variance grows as (1 − c)^−d does. Without, long lags are left out more often than they count: biased.
    The cost is that of full BPTT. Source: Tallec & Ollivier 2017; with a constant probability, as there.
    """

    kind: Literal["stochastic"] = "stochastic"
    mean_length: int = quantity(
        20, "Mean number of steps between two cuts; each step is one with a chance of 1 in so many.",
        label="Mean length", unit="steps", ge=2, le=10_000, slider=(2, 100), step=1,
    )  # fmt: skip
    compensated: bool = quantity(
        True, "Weigh what crosses a possible cut so that the mean gradient is the full one.", label="Compensated"
    )

    def plan(self, length: int) -> Plan:
        """Without any cut."""
        return self.cut((), length)

    def plans(self, length: int, random: np.random.Generator) -> Iterator[Plan]:
        """Cuts drawn anew for each update."""
        while True:
            yield self.cut((np.flatnonzero(random.random(length - 1) * self.mean_length < 1) + 1).tolist(), length)

    def cut(self, points: tuple[int, ...] | list[int], length: int) -> Plan:
        """The plan with these cuts, each after the step named, in order."""
        factor = 1 / (1 - 1 / self.mean_length) if self.compensated else 1.0
        starts, ends = [0, *points], [*points, length]
        return tuple(Segment(start + 1, end, start, factor) for start, end in zip(starts, ends, strict=True))

    def reach(self, length: int) -> float:
        """The mean length."""
        del length
        return float(self.mean_length)
