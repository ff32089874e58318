"""The loop: batch, gradient, clip, update, record; one record after each update."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr
from torch import Tensor

from explorer.bptt import Flow, Network, Networks, Trace, joint_norm, norms_by_time, spectral_radius
from explorer.bptt.recording import Array
from explorer.building import Built, build
from explorer.captured import updates_of
from explorer.dataset import run_dataset
from explorer.experiment import Experiment
from explorer.pieces import Piece, overlap, pieces, whole
from explorer.recording import Recording, Row, Status, attributes
from explorer.schemes import Beside, Scheme, truncation_of
from explorer.tasks import Task
from explorer.truncation import Truncation


class Training:
    """A training run: iterate it to train.

    Iterating yields each update's `Row` when it has been recorded. The run ends as `finished` after `experiment.steps`
    updates, as `stopped` after `stop()`, or as `diverged` at the first loss or gradient that is not finite: that row is
    recorded, its update is not made.
    """

    def __init__(self, experiment: Experiment, beside: Sequence[Truncation] = ()) -> None:
        """Build the seeded start.

        Args:
            experiment: what is trained.
            beside: truncation schemes whose gradients on the same trajectories are measured, not applied.

        Raises:
            DeviceError: where CUDA is asked for and there is none.
            ExperimentError: where a scheme cannot be measured beside this one.
        """
        self._beside = Beside(beside, experiment)
        self.recording = Recording(experiment, self._beside.labels)
        self._stop = threading.Event()
        self._built = build(experiment)
        self._scheme = Scheme(experiment.truncation, experiment)
        self._optimizer = experiment.optimizer.build(self._built.model.parameters())
        self._captured = None if beside else updates_of([experiment], Networks([self._built.model]))

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
        for piece in pieces(self._built, self._scheme):
            row = _gradient(self._built, piece, self._scheme, self._beside)
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
    built, scheme = build(experiment), Scheme(experiment.truncation, experiment)
    row = _gradient(built, whole(built, scheme, built.batch), scheme)
    rows = {name: np.asarray(values)[np.newaxis] for name, values in (row.by_time | row.numbers).items()}
    return run_dataset(rows, attributes(experiment, "finished", 1, scheme.latest))


def train(experiment: Experiment, beside: Sequence[Truncation | Mapping[str, Any] | str] = ()) -> xr.Dataset:
    """Train `experiment.steps` updates and return everything recorded.

    Args:
        experiment: what is trained.
        beside: truncation schemes, or what the field `truncation` takes for them, such as "full" or {"kind": "window",
            "k1": 5, "k2": 5}. At each update their gradients on the same trajectory are measured and not applied:
            `cosine`, `norm_ratio` ‖ĝ‖/‖g‖ and `relative_bias` ‖ĝ − g‖/‖g‖ [step, variant] of the whole gradient ĝ of
            the recurrent layer against g, that of full BPTT.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
        ExperimentError: where a scheme is not allowed, or cannot be measured beside this one.
    """
    training = Training(experiment, [truncation_of(experiment, given) for given in beside])
    for _ in training:
        pass
    return training.dataset()


def _gradient(built: Built, piece: Piece, scheme: Scheme, beside: Beside | None = None) -> Row:
    """Gradient of one piece, recorded, clipped, and left in the parameters' `.grad`."""
    experiment, model = built.experiment, built.model
    task, steps = experiment.task, slice(piece.first - 1, piece.last)
    by_time, others = dict[str, Array](), dict[str, Array]()
    last = piece.last  # not the piece itself, which holds the pass: a cycle would keep all its tensors alive

    def take(flow: Flow, trace: Trace) -> None:
        by_time.update(_placed(experiment, flow, last))
        scheme.compare(trace, flow)
        others.update(beside.look(trace) if beside else {})

    piece.task.on_trace = take
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
    return Row(numbers | scheme.numbers, by_time, others)


def _placed(experiment: Experiment, flow: Flow, last: int) -> dict[str, Array]:
    """Norms over all T steps of the sequence, zero where this piece's gradient does not reach."""
    found = {}
    for name, norms in norms_by_time(experiment.cell, flow).items():
        found[name] = np.zeros(experiment.task.steps)
        found[name][last - norms.shape[1] : last] = norms[0]
    return found


def _accuracy(task: Task, answers: Tensor, piece: Piece) -> float:
    """Share of right answers among those that this piece is asked for; nan where it is asked for none."""
    first, last = overlap(task.question, piece.first, piece.last)
    if first > last:
        return float("nan")
    own = answers[first - piece.asked[0] : last - piece.asked[0] + 1]
    return float(task.right(own, piece.batch.targets[first - 1 : last]).double().mean())
