"""A forward pass whose losses have answered: from it the gradient of any plan follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from explorer.bptt.backward import backward
from explorer.bptt.flow import Flow
from explorer.bptt.lanes import Paths
from explorer.bptt.trajectory import Trajectory, newest
from explorer.cells import Cell
from explorer.truncation import Plan, after, with_loss

Span = tuple[int, int]


@dataclass(frozen=True)
class Trace:
    """One trajectory, and the gradient that each step's own loss has by each state.

    Attributes:
        cell: what happened in each step.
        pieces: the trajectory in the order of time, each piece with the weights that were in force; T steps in all.
        direct: for each state ∂L_t/∂s_t at the times from asked[0] on, [≤T, M, B, H], or None for zero.
        asked: the first and the last time, counted from 1, that have a loss of their own.
    """

    cell: Cell
    pieces: tuple[Trajectory, ...]
    direct: tuple[Tensor | None, ...]
    asked: Span

    def __len__(self) -> int:
        """T."""
        return sum(len(piece) for piece in self.pieces)

    def flow(self, plans: Sequence[Plan], *, whole: bool = False) -> Flow:
        """Go back as the plans say, one for all models or one for each.

        The steps that no loss reaches are left out, unless the `whole` trajectory is wanted.
        """
        length = len(self)
        start, paths = _laid_out(tuple(plans), (1, length) if whole else self.asked, length)
        pieces = newest(self.pieces, length - start)
        flow = backward(self.cell, pieces, self.direct, self.asked[0] - start, paths)
        flow.before = start
        return flow


@lru_cache(maxsize=8)  # each update of a run has the same plan
def _laid_out(plans: tuple[Plan, ...], asked: Span, length: int) -> tuple[int, Paths]:
    """The state before which no gradient flows, and the paths of the steps after it."""
    plans = tuple(with_loss(plan, asked) for plan in plans)
    # What is handed on is taken back, also where no plan lets it flow.
    start = min([*(s.oldest for plan in plans for s in plan), asked[0] - 1])
    return start, Paths.of(tuple(after(plan, start) for plan in plans), length - start)
