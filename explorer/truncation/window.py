"""Truncated backpropagation through time, BPTT(h; h′) of Williams & Peng 1990 with h = k2 and h′ = k1."""

from typing import Literal

from explorer.parts import quantity
from explorer.truncation.windowed import BACK, Windowed


class Window(Windowed):
    """After every k1 steps, and at the end, the losses since the last such point flow back through the k2 newest steps.

    ĝ = Σ over the pieces P of Σ_{s∈P} Σ_{t > end(P) − k2} g(s, t), where g(s, t) is the gradient of the loss of step s
    through the weights as used at step t. Biased: every lag of k2 steps or more is left out, and of the shorter ones
    those that cross a piece's start. k1 = k2 is the chunked kind, k1 = 1 the sliding kind, whose cost is k2 ÷ k1
    times as large. With `updates="segment"` the weights change after each piece, and the state is carried over as it
    is: each step's gradient is taken with the weights that were in force at that step.
    """

    kind: Literal["window"] = "window"
    k1: int = quantity(
        20,
        "Steps between two backward passes.",
        label="Every k1",
        unit="steps",
        ge=1,
        le=10_000,
        slider=(1, 100),
        step=1,
    )
    k2: int = BACK
    updates: Literal["sequence", "segment"] = quantity(
        "sequence", "One update for the whole sequence, or one after each piece.", label="Update per"
    )

    @property
    def stride(self) -> tuple[str, int]:
        """k1."""
        return "k1", self.k1

    @property
    def updates_per_segment(self) -> bool:
        """Whether `updates` says so."""
        return self.updates == "segment"
