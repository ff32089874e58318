"""Real-time recurrent learning (Williams & Zipser 1989): the exact gradient, forward in time."""

from typing import ClassVar, Literal

from explorer.parts import quantity
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment


class Rtrl(Truncation):
    """The derivative of the state by the weights is carried forward, and no step is kept to go back to.

        P_t = ∂s_t/∂θ = ∂s_t/∂s₍t₋₁₎·P₍t₋₁₎ + ∂s_t/∂θ with the states before held fixed
        ĝ = Σ_t ∂L_t/∂s_t·P_t

    With `updates="segment"` the weights change after each step, and P keeps what older weights left in it. The norms by
    time step that are shown come from a backward pass beside it; RTRL itself never has them.

    Bias: none with weights fixed over the sequence, where it equals full BPTT.
    Cost: O(B·G²·H⁴) operations a step and O(B·G·H³) memory, whatever T.
    Source: Williams & Zipser 1989.
    """

    alone: ClassVar = True
    forward: ClassVar = True
    orders: ClassVar = {"length": (1, 0), "k2": (0, 0), "hidden_size": (4, 3)}

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
