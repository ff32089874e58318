"""Experiments to be run side by side, and what to call each."""

from collections.abc import Callable, Sequence

from explorer.experiment import Experiment


class RunError(Exception):
    """A run failed; the sentence names it."""


class Several:
    """Experiments and their names.

    Args:
        experiments: what is to be run.
        called: number of an experiment → its name, such as "k2 = 5, cell = tanh".
    """

    def __init__(self, experiments: Sequence[Experiment], called: Callable[[int], str]) -> None:
        self.experiments = list(experiments)
        self.called = called

    def part(self, numbers: Sequence[int]) -> "Several":
        """Some of them, numbered anew, under the same names."""
        return Several([self.experiments[n] for n in numbers], lambda n: self.called(numbers[n]))
