"""One file of the run library: what it says of its run, read without the run's numbers by time."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from explorer.experiment import Experiment
from explorer.problems import ExperimentError

FORMAT = 1  # of the files; a newer one is left to the newer program that wrote it
OWN = FORMAT_KEY, SECONDS_KEY = "library_format", "library_seconds"  # attributes that only the files have


@dataclass(frozen=True)
class Entry:
    """One kept run.

    Attributes:
        experiment: what was trained.
        status: `finished`, `stopped` or `diverged`.
        updates: number of updates recorded.
        loss: of the last update.
        seconds: that its updates took; nan where nobody measured that.
        used: when it was kept or last opened.
        size: of its file, in bytes.
        pinned: whether it stays however full the library is.
    """

    experiment: Experiment
    status: str
    updates: int
    loss: float
    seconds: float
    used: datetime
    size: int
    pinned: bool

    def plain(self) -> dict[str, Any]:
        """The same as JSON holds it; numbers that are not finite are null."""
        numbers = {"loss": self.loss, "seconds": self.seconds}
        return {
            "digest": self.experiment.digest,
            "status": self.status,
            "updates": self.updates,
            **{name: value if isfinite(value) else None for name, value in numbers.items()},
            "used": self.used.isoformat(),
            "bytes": self.size,
            "pinned": self.pinned,
            "experiment": self.experiment.model_dump(mode="json"),
        }


@dataclass(frozen=True)
class Aside:
    """A file in the library's folder that is no run this version can read, and the sentence of why."""

    name: str
    sentence: str


class UnreadableError(Exception):
    """A file is not a run that this version wrote; the sentence says what it is."""


def read_entry(path: Path, stat: os.stat_result, *, pinned: bool) -> Entry:
    """What a file says of itself.

    Raises:
        FileNotFoundError: where it is gone by now.
        UnreadableError: where it is no run that this version wrote.
    """
    try:
        with h5py.File(path) as file:
            if FORMAT_KEY not in file.attrs:
                raise UnreadableError("it is not a run that this program kept.")
            version, seconds = (float(np.ravel(file.attrs[name])[0]) for name in OWN)
            text, status = (_text(file.attrs[name]) for name in ("experiment", "status"))
            losses = file["loss"][...]
            updates, loss = len(losses), float(losses[-1])
            for name in file:  # a file cut short may still have its head
                file[name][..., -1:]
    except FileNotFoundError:  # deleted meanwhile
        raise
    except (OSError, LookupError, RuntimeError, ValueError, TypeError, AttributeError):
        raise UnreadableError("it cannot be read; it was cut short, or is no NetCDF file.") from None
    if version > FORMAT:
        raise UnreadableError("a newer version of this program wrote it; open it with that.")
    try:
        experiment = Experiment.model_validate_json(text)
    except (ExperimentError, ValueError):
        raise UnreadableError("another version of this program wrote it, with settings not known here.") from None
    if f"{experiment.digest}.nc" != path.name:
        raise UnreadableError(f"it holds another experiment than its name says; that would be {experiment.digest}.nc.")
    used = datetime.fromtimestamp(stat.st_mtime, UTC)
    return Entry(experiment, status, updates, loss, seconds, used, stat.st_size, pinned)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
