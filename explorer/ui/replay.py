"""A kept run, shown again at the pace at which it was made: nothing is computed twice."""

import time
from math import isfinite

import xarray as xr

from explorer.recording import Status
from explorer.workers.job import Phase

UNKNOWN = 2.0  # seconds for the whole run where it is not known how long it took


class Replay:
    """The rows of a kept run, one after the other, with the interface of a training run.

    Args:
        run: as it was recorded.
        seconds: that its updates took; nan where unknown.
        whole: show all rows at once.
        paused: begin without a row and wait.
    """

    origin = "replayed from the run library"
    error: str | None = None
    place = 0
    stepping = False

    def __init__(self, run: xr.Dataset, seconds: float, *, whole: bool = False, paused: bool = False) -> None:
        self._run, self._total = run, int(run.sizes["step"])
        self._pace = self._total / (seconds if isfinite(seconds) and seconds > 0 else UNKNOWN)
        self._shown, self._since = (self._total if whole else 0), time.monotonic()
        self._phase: Phase = "ended" if whole else "paused" if paused else "running"

    @property
    def phase(self) -> Phase:
        """Whether there is more to come."""
        if self._phase == "running" and self.recorded == self._total:
            self._rest("ended")
        return self._phase

    @property
    def recorded(self) -> int:
        """Number of updates shown so far."""
        more = (time.monotonic() - self._since) * self._pace if self._phase == "running" else 0
        return min(self._total, self._shown + int(more))

    @property
    def status(self) -> Status:
        """How it is going, or went."""
        if self.phase != "ended":
            return "running"
        found: Status = self._run.attrs["status"] if self._shown == self._total else "stopped"
        return found

    @property
    def nbytes(self) -> int:
        """Bytes that its rows fill."""
        return int(self._run.nbytes)

    @property
    def rate(self) -> float:
        """Updates a second."""
        return self._pace

    def dataset(self) -> xr.Dataset | None:
        """The rows shown so far."""
        status, recorded = self.status, self.recorded
        if not recorded:
            return None
        run = self._run.isel(step=slice(0, recorded)).assign_attrs(status=status)
        if status != "diverged":
            run.attrs.pop("diverged_step", None)
        return run

    def touch(self) -> None:
        """Nobody has to be told that somebody is looking."""

    def pause(self) -> None:
        """Wait."""
        if self.phase == "running":
            self._rest("paused")

    def resume(self) -> None:
        """Go on."""
        if self.phase == "paused":
            self._since, self._phase = time.monotonic(), "running"

    def step(self) -> None:
        """Show one more update, then wait."""
        if self.phase != "ended":
            self._rest("paused")
            self._shown += 1
            if self._shown == self._total:
                self._phase = "ended"

    def stop(self) -> None:
        """End here."""
        if self.phase != "ended":
            self._rest("ended")

    def _rest(self, phase: Phase) -> None:
        self._shown = self.recorded
        self._phase = phase
