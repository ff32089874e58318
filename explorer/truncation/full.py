"""Backpropagation through time without truncation (Rumelhart, Hinton & Williams 1986; Werbos 1990)."""

from typing import Literal

from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Full(Truncation):
    """Every loss flows back to the first step.

    g = Σ_s Σ_{t≤s} g(s, t), with g(s, t) the gradient of the loss of step s through the weights as used at step t.
    Exact. Cost: O(T) operations and O(T) memory.
    """

    kind: Literal["full"] = "full"

    def plan(self, length: int) -> Plan:
        """One segment: all losses, back to the initial state."""
        return (Segment(1, length, 0),)
