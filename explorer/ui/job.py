"""A training run in a thread of its own, which pages poll; knows no streamlit."""

import gc
import threading
import time
from typing import Literal

import torch
import xarray as xr

from explorer.experiment import Experiment
from explorer.training import Training

LEASE = 90.0  # seconds without a poll after which a run ends: its page is gone; hidden tabs poll once a minute

Phase = Literal["running", "paused", "ended"]


class TrainingJob:
    """One run: start it by making it, poll it, pause, step, stop.

    Attributes:
        experiment: what is trained.
        error: the sentence of the exception that ended the run, if one did.
    """

    def __init__(self, experiment: Experiment, *, paused: bool = False, lease: float = LEASE) -> None:
        self.experiment = experiment
        self.error: str | None = None
        self._training: Training | None = None
        self._lease, self._seen = lease, time.monotonic()
        self._changed = threading.Condition()
        self._phase: Phase = "paused" if paused else "running"
        self._steps = 0  # single updates still to make while paused
        self._marks: list[tuple[float, int]] = []  # (time, updates made) of the last second, for the rate
        self.thread = threading.Thread(target=self._work, name=f"training-{experiment.digest}", daemon=True)
        self.thread.start()

    @property
    def phase(self) -> Phase:
        """Whether the run is under way."""
        return self._phase

    @property
    def status(self) -> str:
        """The run's own status: running, finished, stopped or diverged."""
        return self._training.status if self._training is not None else "running"

    @property
    def recorded(self) -> int:
        """Updates recorded so far."""
        return self._training.recorded if self._training is not None else 0

    @property
    def rate(self) -> float:
        """Updates per second during the last second or so; 0 before there are two."""
        marks = self._marks
        if len(marks) < 2:
            return 0.0
        (start, before), (end, after) = marks[0], marks[-1]
        return (after - before) / (end - start) if end > start else 0.0

    def dataset(self) -> xr.Dataset | None:
        """Everything recorded so far; None before the first update."""
        training = self._training
        return training.dataset() if training is not None and training.recorded else None

    def touch(self) -> None:
        """Say that somebody is still looking."""
        self._seen = time.monotonic()

    def pause(self) -> None:
        """Wait after the update under way."""
        self._become("paused")

    def resume(self) -> None:
        """Go on."""
        self._become("running")

    def step(self) -> None:
        """Make one update, then wait."""
        with self._changed:
            self._phase = "paused" if self._phase != "ended" else "ended"
            self._steps += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run; what was recorded stays."""
        if self._training is not None:
            self._training.stop()
        self._become("ended")

    def _become(self, phase: Phase) -> None:
        with self._changed:
            if self._phase != "ended":
                self._phase = phase
                self._changed.notify_all()

    def _work(self) -> None:
        torch.set_num_threads(1)  # at these sizes one thread is faster than two
        try:
            self._training = Training(self.experiment)
            if not self._may_go_on():
                self._training.stop()
                return
            for _ in self._training:
                self._mark()
                if not self._may_go_on():
                    self._training.stop()
        except Exception as error:  # whatever it is, the page says it in a sentence and the thread ends
            self.error = str(error).splitlines()[0] if str(error) else type(error).__name__
        finally:
            with self._changed:
                self._phase = "ended"
            gc.collect()  # the server's own collection after each page run is off

    def _may_go_on(self) -> bool:
        """Wait while paused; False once the run is stopped or nobody looks any more."""
        with self._changed:
            while self._phase == "paused" and not self._steps and self._watched():
                self._marks = []
                self._changed.wait(min(1.0, self._lease))
            self._steps = max(0, self._steps - 1)
            return self._phase != "ended" and self._watched()

    def _watched(self) -> bool:
        return time.monotonic() - self._seen < self._lease

    def _mark(self) -> None:
        assert self._training is not None
        now = time.monotonic()
        self._marks = [mark for mark in self._marks if now - mark[0] < 1.0] + [(now, self._training.recorded)]
