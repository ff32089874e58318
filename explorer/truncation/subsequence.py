"""Random subsequences: each update sees one window of the sequence, drawn anew."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from explorer.parts import quantity
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Subsequence(Truncation):
    """Each update draws a window of the sequence; only the losses in it count, and they flow back to its start.

    ĝ = Σ_{a ≤ t ≤ s < a + n} g(s, t) with the start a drawn uniformly from 1…T − n + 1. The state before the window is
    carried, by running the cell over what comes before without a gradient, or zero, as where windows are stored and
    shuffled. Biased: no lag of n steps or more is ever seen; and a loss near either end of the sequence lies in fewer
    windows. From zero the states differ, too. An update whose window holds no loss has a gradient of zero.
    Cost: forward T steps (n from zero), backward n.
    Common where recordings are long, and without one source.
    """

    alone: ClassVar = True
    partial: ClassVar = True

    kind: Literal["subsequence"] = "subsequence"
    window: int = quantity(
        50, "Steps of the window that is drawn for each update.", label="Window", unit="steps", ge=1, le=10_000,
        slider=(1, 100), step=1,
    )  # fmt: skip
    start: Literal["carried", "zero"] = quantity(
        "carried", "State before the window: as the steps before leave it, or zero.", label="Start from"
    )

    @property
    def carries(self) -> bool:
        """As `start` says."""
        return self.start == "carried"

    def plan(self, length: int) -> Plan:
        """The last window."""
        return self.of(length - min(self.window, length), length)

    def plans(self, length: int, random: np.random.Generator) -> Iterator[Plan]:
        """Windows drawn anew for each update."""
        last = length - min(self.window, length)
        while True:
            yield self.of(int(random.integers(0, last + 1)), length)

    def of(self, before: int, length: int) -> Plan:
        """The window that begins after the step `before`."""
        return (Segment(before + 1, before + min(self.window, length), before),)

    def reach(self, length: int) -> float:
        """The window."""
        del length
        return float(self.window)
