"""What the command line tells while it works, all of it on standard error."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isnan, nan
from time import monotonic
from types import TracebackType
from typing import Self

import click

from explorer.findings.facts import number
from explorer.recording import Row

REDRAW = 0.2  # seconds between two drawings of the bar
SHARES = 100  # steps of a bar that shows a share
TAKEN = 65  # columns that the bar and its numbers need at most


def tell(sentence: str) -> None:
    """One line on standard error."""
    click.echo(sentence, err=True)


@contextmanager
def share_done() -> Iterator[Callable[[float], None]]:
    """What an instrument tells the share done to: a bar with percent and time left; in a terminal only."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=SHARES, file=sys.stderr, show_eta=True, width=20, hidden=hidden) as bar:

        def told(share: float) -> None:
            if (more := int(SHARES * share) - bar.pos) > 0:
                bar.update(more)

        yield told


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
            chance: the loss of the best answer without memory; nan where there is none to compare with.
            run: which run it is, where there are several.
        """
        self._waiting += 1
        if row.numbers["asked"]:
            self._loss = row.numbers["loss"]
        if self._bar.hidden or monotonic() - self._drawn < REDRAW:
            return
        words = f"loss {number(self._loss)}"
        if not isnan(chance):
            words += f" (chance {number(chance)})"
        if run:
            words += f"; {run}"
        room = shutil.get_terminal_size().columns - TAKEN  # a line that wraps would not be drawn over
        self._bar.update(self._waiting, words[: max(0, room)])
        self._waiting, self._drawn = 0, monotonic()

    def skip(self, updates: int) -> None:
        """Count updates that will not be made."""
        self._waiting += updates
