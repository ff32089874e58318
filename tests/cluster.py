"""A Dask cluster of processes of its own on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Self

from distributed import Client

ROOT = Path(__file__).parents[1]


class Cluster:
    """A scheduler and workers of one thread each; all end with it.

    Attributes:
        address: of the scheduler.
        scheduler, workers: the processes.
    """

    def __init__(self, workers: int = 2) -> None:
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--idle-timeout", "1800s")
        self.address = self._address_of(self.scheduler)
        self.workers: list[subprocess.Popen[str]] = []
        if workers:
            self.add_workers(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()

    def add_workers(self, count: int = 1, folder: Path = ROOT) -> None:
        """Start workers in this folder, and wait until they are there."""
        words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "30")
        self.workers += [self._start(*words, folder=folder) for _ in range(count)]
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(sum(process.poll() is None for process in self.workers), timeout=30)

    def kill(self, address: str) -> None:
        """End the worker that listens there as if its machine had lost power."""
        with Client(self.address, set_as_default=False) as client:
            pid = client.run(os.getpid, workers=[address])[address]
        (process,) = (process for process in self.workers if process.pid == pid)
        process.kill()
        process.wait()

    @staticmethod
    def _start(kind: str, *words: str, folder: Path = ROOT) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "dask", kind, *words, "--no-dashboard"],
            cwd=folder, env={**os.environ, "PYTHONPATH": ""}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @staticmethod
    def _address_of(process: "subprocess.Popen[str]") -> str:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"Scheduler at: +(tcp://\S+)", line):
                Thread(target=process.stderr.read, daemon=True).start()  # a pipe that nobody reads fills up
                return found[1]
        raise AssertionError(f"{process.args} ended before it listened")
