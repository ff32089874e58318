"""What a task is: sequences, what is asked of them and when, and what can be scored without memory."""

from abc import abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot, pad

from explorer.parts import Part, quantity

Span = tuple[int, int]


@dataclass(frozen=True)
class Batch:
    """B sequences of T steps.

    Attributes:
        inputs: [T, B, D], floating point.
        targets: [T, B] class numbers, or [T, B, C] values; meaningful where something is asked.
    """

    inputs: Tensor
    targets: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> "Batch":
        """The same batch elsewhere; class numbers stay integers."""
        targets = self.targets.to(device, dtype) if self.targets.is_floating_point() else self.targets.to(device)
        return replace(self, inputs=self.inputs.to(device, dtype), targets=targets)


class Task(Part):
    """Base of all tasks.

    Time is counted from 1. All batches are drawn in float64 on the CPU, so that every device and precision sees the
    same numbers.
    """

    kind: str
    length: int = quantity(
        100, "Length of the sequence; the lag grows with it.", label="Length T", unit="steps", ge=1, le=10_000,
        slider=(10, 400), step=5,
    )  # fmt: skip

    @property
    def steps(self) -> int:
        """T: every step read."""
        return self.length

    @property
    @abstractmethod
    def input_size(self) -> int:
        """D: channels or symbols of the input."""

    @property
    @abstractmethod
    def output_size(self) -> int:
        """C: values or classes of the output."""

    @property
    @abstractmethod
    def signal(self) -> tuple[Span, ...]:
        """For each cue the first and last step at which it can stand."""

    @property
    def question(self) -> Span:
        """First and last step at which memory is asked for."""
        return self.steps, self.steps

    @property
    @abstractmethod
    def chance(self) -> tuple[float, str]:
        """Expected loss of the best answer without memory, and its formula."""

    @abstractmethod
    def draw(self, batch_size: int, generator: torch.Generator) -> Batch:
        """A batch of new sequences, float64 on the CPU."""

    @abstractmethod
    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Losses [n, B], weights included, of the readout outputs [n, B, C] and targets of n of the asked steps.

        Scale: the loss of a sequence is the sum over its steps, that of a batch the mean over sequences.
        """

    @abstractmethod
    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Which answers are right, one Boolean for each sequence and step, [n, B]; arguments as for `losses`."""

    def step_losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Losses [T, B] of readout outputs [T, B, C], weights included, zero where nothing is asked."""
        first, last = self.asked
        losses = self.losses(outputs[first - 1 : last], batch.targets[first - 1 : last])
        return pad(losses, (0, 0, first - 1, self.steps - last))

    def correct(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Which of the answers in readout outputs [T, B, C] are right, [steps of the question, B]."""
        first, last = self.question
        return self.right(outputs[first - 1 : last], batch.targets[first - 1 : last])

    @property
    def asked(self) -> Span:
        """First and last step with a loss; the question's, unless the task also scores the steps before."""
        return self.question


class Classes(Task):
    """Base of tasks that ask for one of C classes."""

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy in nats."""
        return cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Whether the largest output is the class."""
        return outputs.argmax(-1) == targets


def symbols(numbers: Tensor, count: int) -> Tensor:
    """One-hot float64 inputs [T, B, count] of symbol numbers [T, B]."""
    return one_hot(numbers, count).to(torch.float64)


def at_last(values: Tensor, steps: int) -> Tensor:
    """Targets [T, B, …] that hold `values` [B, …] at the last step and zero before."""
    targets = values.new_zeros((steps, *values.shape))
    targets[-1] = values
    return targets
