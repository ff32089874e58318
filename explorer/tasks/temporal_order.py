"""The temporal order problem (Hochreiter & Schmidhuber 1997, experiment 6a), as in Pascanu, Mikolov & Bengio 2013."""

from math import log
from typing import ClassVar, Literal

import torch

from explorer.parts import quantity
from explorer.tasks.base import Batch, Classes, Span, at_last, symbols


class TemporalOrder(Classes):
    """Two of T symbols, each A or B, stand among distractors; their order is asked at the last step: 4 classes.

        class = 2·first + second,   L = CE(o_T, class)

    The first stands in [T/10, 2T/10), the second in [5T/10, 6T/10), counted from 0 as in Pascanu's code, whose
    docstring says otherwise. All other symbols are one of four distractors.

    Loss: cross entropy at the last step.
    Without memory: all four classes equally likely, ln 4.
    Cost: T steps, D = 6 inputs, C = 4 outputs.
    Source: Hochreiter & Schmidhuber 1997, experiment 6a, as in Pascanu, Mikolov & Bengio 2013. The former add start and
    end symbols and vary the length from 100 to 110.
    """

    CUES: ClassVar = 2
    DISTRACTORS: ClassVar = 4

    kind: Literal["temporal_order"] = "temporal_order"
    length: int = quantity(
        100, "Length of the sequence; the lag is 0.4 T to 0.9 T steps.", label="Length T", unit="steps",
        ge=10, le=10_000, slider=(10, 400), step=5,
    )  # fmt: skip

    @property
    def input_size(self) -> int:
        """A, B and four distractors."""
        return self.CUES + self.DISTRACTORS

    @property
    def output_size(self) -> int:
        """AA, AB, BA, BB."""
        return self.CUES**2

    @property
    def signal(self) -> tuple[Span, ...]:
        """Both cues' ranges, a tenth of the length each."""
        tenth, half = self.length // 10, self.length // 2
        return (tenth + 1, 2 * tenth), (half + 1, half + tenth)

    @property
    def chance(self) -> tuple[float, str]:
        """Four classes, equally likely."""
        return log(self.output_size), "ln 4"

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """Distractors with two cues put in; the class is 2·first + second."""
        shape = (self.length, batch_size)
        numbers = torch.randint(self.CUES, self.input_size, shape, generator=generator)
        answer = torch.zeros(batch_size, dtype=torch.long)
        for first, last in self.signal:
            step = torch.randint(first - 1, last, (1, batch_size), generator=generator)
            cue = torch.randint(0, self.CUES, (1, batch_size), generator=generator)
            numbers.scatter_(0, step, cue)
            answer = self.CUES * answer + cue[0]
        return Batch(symbols(numbers, self.input_size), at_last(answer, self.length))
