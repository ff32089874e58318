"""A training run in a process of its own, which pages poll.

A process, because a training thread and a page that draws would mostly wait for one another's interpreter lock.
"""

import atexit
import contextlib
import pickle
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from math import nan
from typing import Any, Literal

import xarray as xr

from explorer.dataset import SaveError
from explorer.experiment import Experiment
from explorer.recording import Recording, Status
from explorer.schemes import labels
from explorer.truncation import Truncation
from explorer.workers.processes import PROCESSES

LEASE = 90.0  # seconds without a poll after which a run ends: its page is gone; hidden tabs poll once a minute
GRACE = 5.0  # seconds a page may be gone, as when a connection is lost for a moment, before its run ends

Phase = Literal["running", "paused", "ended"]


class TrainingJob:
    """One run: start it by making it, poll it, pause, step, stop.

    Without polls for `lease` seconds, or once `present` has said no for `grace` seconds, it ends. However it ends, and
    also where the whole program does, `keep` is given what was recorded and the seconds that took. Gradients of the
    schemes `beside` are measured and not applied.

    Attributes:
        experiment: what is trained.
        recording: everything recorded so far.
        error: the sentence of what ended the run early, if something did, or of why it could not be kept.
        thread: receives the rows; ends with the run.
        place: in the queue for a process, 1 for the next to be served; 0 once it has one.
    """

    origin = ""

    def __init__(
        self,
        experiment: Experiment,
        *,
        paused: bool = False,
        lease: float = LEASE,
        present: Callable[[], bool] = lambda: True,
        grace: float = GRACE,
        keep: Callable[[xr.Dataset, float], None] = lambda run, seconds: None,
        beside: Sequence[Truncation] = (),
    ) -> None:
        self.experiment = experiment
        self.recording = Recording(experiment, labels(beside))
        self.error: str | None = None
        self._since: float | None = None  # when the newest rows came; None after a pause
        self._timed, self._spent = 0, 0.0  # rows that came right after others, and the seconds that they took
        self._keep: Callable[[xr.Dataset, float], None] | None = keep
        self._keeping = threading.Lock()  # whoever asks a second time waits until it is kept
        self._lease, self._seen = lease, time.monotonic()
        self._present, self._grace = present, grace
        self._phase: Phase = "paused" if paused else "running"
        self._awaited = 0  # rows that there will be once the steps asked for are made
        self._marks: list[tuple[float, int]] = []  # (time, updates made) of the last second, for the rate
        self._lock = threading.Lock()  # of phase and process: one process must never hear of two runs
        self.place = 0
        self._wanted = True
        self._process: subprocess.Popen[bytes] | None = None
        self._unsent: list[tuple[object, ...]] = []  # what the process will be told once there is one
        self._tell("start", experiment.model_dump_json(), paused, [scheme.model_dump() for scheme in beside])
        self.thread = threading.Thread(target=self._receive, name=f"training-{experiment.digest}", daemon=True)
        _under_way.add(self)
        self.thread.start()
        threading.Thread(target=self._watch, name=f"lease-{experiment.digest}", daemon=True).start()

    @property
    def phase(self) -> Phase:
        """Whether the run is under way."""
        return self._phase

    @property
    def recorded(self) -> int:
        """Number of updates recorded so far."""
        return self.recording.recorded

    @property
    def status(self) -> Status:
        """How the run is going, or went."""
        return self.recording.status

    @property
    def nbytes(self) -> int:
        """Bytes that its rows fill."""
        return self.recording.nbytes

    @property
    def seconds(self) -> float:
        """Time that the updates took, pauses and the start of the process left out; nan where it is not known."""
        return self._spent / self._timed * self.recorded if self._timed else nan

    @property
    def stepping(self) -> bool:
        """Whether a single step is under way."""
        return self._phase == "paused" and self.recorded < self._awaited

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
                self._marks, self._since, self._awaited = [], None, 0
                self._tell("resume")

    def step(self) -> None:
        """Make one update, then wait."""
        with self._lock:
            if self._phase != "ended":
                self._phase, self._since = "paused", None
                self._awaited = max(self._awaited, self.recorded) + 1
                self._tell("step")

    def stop(self) -> None:
        """End the run after the update under way; what was recorded stays."""
        with self._lock:
            self._wanted = False
            if self._phase != "ended":
                self._tell("stop")

    def _tell(self, *message: object) -> None:
        if self._process is None:
            self._unsent.append(message)
            return
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # the process is gone: the receiving thread says so
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes] | None:
        """Wait for a process and tell it what was asked for meanwhile; None where nobody wants it any more."""
        try:
            process = PROCESSES.take(lambda: self._wanted, lambda place: setattr(self, "place", place))
        except (OSError, MemoryError) as error:
            why = str(error) or "the memory of this server is used up"
            self.error = f"the run could not be started: {why}; try again later"
            return None
        with self._lock:
            self._process, unsent = process, self._unsent
            if process is not None:
                for message in unsent:
                    self._tell(*message)
        return process

    def _receive(self) -> None:
        process = self._start()
        if process is None:
            self.recording.status = "stopped"
            self._end()
            return
        assert process.stdout is not None
        try:
            while self._take(pickle.load(process.stdout)):
                pass
        except Exception:  # the process is gone, or what it sends cannot be read: nothing more will come of it
            code = PROCESSES.drop(process)
            self.recording.status = "stopped"
            self.error = f"the training process ended unexpectedly (exit status {code}); what it had sent is kept"
            self._end()
        else:
            self._end()
            PROCESSES.give_back(process)

    def _end(self) -> None:
        """Keep the run; from here on nothing is told to the process, which may soon work for another one."""
        self.keep()
        with self._lock:
            self._phase = "ended"

    def keep(self) -> None:
        """Give away what was recorded, the first time this is asked for."""
        with self._keeping:
            keep, self._keep = self._keep, None
            run = self.dataset()
            if keep is not None and run is not None:
                status = "stopped" if self.status == "running" else self.status
                try:
                    keep(run.assign_attrs(status=status), self.seconds)
                except SaveError as error:
                    self.error = self.error or f"{status}, but the run could not be kept. {error}"
        _under_way.discard(self)

    def _take(self, message: tuple[str, Any]) -> bool:
        """Work in one message; False after the last of this run."""
        kind, content = message
        if kind == "rows":
            for row in content:
                self.recording.keep(row)
            now = time.monotonic()
            if self._since is not None:
                self._timed += len(content)
                self._spent += now - self._since
            self._since = now
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


_under_way: "weakref.WeakSet[TrainingJob]" = weakref.WeakSet()


@atexit.register
def _keep_all() -> None:
    """Where the program ends in mid-training, keep what was recorded."""
    for job in list(_under_way):
        job.keep()
