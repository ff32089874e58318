"""Many runs side by side for a page: a thread that gathers what comes of them, and a stop that works."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from math import inf

import xarray as xr

from explorer.findings.summary import summary
from explorer.kept_runs import kept_runs
from explorer.recording import Recording, Row
from explorer.several import Several
from explorer.workers.job import GRACE, LEASE, Phase


class SideBySide:
    """Runs under way: start them by making this, poll it, stop it.

    Without polls for `lease` seconds, or once `present` has said no for `grace` seconds, all of it ends; what was
    recorded is in the run library by then.

    Args:
        several: what to run.
        whole: hold the rows of all runs, for pages that show them; else only what each comes to.

    Attributes:
        summaries: number of a run → what it came to, as they end.
        made: updates made, those of runs that were kept before included.
        total: updates asked for.
        error: the sentence of what ended it early or could not be kept, if something did.
        thread: gathers; ends with the last run.
    """

    def __init__(
        self,
        several: Several,
        *,
        whole: bool = False,
        lease: float = LEASE,
        present: Callable[[], bool] = lambda: True,
        grace: float = GRACE,
    ) -> None:
        self.several = several
        self.summaries: dict[int, xr.Dataset] = {}
        self.made, self.total = 0, sum(experiment.steps for experiment in several.experiments)
        self.error: str | None = None
        self._runs: dict[int, xr.Dataset] = {}
        self._recordings: dict[int, Recording] = {}
        self._counts: Counter[int] = Counter()  # updates made of each run under way
        self._whole, self._fresh, self._began = whole, 0, inf
        self._stop = threading.Event()
        self._lease, self._seen = lease, time.monotonic()
        self._present, self._grace = present, grace
        self.thread = threading.Thread(target=self._gather, name="side-by-side", daemon=True)
        self.thread.start()
        threading.Thread(target=self._watch, name="lease-side-by-side", daemon=True).start()

    @property
    def phase(self) -> Phase:
        """Whether runs are under way."""
        return "running" if self.thread.is_alive() else "ended"

    @property
    def stopped(self) -> bool:
        """Whether it was told to end early."""
        return self._stop.is_set()

    @property
    def left(self) -> float | None:
        """Seconds still needed at the rate so far; None before that is known."""
        passed = time.monotonic() - self._began
        return (self.total - self.made) * passed / self._fresh if self._fresh > 20 and passed > 1 else None

    def dataset(self, number: int) -> xr.Dataset | None:
        """The rows of one run so far, where they are held; None before its first update."""
        if number in self._runs:
            return self._runs[number]
        recording = self._recordings.get(number)
        return recording.dataset() if recording is not None and recording.recorded else None

    def touch(self) -> None:
        """Say that somebody is still looking."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        """End all runs before their next update; what was recorded stays."""
        self._stop.set()

    def _gather(self) -> None:
        try:
            for number, run in kept_runs(self.several, self._stop, self._after, aside=True, not_kept=self._complain):
                self.summaries[number] = summary(run)
                if self._whole:
                    self._runs[number] = run
                    self._recordings.pop(number, None)
                # What a kept run has, or one that diverged leaves out, is done as well.
                asked = self.several.experiments[number].steps
                done = asked if run.attrs["status"] != "stopped" else run.sizes["step"]
                self.made += done - self._counts.pop(number, 0)
        except Exception as error:  # whatever it is, the page says it in one sentence
            self.error = str(error).partition("\n")[0] or type(error).__name__

    def _after(self, number: int, row: Row) -> None:
        if self._fresh == 0:
            self._began = time.monotonic()
        self._fresh += 1
        self.made += 1
        self._counts[number] += 1
        if self._whole and row.by_time:  # from a cluster, norms by time come with the run
            self._recordings.setdefault(number, Recording(self.several.experiments[number])).keep(row)

    def _complain(self, sentence: str) -> None:
        self.error = sentence

    def _watch(self) -> None:
        """End the runs when nobody has looked for the length of the lease, or the page has been gone for the grace."""
        here = time.monotonic()
        while self.thread.is_alive():
            now = time.monotonic()
            here = now if self._present() else here
            if now - self._seen > self._lease or now - here > self._grace:
                self.stop()
            self.thread.join(min(1.0, self._lease / 4, self._grace / 4))
