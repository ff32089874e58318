"""How the command line is interrupted: before there is anything to keep, and while there is."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # what shells report after Ctrl-C
STOPPING = "\nstopping after this update; interrupt again to end at once, without saving.\n"
SHOW_CURSOR = "\033[?25h"  # the progress bar hides it


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Ctrl-C ends the process without a word: for the time in which libraries are imported."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # ignored, or somebody else's
        yield
        return
    # Not by KeyboardInterrupt: raised inside an import, some libraries print it and raise something else instead.
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and termination ask for an orderly end; a second one ends the process at once.

    A handler that was not installed from Python is left in its place, for Python could not put it back.
    """
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

    ours = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not None]
    before = {number: signal.signal(number, handler) for number in ours}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
