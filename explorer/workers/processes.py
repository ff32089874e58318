"""The processes that train and measure for pages: a bounded number, idle ones kept for the next run."""

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

SPARE = 1  # idle processes kept for the next run; starting one takes seconds
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
MOST = 2 * CORES  # runs under way at once on this server; more would only hold each other up, so they queue
AWAIT = 0.2  # seconds between two looks at whether a place is still wanted


class Processes:
    """The worker processes of this server: idle ones are kept for the next run, and who comes first is served first."""

    def __init__(self) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []
        self._all: list[subprocess.Popen[bytes]] = []
        self._queue: list[object] = []
        self._lock = threading.Condition()
        atexit.register(self.close)

    @property
    def at_work(self) -> int:
        """Number of processes that train or measure."""
        return len(self._all) - len(self._idle)

    def take(
        self,
        wanted: Callable[[], bool] = lambda: True,
        tell: Callable[[int], None] = lambda place: None,
        extra: int = 0,
    ) -> subprocess.Popen[bytes] | None:
        """An idle process or a new one, as soon as fewer than MOST are at work; None once it is not wanted any more.

        Args:
            wanted: asked again and again while waiting.
            tell: called with the place in the queue, 1 for the next to be served, whenever that changes; 0 at the end.
            extra: processes beyond MOST that this one may be; such a one waits for nobody but its own kind.
        """
        me, told = object(), 0
        with self._lock:
            if not extra:
                self._queue.append(me)
            try:
                while wanted():
                    for process in [p for p in self._idle if p.poll() is not None]:  # nobody else gives its pipes back
                        self._idle.remove(process)
                        self._end(process)
                    self._all = [p for p in self._all if p.poll() is None]
                    place = self._queue.index(me) if me in self._queue else 0
                    if not place and self.at_work < MOST + extra:
                        return self._idle.pop() if self._idle else self._start()
                    if told != place + 1:
                        tell(told := place + 1)
                    self._lock.wait(AWAIT)
                return None
            finally:
                if me in self._queue:
                    self._queue.remove(me)
                tell(0)
                self._lock.notify_all()

    def give_back(self, process: subprocess.Popen[bytes]) -> None:
        """Keep a process whose run has ended, or end it where there are enough."""
        with self._lock:
            if len(self._idle) < SPARE:
                self._idle.append(process)
            else:
                self._end(process)
            self._lock.notify_all()

    def drop(self, process: subprocess.Popen[bytes]) -> int:
        """End a process that cannot be used any more and return its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)  # one that is ending by itself has a status worth telling
        with self._lock:
            self._end(process)
            self._lock.notify_all()
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
