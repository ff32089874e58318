"""What schemes with a window of k2 steps share: after every k1 steps the losses since then flow back through it."""

from abc import abstractmethod
from typing import Self

from pydantic import model_validator

from explorer.parts import quantity, refuse
from explorer.truncation.base import Truncation
from explorer.truncation.plan import Plan, Segment, ends_every

BACK = quantity(
    20, "Steps that each backward pass goes back; what is older gets no gradient.", label="Back k2", unit="steps",
    ge=1, le=10_000, slider=(1, 100), step=1,
)  # fmt: skip


class Windowed(Truncation):
    """After every so many steps, and at the end, the losses since then flow back through the k2 newest steps."""

    @property
    @abstractmethod
    def stride(self) -> tuple[str, int]:
        """Name and value of the field that says after how many steps."""

    @property
    def back(self) -> int:
        """k2."""
        return int(getattr(self, "k2"))  # noqa: B009  # a field here would come before those of the scheme

    @model_validator(mode="after")
    def _covers_every_loss(self) -> Self:
        name, stride = self.stride
        if self.back < stride:
            why = f"is smaller than {name} = {stride}, so some losses would never flow back; give k2 at least {stride}"
            refuse("k2", self.back, why, {"k2": stride, name: self.back})
        return self

    def plan(self, length: int) -> Plan:
        """One segment for every stride."""
        pieces = ends_every(self.stride[1], length)
        return tuple(Segment(start + 1, end, max(0, end - self.back)) for start, end in pieces)

    def lanes(self, length: int) -> float:
        """k2 ÷ stride."""
        return max(1.0, min(self.back, length) / min(self.stride[1], length))

    def reach(self, length: int) -> float:
        """k2."""
        del length
        return float(self.back)
