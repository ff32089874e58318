"""Experiments to be run side by side, and what to call each."""

from collections.abc import Callable, Sequence

import xarray as xr

from explorer.experiment import Experiment


class SweepError(Exception):
    """Runs that make no sense together, or that broke off; the sentence says where.

    Attributes:
        grid: what was done before it broke off, or None.
    """

    grid: xr.Dataset | None = None


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

    def failed(self, group: Sequence[int], why: BaseException | str) -> SweepError:
        """The sentence about a group whose training failed, named by its first experiment."""
        others = f" and {len(group) - 1} trained with it" if len(group) > 1 else ""
        return SweepError(f"{self.called(group[0])}{others}: the run failed: {str(why).strip() or type(why).__name__}")
