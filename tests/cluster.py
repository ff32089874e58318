"""A Dask cluster of processes of its own on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Self

ROOT = Path(__file__).parents[1]


class Cluster:
    """A scheduler and workers; each ends by its own process, whatever happens."""

    def __init__(self, workers: int = 2) -> None:
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._address_of(self.scheduler)
        self.workers = [self.add_worker() for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()

    def add_worker(self, folder: Path = ROOT) -> "subprocess.Popen[str]":
        """One more worker, started in this folder."""
        words = (self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "30")
        return self._start("worker", *words, folder=folder)

    def worker_address(self, number: int) -> str:
        """Where one of the first workers listens."""
        return self._address_of(self.workers[number])

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
            if found := re.search(r"(?:Scheduler at|Start worker at): +(tcp://\S+)", line):
                Thread(target=process.stderr.read, daemon=True).start()  # a pipe that nobody reads fills up
                return found[1]
        raise AssertionError(f"{process.args} ended before it listened")
