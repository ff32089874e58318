"""The command in a process of its own, its standard error on a terminal."""

import contextlib
import os
import re
import select
import subprocess
import sys
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parents[1]


class Child:
    """The command in a process of its own, its standard error on a terminal."""

    def __init__(self, *args: object) -> None:
        ours, theirs = os.openpty()
        words = [sys.executable, "-m", "explorer", *(str(arg) for arg in args)]
        environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm"}
        self.terminal, self.told = ours, ""
        self.process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True
        )
        os.close(theirs)

    def wait_for(self, pattern: str, seconds: float = 40.0) -> None:
        """Read the terminal until it shows this."""
        end = monotonic() + seconds
        while not re.search(pattern, self.told):
            assert self._read() and monotonic() < end, f"waited in vain for {pattern!r}: {self.told}"

    def _read(self) -> bool:
        if select.select([self.terminal], [], [], 0.2)[0]:
            try:
                new = os.read(self.terminal, 65536)
            except OSError:  # the other end is closed
                return False
            self.told += new.decode(errors="replace")
        return True

    def end(self) -> tuple[int, str]:
        """Exit code and standard output."""
        while self._read():
            pass
        output, _ = self.process.communicate(timeout=20)
        return self.process.returncode, output

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        with contextlib.suppress(OSError):
            os.close(self.terminal)
