"""Online truncated backpropagation through time (Williams & Peng 1990, BPTT(h) where an update follows each step)."""

from typing import ClassVar, Literal

from explorer.parts import quantity
from explorer.truncation.windowed import BACK, Windowed


class Online(Windowed):
    """An update after every step, or after `every` steps, by losses that flow back k2 steps; the state is carried on.

        θ ← θ − η·Σ_s Σ_{t > end − k2} g(s, t)

    The outer sum is over the losses of the newest piece of `every` steps; each step's gradient g(s, t) is taken with
    the weights that were in force at that step. Each update is a row; a sequence of T steps has T ÷ `every` of them,
    and those without a loss have a gradient of zero.

    Bias: that of a window of k2 steps, and that of weights that change on the way.
    Cost: forward T steps, backward about k2 ÷ `every` times T; the k2 newest states are all it needs.
    Source: Williams & Peng 1990, BPTT(h) where an update follows each step.
    """

    orders: ClassVar = {"length": (0, 0), "k2": (1, 1), "hidden_size": (2, 1)}

    kind: Literal["online"] = "online"
    every: int = quantity(
        1, "Steps between two updates of the weights.", label="Update every", unit="steps", ge=1, le=10_000,
        slider=(1, 20), step=1,
    )  # fmt: skip
    k2: int = BACK

    @property
    def stride(self) -> tuple[str, int]:
        """`every`."""
        return "every", self.every

    @property
    def updates_per_segment(self) -> bool:
        """Always."""
        return True
