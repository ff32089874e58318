"""The loop: batch, gradient, clip, update, record; one record after each update."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
import xarray as xr
from torch import Tensor

from explorer.bptt import Flow, Network, Networks, Pass, Trajectory, joint_norm, newest, norms_by_time, spectral_radius
from explorer.bptt.recording import Array
from explorer.building import Built, build
from explorer.captured import updates_of
from explorer.dataset import run_dataset
from explorer.experiment import Experiment
from explorer.recording import Recording, Row, Status, attributes
from explorer.tasks import Batch, Task
from explorer.tasks.base import Span
from explorer.truncation import Segment


@dataclass(frozen=True)
class _Piece:
    """The steps first…last (counted from 1) of one batch, whose losses make one gradient; those asked have one."""

    batch: Batch
    first: int
    last: int
    asked: Span
    task: Pass
    initial: tuple[Tensor, ...] | None = None


class Training:
    """A training run: iterate it to train.

    Iterating yields each update's `Row` when it has been recorded. The run ends as `finished` after `experiment.steps`
    updates, as `stopped` after `stop()`, or as `diverged` at the first loss or gradient that is not finite: that row is
    recorded, its update is not made.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.recording = Recording(experiment)
        self._stop = threading.Event()
        self._built = build(experiment)
        self._optimizer = experiment.optimizer.build(self._built.model.parameters())
        self._captured = updates_of([experiment], Networks([self._built.model]))

    def __iter__(self) -> Iterator[Row]:
        """Train."""
        recording = self.recording
        if recording.status == "running" and self._stop.is_set():
            recording.status = "stopped"
        if recording.status != "running":
            return
        for row in self._updates():
            recording.keep(row)
            self._end_if_asked()
            yield row
            self._end_if_asked()
            if recording.status != "running":
                return

    def _updates(self) -> Iterator[Row]:
        """Make one update after another."""
        if self._captured is not None:
            yield from (self._captured(batch)[0] for batch in self._built.batches)
            return
        for piece in _pieces(self._built):
            row = _gradient(self._built, piece)
            if row.finite:
                self._optimizer.step()
            yield row

    def stop(self) -> None:
        """End the run before its next update; what was recorded stays."""
        self._stop.set()

    def _end_if_asked(self) -> None:
        if self.status == "running" and self._stop.is_set():
            self.recording.status = "stopped"

    @property
    def model(self) -> Network:
        """The network as it is now; it goes on to change."""
        return self._built.model

    @property
    def status(self) -> Status:
        """How the run stands."""
        return self.recording.status

    @property
    def recorded(self) -> int:
        """Updates recorded so far."""
        return self.recording.recorded

    def dataset(self) -> xr.Dataset:
        """All rows recorded so far."""
        return self.recording.dataset()


def measure(experiment: Experiment) -> xr.Dataset:
    """The gradient flow at the seeded start: one backward pass on the first batch; trains nothing.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
    """
    built = build(experiment)
    row = _gradient(built, _whole(built, built.batch))
    rows = {name: np.asarray(values)[np.newaxis] for name, values in (row.by_time | row.numbers).items()}
    return run_dataset(rows, attributes(experiment, "finished", 1))


def train(experiment: Experiment) -> xr.Dataset:
    """Train `experiment.steps` updates and return everything recorded.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
    """
    training = Training(experiment)
    for _ in training:
        pass
    return training.dataset()


def _pieces(built: Built) -> Iterator[_Piece]:
    """What each update is made from: whole sequences, or their segments one after another."""
    for batch in built.batches:
        if built.experiment.truncation.updates_per_segment:
            yield from _segments(built, batch)
        else:
            yield _whole(built, batch)


def _whole(built: Built, batch: Batch) -> _Piece:
    length, asked = built.experiment.task.steps, built.experiment.task.asked
    task = Pass(built.experiment.cell, built.experiment.truncation.plan(length), asked=asked)
    return _Piece(batch, 1, length, asked, task)


def _segments(built: Built, batch: Batch) -> Iterator[_Piece]:
    """The segments of one batch; the state is carried on, and earlier pieces stay as long as a segment reaches them."""
    history: list[Trajectory] = []
    initial: tuple[Tensor, ...] | None = None
    for segment in built.experiment.truncation.plan(built.experiment.task.steps):
        history = newest(history, segment.first - 1 - segment.oldest)
        steps = sum(len(piece) for piece in history)
        own = Segment(steps + 1, steps + segment.last - segment.first + 1, 0)
        asked = _overlap(built.experiment.task.asked, segment.first, segment.last)
        within = (asked[0] - segment.first + 1, asked[1] - segment.first + 1)
        task = Pass(built.experiment.cell, (own,), tuple(history), asked=within)
        yield _Piece(batch, segment.first, segment.last, asked, task, initial)
        assert task.trajectory is not None, "a piece is run before the next is asked for"
        history.append(task.trajectory)
        initial = task.trajectory.last


def _gradient(built: Built, piece: _Piece) -> Row:
    """Gradient of one piece, recorded, clipped, and left in the parameters' `.grad`."""
    experiment, model = built.experiment, built.model
    task, steps = experiment.task, slice(piece.first - 1, piece.last)
    by_time: dict[str, Array] = {}
    last = piece.last  # not the piece itself, which holds the pass: a cycle would keep all its tensors alive
    piece.task.on_flow = lambda flow: by_time.update(_placed(experiment, flow, last))
    model.zero_grad()
    answers = model(piece.batch.inputs[steps], piece.task, piece.initial)
    loss = task.losses(answers, piece.batch.targets[piece.asked[0] - 1 : piece.asked[1]]).sum(0).mean()
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = joint_norm(gradients)
    clipped = isfinite(norm) and experiment.clipping.clip(gradients, norm)
    numbers = {
        "loss": float(loss.detach()),
        "accuracy": _accuracy(task, answers.detach(), piece),
        "asked": float(len(answers)),
        "grad_norm": norm,
        "grad_norm_clipped": joint_norm(gradients) if clipped else norm,
        "spectral_radius": spectral_radius(experiment.cell, model.rnn.weight_hh_l0),
    }
    return Row(numbers, by_time)


def _placed(experiment: Experiment, flow: Flow, last: int) -> dict[str, Array]:
    """Norms over all T steps of the sequence, zero where this piece's gradient does not reach."""
    found = {}
    for name, norms in norms_by_time(experiment.cell, flow).items():
        found[name] = np.zeros(experiment.task.steps)
        found[name][last - norms.shape[1] : last] = norms[0]
    return found


def _overlap(span: Span, first: int, last: int) -> Span:
    """The steps of a span among first…last; where there are none, (first, first − 1)."""
    start, end = max(span[0], first), min(span[1], last)
    return (start, end) if start <= end else (first, first - 1)


def _accuracy(task: Task, answers: Tensor, piece: _Piece) -> float:
    """Share of right answers among those that this piece is asked for; nan where it is asked for none."""
    first, last = _overlap(task.question, piece.first, piece.last)
    if first > last:
        return float("nan")
    own = answers[first - piece.asked[0] : last - piece.asked[0] + 1]
    return float(task.right(own, piece.batch.targets[first - 1 : last]).double().mean())
