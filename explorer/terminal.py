"""What the command line tells while it works, and how it is interrupted; all of it on standard error."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import nan
from time import monotonic
from types import TracebackType
from typing import Self

import click

from explorer.findings.facts import number
from explorer.training import Row

INTERRUPTED = 130  # what shells report after Ctrl-C
REDRAW = 0.2  # seconds between two drawings of the bar
TAKEN = 65  # columns that the bar and its numbers need at most
STOPPING = "\nstopping after this update; interrupt again to end at once, without saving.\n"
SHOW_CURSOR = "\033[?25h"  # the bar hides it


def tell(sentence: str) -> None:
    """One line on standard error."""
    click.echo(sentence, err=True)


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and termination ask for an orderly end; a second one ends the process at once."""
    asked = False

    def handler(number: int, frame: object) -> None:
        # os.write: the handler may have interrupted a write to the same stream, which must not be entered twice.
        nonlocal asked
        if asked:
            os.write(2, (SHOW_CURSOR if os.isatty(2) else "").encode())
            os._exit(INTERRUPTED)
        asked = True
        os.write(2, STOPPING.encode())
        stop()

    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


class Progress:
    """A bar with percent, updates done, time left and present loss; in a terminal only."""

    def __init__(self, updates: int) -> None:
        self._bar = click.progressbar(
            length=updates, file=sys.stderr, show_pos=True, show_percent=True, show_eta=True, width=20,
            hidden=not sys.stderr.isatty(), item_show_func=lambda item: item,
        )  # fmt: skip
        self._waiting, self._drawn, self._loss = 0, monotonic(), nan

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.update(self._waiting)
        self._bar.__exit__(kind, error, trace)

    def show(self, row: Row, chance: float, run: str = "") -> None:
        """Count one update; redraw where it is time to.

        Args:
            row: what the update left.
            chance: loss of the best answer without memory.
            run: which run it is, where there are several.
        """
        self._waiting += 1
        if row.numbers["asked"]:
            self._loss = row.numbers["loss"]
        if self._bar.hidden or monotonic() - self._drawn < REDRAW:
            return
        words = f"loss {number(self._loss)} (chance {number(chance)}){'; ' if run else ''}{run}"
        room = shutil.get_terminal_size().columns - TAKEN  # a line that wraps would not be drawn over
        self._bar.update(self._waiting, words[: max(0, room)])
        self._waiting, self._drawn = 0, monotonic()

    def skip(self, updates: int) -> None:
        """Count updates that will not be made."""
        self._waiting += updates
