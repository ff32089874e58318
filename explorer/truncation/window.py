"""Truncated backpropagation through time, BPTT(h; h′) of Williams & Peng 1990 with h = k2 and h′ = k1."""

from typing import Literal, Self

from pydantic import model_validator

from explorer.parts import quantity, refuse
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment, ends_every


class Window(Truncation):
    """After every k1 steps, and at the end, the losses since the last such point flow back through the k2 newest steps.

    k1 = k2 is the chunked kind, k1 = 1 the sliding kind. With `updates="segment"` the weights change after each
    piece, and the state is carried over as it is: each step's gradient is taken with the weights that were in force
    at that step.
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
    k2: int = quantity(
        20, "Steps that each backward pass goes back; what is older gets no gradient.", label="Back k2", unit="steps",
        ge=1, le=10_000, slider=(1, 100), step=1,
    )  # fmt: skip
    updates: Literal["sequence", "segment"] = quantity(
        "sequence", "One update for the whole sequence, or one after each piece.", label="Update per"
    )

    @model_validator(mode="after")
    def _covers_every_loss(self) -> Self:
        if self.k2 < self.k1:
            why = f"is smaller than k1 = {self.k1}, so some losses would never flow back; give k2 at least {self.k1}"
            refuse("k2", self.k2, why, {"k2": self.k1, "k1": self.k2})
        return self

    @property
    def updates_per_segment(self) -> bool:
        """Whether `updates` says so."""
        return self.updates == "segment"

    def plan(self, length: int) -> Plan:
        """One segment for every k1 steps."""
        return tuple(Segment(start + 1, end, max(0, end - self.k2)) for start, end in ends_every(self.k1, length))
