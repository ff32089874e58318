"""A training run in a process of its own, which pages poll; knows no streamlit.

A process, because a training thread and a page that draws would mostly wait for one another's interpreter lock.
"""

import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from explorer.experiment import Experiment
from explorer.training import Recording

LEASE = 90.0  # seconds without a poll after which a run ends: its page is gone; hidden tabs poll once a minute
GRACE = 5.0  # seconds a page may be gone, as when a connection is lost for a moment, before its run ends
SPARE = 1  # idle processes kept for the next run; starting one takes seconds

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST = 2 * CORES  # runs under way at once on this server; more would only wait for one another

Phase = Literal["running", "paused", "ended"]


class BusyError(Exception):
    """All places are taken."""


class TrainingJob:
    """One run: start it by making it, poll it, pause, step, stop.

    Without polls for `lease` seconds, or once `present` has said no for `grace` seconds, it ends.

    Attributes:
        experiment: what is trained.
        recording: everything recorded so far.
        error: the sentence of what ended the run early, if something did.
        thread: receives the rows; ends with the run.

    Raises:
        BusyError: on making it, where as many runs as this server takes are under way.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        paused: bool = False,
        lease: float = LEASE,
        present: Callable[[], bool] = lambda: True,
        grace: float = GRACE,
    ) -> None:
        self.experiment = experiment
        self.recording = Recording(experiment)
        self.error: str | None = None
        self._lease, self._seen = lease, time.monotonic()
        self._present, self._grace = present, grace
        self._phase: Phase = "paused" if paused else "running"
        self._marks: list[tuple[float, int]] = []  # (time, updates made) of the last second, for the rate
        self._lock = threading.Lock()  # of phase and process: one process must never hear of two runs
        self._process: subprocess.Popen[bytes] = _PROCESSES.take()
        self._tell("start", experiment.model_dump_json(), paused)
        self.thread = threading.Thread(target=self._receive, name=f"training-{experiment.digest}", daemon=True)
        self.thread.start()
        threading.Thread(target=self._watch, name=f"lease-{experiment.digest}", daemon=True).start()

    @property
    def phase(self) -> Phase:
        """Whether the run is under way."""
        return self._phase

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
        return self.recording.dataset() if self.recording.recorded else None

    def touch(self) -> None:
        """Say that somebody is still looking."""
        self._seen = time.monotonic()

    def pause(self) -> None:
        """Wait after the update under way."""
        with self._lock:
            if self._phase == "running":
                self._phase = "paused"
                self._tell("pause")

    def resume(self) -> None:
        """Go on."""
        with self._lock:
            if self._phase == "paused":
                self._phase = "running"
                self._marks = []
                self._tell("resume")

    def step(self) -> None:
        """Make one update, then wait."""
        with self._lock:
            if self._phase != "ended":
                self._phase = "paused"
                self._tell("step")

    def stop(self) -> None:
        """End the run after the update under way; what was recorded stays."""
        with self._lock:
            if self._phase != "ended":
                self._tell("stop")

    def _tell(self, *message: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the process is gone: the receiving thread says so
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()

    def _receive(self) -> None:
        assert self._process.stdout is not None
        try:
            while self._take(pickle.load(self._process.stdout)):
                pass
        except Exception:  # the process is gone, or what it sends cannot be read: nothing more will come of it
            code = _PROCESSES.drop(self._process)
            self.recording.status = "stopped"
            self.error = f"the training process ended unexpectedly (exit status {code}); what it had sent is kept"
            self._end()
        else:
            self._end()
            _PROCESSES.give_back(self._process)

    def _end(self) -> None:
        """From here on nothing is told to the process, which may soon work for another run."""
        with self._lock:
            self._phase = "ended"

    def _take(self, message: tuple[str, Any]) -> bool:
        """Work in one message; False after the last of this run."""
        kind, content = message
        if kind == "rows":
            for row in content:
                self.recording.keep(row)
            now = time.monotonic()
            self._marks = [mark for mark in self._marks if now - mark[0] < 1.0] + [(now, self.recording.recorded)]
            return True
        self.recording.status = content if kind == "end" else "stopped"
        self.error = content if kind == "failed" else None
        return False

    def _watch(self) -> None:
        """End the run when nobody has looked for the length of the lease, or the page has been gone for the grace."""
        here = time.monotonic()
        while self.thread.is_alive():
            now = time.monotonic()
            here = now if self._present() else here
            if now - self._seen > self._lease or now - here > self._grace:
                self.stop()
            self.thread.join(min(1.0, self._lease / 4, self._grace / 4))


class _Processes:
    """The worker processes of this server: idle ones are kept for the next run."""

    def __init__(self) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def take(self) -> subprocess.Popen[bytes]:
        """An idle process, or a new one.

        Raises:
            BusyError: where as many runs as this server takes are under way.
        """
        with self._lock:
            self._all, self._idle = ([p for p in found if p.poll() is None] for found in (self._all, self._idle))
            if len(self._all) - len(self._idle) >= MOST:
                raise BusyError(f"This server trains {MOST} runs already, which is all it takes; try again in a while.")
            return self._idle.pop() if self._idle else self._start()

    def give_back(self, process: subprocess.Popen[bytes]) -> None:
        """Keep a process whose run has ended, or end it where there are enough."""
        with self._lock:
            if len(self._idle) < SPARE:
                self._idle.append(process)
            else:
                self._end(process)

    def drop(self, process: subprocess.Popen[bytes]) -> int:
        """End a process that cannot be used any more and return its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)  # one that is ending by itself has a status worth telling
        with self._lock:
            self._end(process)
        return process.returncode

    def warm_up(self) -> None:
        """Have a process ready before the first run is asked for."""
        with self._lock:
            if not self._all:
                self._idle.append(self._start())

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for process in self._all:
                self._end(process)
            self._idle.clear()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "explorer.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self._all.append(process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        _close(process)
        self._all = [other for other in self._all if other is not process]


def _close(process: subprocess.Popen[bytes]) -> None:
    """Give the pipes of an ended process back."""
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # what was still unsent has nobody to read it
            if pipe is not None:
                pipe.close()


_PROCESSES = _Processes()
warm_up = _PROCESSES.warm_up
