"""The long-lag task (Hochreiter & Schmidhuber 1997, experiment 2): the first symbol is asked for at the end."""

from math import log
from typing import ClassVar, Literal

import torch

from explorer.parts import quantity
from explorer.tasks.base import Batch, Classes, Span, at_last, symbols


class Recall(Classes):
    """The first of T symbols is asked for at the last step; all symbols between are distractors.

        L = CE(o_T, x_1)

    Inputs (one-hot): one of `symbols` cues at step 1, then one of four distractors, uniform, at every step.

    Loss: cross entropy at the last step.
    Without memory: all cues equally likely, ln(symbols).
    Cost: T steps, D = symbols + 4 inputs, C = symbols outputs.
    Source: Hochreiter & Schmidhuber 1997, experiment 2. They ask for the next symbol at every step and, in experiment
    2a, use p − 1 different distractors in a fixed order, so that the input grows with the lag; here only the last step
    is asked and the distractors are random, as in their 2b, from an alphabet that does not grow.
    """

    DISTRACTORS: ClassVar = 4

    kind: Literal["recall"] = "recall"
    length: int = quantity(
        100, "Length of the sequence; the lag is T − 1 steps.", label="Length T", unit="steps",
        ge=2, le=10_000, slider=(10, 400), step=5,
    )  # fmt: skip
    symbols: int = quantity(
        2, "Number of different first symbols.", label="Symbols", unit="symbols", ge=2, le=64, slider=(2, 16), step=1
    )

    @property
    def input_size(self) -> int:
        """Cues and distractors."""
        return self.symbols + self.DISTRACTORS

    @property
    def output_size(self) -> int:
        """One class for each cue."""
        return self.symbols

    @property
    def signal(self) -> tuple[Span, ...]:
        """The first step."""
        return ((1, 1),)

    @property
    def chance(self) -> tuple[float, str]:
        """ln(symbols): all equally likely."""
        return log(self.symbols), f"ln {self.symbols}"

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """A cue, then distractors."""
        shape = (self.length, batch_size)
        numbers = torch.randint(self.symbols, self.input_size, shape, generator=generator)
        numbers[0] = torch.randint(0, self.symbols, (batch_size,), generator=generator)
        return Batch(symbols(numbers, self.input_size), at_last(numbers[0], self.length))
