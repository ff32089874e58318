"""The adding problem (Hochreiter & Schmidhuber 1997, experiment 4), in the form of Arjovsky, Shah & Bengio 2016."""

from typing import Literal

import torch
from torch import Tensor

from explorer.parts import quantity
from explorer.tasks.base import Batch, Span, Task, at_last


class Adding(Task):
    """Two of T random numbers are marked; their sum is asked for at the last step.

        x_t = (value, marker),   value from U[0, 1],   L = (o_T − (x₁ + x₂))²

    x₁ and x₂ are the values whose marker is 1: one of the first half and one of the second, both uniform. An answer
    within 0.04 of the sum counts as right.

    Loss: squared error at the last step.
    Without memory: the best answer is 1, with the loss Var(x₁ + x₂) = 1/6 = 0.1667; Le, Jaitly & Hinton 2015 print
    0.1767 for it.
    Cost: T steps, D = 2 inputs, C = 1 output.
    Source: Hochreiter & Schmidhuber 1997, experiment 4, in the form of Arjovsky, Shah & Bengio 2016. The former drew
    from U[−1, 1], scaled the target to 0.5 + (x₁ + x₂)/4, varied the length, and ask 0.04 of the scaled target.
    """

    kind: Literal["adding"] = "adding"
    length: int = quantity(
        100, "Length of the sequence; the first number stands T/2 to T − 1 steps before the end.",
        label="Length T", unit="steps",
        ge=2, le=10_000, slider=(10, 400), step=5,
    )  # fmt: skip

    @property
    def input_size(self) -> int:
        """Value and marker."""
        return 2

    @property
    def output_size(self) -> int:
        """The sum."""
        return 1

    @property
    def signal(self) -> tuple[Span, ...]:
        """One cue in each half."""
        half = self.length // 2
        return (1, half), (half + 1, self.length)

    @property
    def chance(self) -> tuple[float, str]:
        """Var(x₁ + x₂) = 1/6."""
        return 1 / 6, "1/6"

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """Values, markers, and their sum at the last step."""
        values = torch.rand(self.length, batch_size, generator=generator, dtype=torch.float64)
        markers = torch.zeros_like(values)
        for first, last in self.signal:
            step = torch.randint(first - 1, last, (1, batch_size), generator=generator)
            markers.scatter_(0, step, 1.0)
        total = (values * markers).sum(0).unsqueeze(-1)
        return Batch(torch.stack([values, markers], dim=-1), at_last(total, self.length))

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared error."""
        return (outputs - targets).square().sum(-1)

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Whether the answer is within 0.04 of the sum."""
        return (outputs - targets).abs().squeeze(-1) < 0.04
