"""The loop: batch, gradient, clip, update, record; one record after each update."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, nan
from typing import Literal

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from explorer.bptt import Flow, Pass, Trajectory, joint_norm, norms_by_time, recorded_names, spectral_radius
from explorer.bptt.recording import Array
from explorer.building import Built, build
from explorer.dataset import assemble
from explorer.experiment import Experiment
from explorer.tasks import Batch
from explorer.truncation import Segment, cuts

Status = Literal["running", "finished", "stopped", "diverged"]
NUMBERS = ("loss", "accuracy", "asked", "grad_norm", "grad_norm_clipped", "spectral_radius")


@dataclass(frozen=True)
class _Piece:
    """The steps first…last (counted from 1) of one batch, whose losses make one gradient."""

    batch: Batch
    first: int
    last: int
    task: Pass
    initial: tuple[Tensor, ...] | None = None


@dataclass(frozen=True)
class Row:
    """What one update leaves: numbers, and norms by time [T]."""

    numbers: dict[str, float]
    by_time: dict[str, Array]

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are."""
        return isfinite(self.numbers["loss"]) and isfinite(self.numbers["grad_norm"])


class Recording:
    """The rows of one run, growing; read at any time from any thread.

    Attributes:
        status: `running`, `finished`, `stopped` or `diverged`.
        recorded: number of rows.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.status: Status = "running"
        self.recorded = 0
        total, by_time = experiment.steps, recorded_names(experiment.cell)
        self._rows: dict[str, Array] = {name: np.zeros((total, experiment.task.steps)) for name in by_time}
        self._rows |= {name: np.zeros(total) for name in NUMBERS}

    def keep(self, row: Row) -> None:
        """Add a row; one that is not finite ends the run as diverged, the last one asked for as finished."""
        here = self.recorded
        for name, values in (row.by_time | row.numbers).items():
            self._rows[name][here] = values
        self.recorded = here + 1  # last, so that readers in other threads see whole rows only
        if not row.finite:
            self.status = "diverged"
        elif self.recorded == self.experiment.steps:
            self.status = "finished"

    @property
    def nbytes(self) -> int:
        """Bytes that all rows asked for fill."""
        return sum(values.nbytes for values in self._rows.values())

    def dataset(self) -> xr.Dataset:
        """All rows so far."""
        status = self.status  # read before the rows, and set after the last of them
        recorded = self.recorded
        rows = {name: values[:recorded] for name, values in self._rows.items()}
        return assemble(rows, _attributes(self.experiment, status, recorded))


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

    def __iter__(self) -> Iterator[Row]:
        """Train."""
        recording = self.recording
        if recording.status == "running" and self._stop.is_set():
            recording.status = "stopped"
        if recording.status != "running":
            return
        for piece in _pieces(self._built):
            row = _gradient(self._built, piece)
            if row.finite:
                self._optimizer.step()
            recording.keep(row)
            self._end_if_asked()
            yield row
            self._end_if_asked()
            if recording.status != "running":
                return

    def stop(self) -> None:
        """End the run before its next update; what was recorded stays."""
        self._stop.set()

    def _end_if_asked(self) -> None:
        if self.status == "running" and self._stop.is_set():
            self.recording.status = "stopped"

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
    return assemble(rows, _attributes(experiment, "finished", 1))


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
    length = built.experiment.task.steps
    task = Pass(built.experiment.cell, built.experiment.truncation.plan(length))
    return _Piece(batch, 1, length, task)


def _segments(built: Built, batch: Batch) -> Iterator[_Piece]:
    """The segments of one batch; the state is carried on, and earlier pieces stay as long as a segment reaches them."""
    history: list[Trajectory] = []
    initial: tuple[Tensor, ...] | None = None
    for segment in built.experiment.truncation.plan(built.experiment.task.steps):
        history = _reached(history, segment)
        steps = sum(len(piece) for piece in history)
        own = Segment(steps + 1, steps + segment.last - segment.first + 1, 0)
        task = Pass(built.experiment.cell, (own,), tuple(history))
        yield _Piece(batch, segment.first, segment.last, task, initial)
        assert task.trajectory is not None, "a piece is run before the next is asked for"
        history.append(task.trajectory)
        initial = task.trajectory.last


def _reached(history: list[Trajectory], segment: Segment) -> list[Trajectory]:
    """The newest steps of earlier pieces that a segment flows back through."""
    wanted, kept = segment.first - 1 - segment.oldest, list[Trajectory]()
    for piece in reversed(history):
        if wanted <= 0:
            break
        kept.insert(0, piece.newest(min(wanted, len(piece))))
        wanted -= len(piece)
    return kept


def _gradient(built: Built, piece: _Piece) -> Row:
    """Gradient of one piece, recorded, clipped, and left in the parameters' `.grad`."""
    experiment, model = built.experiment, built.model
    task, steps = experiment.task, slice(piece.first - 1, piece.last)
    by_time: dict[str, Array] = {}
    last = piece.last  # not the piece itself, which holds the pass: a cycle would keep all its tensors alive
    piece.task.on_flow = lambda flow: by_time.update(_placed(experiment, flow, last))
    model.zero_grad()
    outputs = model(piece.batch.inputs[steps], piece.task, piece.initial)
    losses = task.step_losses(_among(outputs, steps, task.steps), piece.batch)
    loss = losses[steps].sum(0).mean()
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = joint_norm(gradients)
    if isfinite(norm):
        experiment.clipping.clip(gradients, norm)
    numbers = {
        "loss": float(loss.detach()),
        "accuracy": _accuracy(built, outputs.detach(), piece),
        "asked": float(_overlap(task.asked, piece)),
        "grad_norm": norm,
        "grad_norm_clipped": joint_norm(gradients),
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


def _among(outputs: Tensor, steps: slice, length: int) -> Tensor:
    """Outputs of some steps among zeros for the others; a step's loss depends on its own output only."""
    if len(outputs) == length:
        return outputs
    full = outputs.new_zeros(length, *outputs.shape[1:])
    full[steps] = outputs
    return full


def _overlap(span: tuple[int, int], piece: _Piece) -> int:
    return max(0, min(span[1], piece.last) - max(span[0], piece.first) + 1)


def _accuracy(built: Built, outputs: Tensor, piece: _Piece) -> float:
    """Share of right answers among those that this piece is asked for; nan where it is asked for none."""
    task = built.experiment.task
    first, last = task.question
    if not _overlap(task.question, piece):
        return float("nan")
    steps = slice(piece.first - 1, piece.last)
    right = task.correct(_among(outputs, steps, task.steps), piece.batch)
    return float(right[max(0, piece.first - first) : min(last, piece.last) - first + 1].double().mean())


def _attributes(experiment: Experiment, status: Status, recorded: int) -> dict[str, object]:
    """What belongs to the whole run, in types that every file format can hold."""
    task = experiment.task
    chance, formula = task.chance
    first, last = task.asked
    # Pieces without a loss send nothing back, so what only they cross is cut as well.
    used = tuple(s for s in experiment.truncation.plan(task.steps) if s.first <= last and s.last >= first)
    if experiment.truncation.updates_per_segment and len(used) > 1:
        chance, formula = nan, ""  # that of a sequence; each update's loss is that of a part of one
    found: dict[str, object] = {
        "experiment": experiment.model_dump_json(),
        "status": status,
        "signal": json.dumps(task.signal),
        "question": json.dumps([task.question]),
        "chance_loss": chance,
        "chance_text": formula,
        "cuts": json.dumps(cuts(used, task.steps)),
        "torch": str(torch.__version__),
    }
    if status == "diverged":
        found["diverged_step"] = recorded - 1
    return found
