"""Online truncated backpropagation through time (Williams & Peng 1990, BPTT(h) where an update follows each step)."""

from typing import Literal

from explorer.parts import quantity
from explorer.truncation.windowed import BACK, Windowed


class Online(Windowed):
    """An update after every step, or after `every` steps, by losses that flow back k2 steps; the state is carried on.

    θ ← θ − η·Σ_{s} Σ_{t > end − k2} g(s, t) after each piece of `every` steps, each step's gradient taken with the
    weights that were in force at that step. Biased as a window is, and by the weights that change on the way. Each
    update is a row; a sequence of T steps has T ÷ `every` of them, and those without a loss have a gradient of zero.
    """

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
