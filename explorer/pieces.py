"""What each update is made from: whole sequences, their segments one after another, or windows drawn from them."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from explorer.bptt import Influence, Pass, Trajectory, newest
from explorer.building import Built
from explorer.schemes import Scheme
from explorer.tasks import Batch
from explorer.tasks.base import Span
from explorer.truncation import Segment


@dataclass(frozen=True)
class Piece:
    """The steps first…last (counted from 1) of one batch, whose losses make one gradient; those asked have one."""

    batch: Batch
    first: int
    last: int
    asked: Span
    task: Pass
    initial: tuple[Tensor, ...] | None = None


def pieces(built: Built, scheme: Scheme) -> Iterator[Piece]:
    """The pieces of all updates."""
    for batch in built.batches:
        if scheme.truncation.updates_per_segment:
            yield from _segments(built, scheme, batch)
        else:
            yield whole(built, scheme, batch)


def whole(built: Built, scheme: Scheme, batch: Batch) -> Piece:
    """The piece of an update for each batch: all of it, or the window that counts."""
    if scheme.truncation.partial:
        return _window(built, scheme, batch)
    task = built.experiment.task
    influence = Influence(built.experiment.cell) if scheme.truncation.forward else None
    run = Pass(built.experiment.cell, choose=scheme.plan, influence=influence, asked=task.asked)
    return Piece(batch, 1, task.steps, task.asked, run)


def _window(built: Built, scheme: Scheme, batch: Batch) -> Piece:
    """The window of the next plan; what comes before only leaves its state, or nothing."""
    ((first, last),) = [(segment.first, segment.last) for segment in scheme.next_plan()]
    cell, initial = built.experiment.cell, None
    if scheme.truncation.carries and first > 1:
        initial = built.model.rnn.states_after(batch.inputs[: first - 1])
    asked = overlap(built.experiment.task.asked, first, last)
    run = Pass(cell, (Segment(1, last - first + 1, 0),), asked=(asked[0] - first + 1, asked[1] - first + 1))
    return Piece(batch, first, last, asked, run, initial)


def _segments(built: Built, scheme: Scheme, batch: Batch) -> Iterator[Piece]:
    """The segments of one batch; the state is carried on, and earlier pieces stay as long as a segment reaches them."""
    cell, history = built.experiment.cell, list[Trajectory]()
    initial: tuple[Tensor, ...] | None = None
    influence = Influence(cell) if scheme.truncation.forward else None
    for segment in scheme.next_plan():
        history = newest(history, segment.first - 1 - segment.oldest)
        steps = sum(len(piece) for piece in history)
        own = Segment(steps + 1, steps + segment.last - segment.first + 1, 0)
        asked = overlap(built.experiment.task.asked, segment.first, segment.last)
        within = (asked[0] - segment.first + 1, asked[1] - segment.first + 1)
        task = Pass(cell, (own,), tuple(history), asked=within, influence=influence)
        yield Piece(batch, segment.first, segment.last, asked, task, initial)
        assert task.trajectory is not None, "a piece is run before the next is asked for"
        history.append(task.trajectory)
        initial = task.trajectory.last


def overlap(span: Span, first: int, last: int) -> Span:
    """The steps of a span among first…last; where there are none, (first, first − 1)."""
    start, end = max(span[0], first), min(span[1], last)
    return (start, end) if start <= end else (first, first - 1)
