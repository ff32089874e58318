"""Backpropagation through time without truncation (Rumelhart, Hinton & Williams 1986; Werbos 1990)."""

from typing import Literal

from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Full(Truncation):
    """Every loss flows back to the first step.

        g = Σ_s Σ_{t≤s} g(s, t)

    g(s, t) is the gradient of the loss of step s through the weights as used at step t.

    Bias: none; this is the gradient that all other schemes are measured against.
    Cost: O(T) operations and O(T) memory: every state is kept until the backward pass.
    Source: Rumelhart, Hinton & Williams 1986; Werbos 1990.
    """

    kind: Literal["full"] = "full"

    def plan(self, length: int) -> Plan:
        """One segment: all losses, back to the initial state."""
        return (Segment(1, length, 0),)
