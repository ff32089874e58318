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
    def step_losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Losses [T, B] of readout outputs [T, B, C], weights included, zero where nothing is asked.

        Scale: the loss of a sequence is the sum over its steps, that of a batch the mean over sequences.
        """

    @abstractmethod
    def correct(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Which answers are right, one Boolean for each sequence and asked step: [asked, B]."""

    @property
    def asked(self) -> Span:
        """First and last step with a loss; the question's, unless the task also scores the steps before."""
        return self.question


class LastStepClasses(Task):
    """Base of tasks that ask for one of C classes at the last step only."""

    def step_losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Cross entropy in nats at the last step, zero before."""
        losses = outputs.new_zeros(outputs.shape[:2])
        last = cross_entropy(outputs[-1], batch.targets[-1], reduction="none")
        return torch.cat([losses[:-1], last.unsqueeze(0)])

    def correct(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Whether the largest output is the class, [1, B]."""
        return outputs[-1:].argmax(-1) == batch.targets[-1:]


def symbols(numbers: Tensor, count: int) -> Tensor:
    """One-hot float64 inputs [T, B, count] of symbol numbers [T, B]."""
    return one_hot(numbers, count).to(torch.float64)


def at_last(values: Tensor, steps: int) -> Tensor:
    """Targets [T, B, …] that hold `values` [B, …] at the last step and zero before."""
    targets = values.new_zeros((steps, *values.shape))
    targets[-1] = values
    return targets


def among_zeros(outputs: Tensor, span: Span, steps: int) -> Tensor:
    """Outputs of the steps of a span [≤T, B, C] among zeros for the others, [T, B, C].

    The loss of a step depends on its own output only.
    """
    return outputs if len(outputs) == steps else pad(outputs, (0, 0, 0, 0, span[0] - 1, steps - span[1]))
