"""Real-time recurrent learning (Williams & Zipser 1989): the exact gradient, forward in time."""

from typing import ClassVar, Literal

from explorer.parts import quantity
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Rtrl(Truncation):
    """The derivative of the state by the weights is carried forward, P_t = ∂s_t/∂θ, and no step is kept to go back to.

    P_t = ∂s_t/∂s₍t₋₁₎·P₍t₋₁₎ + ∂s_t/∂θ with the states before held fixed, and ĝ = Σ_t ∂L_t/∂s_t·P_t. Unbiased: with
    weights fixed over the sequence it equals full BPTT. With `updates="segment"` the weights change after each step,
    and P keeps what older weights left in it. Cost: O(B·G²·H⁴) operations a step and O(B·G·H³) memory, whatever T.
    The norms by time step that are shown come from a backward pass beside it; RTRL itself never has them.
    """

    alone: ClassVar = True
    forward: ClassVar = True

    kind: Literal["rtrl"] = "rtrl"
    updates: Literal["sequence", "segment"] = quantity(
        "sequence", "One update for the whole sequence, or one after each step.", label="Update per"
    )

    @property
    def updates_per_segment(self) -> bool:
        """Whether `updates` says so."""
        return self.updates == "segment"

    def plan(self, length: int) -> Plan:
        """What it equals: all losses, back to the initial state."""
        if self.updates == "sequence":
            return (Segment(1, length, 0),)
        return tuple(Segment(t, t, 0) for t in range(1, length + 1))
