"""The copying memory task (Hochreiter & Schmidhuber 1997), in the form of Arjovsky, Shah & Bengio 2016."""

from math import log
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.parts import quantity
from explorer.tasks.base import Batch, Classes, Span, symbols


class Copying(Classes):
    """Ten symbols are read, and written again after a wait: T + 20 steps in all.

        L = Σ_t CE(o_t, y_t) / (T + 20)

    Inputs (one-hot of 10): ten of eight symbols, T − 1 blanks, a delimiter, ten blanks. Targets (9 classes): T + 10
    blanks, then the ten symbols.

    Loss: cross entropy, mean over the T + 20 steps.
    Without memory: blanks, then guesses: 10·ln 8 / (T + 20).
    Cost: T + 20 steps, D = 10 inputs, C = 9 outputs.
    Source: Hochreiter & Schmidhuber 1997, in the form of Arjovsky, Shah & Bengio 2016.
    """

    SYMBOLS: ClassVar = 8
    COPIED: ClassVar = 10
    BLANK: ClassVar = 8
    DELIMITER: ClassVar = 9

    kind: Literal["copying"] = "copying"
    length: int = quantity(
        100, "Steps between reading the symbols and writing them; T + 20 steps in all.", label="Lag T", unit="steps",
        ge=1, le=10_000, slider=(10, 400), step=5,
    )  # fmt: skip

    @property
    def steps(self) -> int:
        """Lag, symbols and answers."""
        return self.length + 2 * self.COPIED

    @property
    def input_size(self) -> int:
        """Eight symbols, blank and delimiter."""
        return self.SYMBOLS + 2

    @property
    def output_size(self) -> int:
        """Eight symbols and blank."""
        return self.SYMBOLS + 1

    @property
    def signal(self) -> tuple[Span, ...]:
        """The ten symbols."""
        return ((1, self.COPIED),)

    @property
    def question(self) -> Span:
        """The ten answers."""
        return self.steps - self.COPIED + 1, self.steps

    @property
    def asked(self) -> Span:
        """Every step has a loss: blanks are answers too."""
        return 1, self.steps

    @property
    def chance(self) -> tuple[float, str]:
        """10·ln 8 / (T + 20)."""
        return self.COPIED * log(self.SYMBOLS) / self.steps, "10 ln 8 / (T + 20)"

    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """Symbols, blanks, delimiter; blanks, symbols."""
        copied = torch.randint(0, self.SYMBOLS, (self.COPIED, batch_size), generator=generator)
        numbers = torch.full((self.steps, batch_size), self.BLANK)
        numbers[: self.COPIED] = copied
        numbers[self.COPIED + self.length - 1] = self.DELIMITER
        targets = torch.full((self.steps, batch_size), self.BLANK)
        targets[-self.COPIED :] = copied
        return Batch(symbols(numbers, self.input_size), targets)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy in nats, divided by T + 20."""
        return super().losses(outputs, targets) / self.steps
