"""The processes that train and measure for pages: a bounded number, idle ones kept for the next run."""

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

SPARE = 1  # idle processes kept for the next run; starting one takes seconds
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST = 2 * CORES  # runs under way at once on this server; more would only wait for one another


class BusyError(Exception):
    """All places are taken."""


class Processes:
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
            [sys.executable, "-m", "explorer.workers"],
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


PROCESSES = Processes()
