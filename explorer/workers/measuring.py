"""A measurement in a process of its own, for experiments that would hold a page; large ones wait for one another."""

import pickle
import subprocess
import threading
import time
from typing import Any

from explorer.answers import Question
from explorer.experiment import Experiment
from explorer.workers.processes import PROCESSES

QUICK = 0.25  # seconds; a measurement that takes longer is not made while a page waits

_TURN = threading.Lock()  # one large measurement at a time: two would take the memory and the cores of the server


class MeasuringJob:
    """One measurement under way: start it by making it, look at `done`, give it up with `cancel`.

    Attributes:
        experiment: what is measured.
        question: what about it; explorer.workers.serving answers.
        answer: the result, once it is there: a Dataset, or the `Cost` where that was the question.
        error: the sentence of why there is none.
        progress: the share done, where it is told.
        thread: waits for the result; ends with it.
    """

    def __init__(self, experiment: Experiment, question: Question = "measure") -> None:
        self.experiment, self.question = experiment, question
        self.answer: Any = None
        self.error: str | None = None
        self.progress: float | None = None
        self._began = time.monotonic()
        self._cancelled = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # of the process and of whether it is still wanted
        self.thread = threading.Thread(target=self._run, name=f"measuring-{experiment.digest}", daemon=True)
        self.thread.start()

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return not self.thread.is_alive()

    @property
    def elapsed(self) -> float:
        """Seconds since it was asked for."""
        return time.monotonic() - self._began

    def cancel(self) -> None:
        """Give it up; its process ends with it, for a backward pass cannot be interrupted."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def _run(self) -> None:
        with _TURN:
            try:
                process = self._take()
            except OSError as error:
                self.error = f"The measurement could not be started: {error}; try again later."
                return
            if process is None:
                return
            try:
                self._ask(process)
            except Exception:  # killed, by cancel or for its memory, or unreadable: nothing more will come of it
                with self._lock:
                    self._process = None
                PROCESSES.drop(process)
                self.error = "The measurement ended unexpectedly; lower batch_size, hidden_size or length."
                return
            with self._lock:  # from here on nobody kills a process that soon works for others
                self._process = None
            PROCESSES.give_back(process)

    def _take(self) -> subprocess.Popen[bytes] | None:
        """A process, beside those that train; None where it is not wanted any more."""
        process = PROCESSES.take(lambda: not self._cancelled, extra=1)
        with self._lock:
            if process is not None and self._cancelled:
                PROCESSES.give_back(process)
                return None
            self._process = process
            return process

    def _ask(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump((self.question, self.experiment.model_dump_json()), process.stdin)
        process.stdin.flush()
        kind, content = pickle.load(process.stdout)
        while kind == "progress":
            self.progress = content
            kind, content = pickle.load(process.stdout)
        if kind == "measured":
            self.answer = content
        else:
            self.error = f"This could not be measured: {content}"
