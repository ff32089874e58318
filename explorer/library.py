"""The run library: every finished or stopped run, as one NetCDF file under the hash of its experiment.

A folder of plain files, so that several processes can write at once (each file is written elsewhere and moved into
place), nothing has to be running, and a run can be opened with xarray alone. The folder is EXPLORER_LIBRARY, else
the one that this system keeps users' data in. It holds EXPLORER_LIBRARY_BYTES (2·10⁹ by default); beyond, the runs
that were looked at longest ago go first, pinned ones never.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite, nan
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import platformdirs
import xarray as xr

from explorer.budget import limit
from explorer.dataset import PART, SaveError, save
from explorer.experiment import Experiment
from explorer.problems import ExperimentError

FORMAT = 1  # of the files; a newer one is left to the newer program that wrote it
ROOM_BYTES = 2e9
LEFT_OVER = 3600.0  # seconds after which a part of a file is what a process that was killed left behind
_OWN = _FORMAT, _SECONDS = "library_format", "library_seconds"  # attributes that only the files have
_OURS = re.compile(r"[0-9a-f]{16}\.nc")


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


class Library:
    """A folder of runs.

    Args:
        folder: made when the first run is kept.
        room: bytes that its files may fill together.
    """

    def __init__(self, folder: Path, room: float = ROOM_BYTES) -> None:
        self.folder, self.room = folder, room
        self._known: dict[tuple[str, int, int], Entry | Aside] = {}

    def keep(self, run: xr.Dataset, seconds: float = nan) -> None:
        """Keep a run, and how long it took, under its experiment's hash; a longer one of the same is not replaced.

        Raises:
            SaveError: where it cannot be written.
        """
        experiment = Experiment.model_validate_json(run.attrs["experiment"])
        known = self.entry(experiment)
        if known is not None and known.updates >= run.sizes["step"]:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SaveError(f"{self.folder}: could not be made: {error.strerror}.") from None
        path = save(run.assign_attrs({_FORMAT: FORMAT, _SECONDS: seconds}), self._path(experiment), compressed=True)
        self._make_room(spare=path)

    def open(self, experiment: Experiment) -> xr.Dataset | None:
        """The kept run of an experiment, if there is one that can be read; it counts as used from now."""
        path = self._path(experiment)
        try:
            if not isinstance(self._read(path), Entry):
                return None
            run: xr.Dataset = xr.load_dataset(path, engine="h5netcdf")
            os.utime(path)
        except (OSError, ValueError, KeyError, RuntimeError):  # gone, or not whole: as if it were not there
            return None
        return run.drop_attrs(deep=False).assign_attrs({k: v for k, v in run.attrs.items() if k not in _OWN})

    def entry(self, experiment: Experiment) -> Entry | None:
        """What is known of an experiment's kept run, without reading its numbers."""
        try:
            found = self._read(self._path(experiment))
        except OSError:
            return None
        return found if isinstance(found, Entry) else None

    def entries(self) -> tuple[list[Entry], list[Aside]]:
        """All kept runs, the last used first, and the files that are none."""
        found = list(self._all())
        runs = sorted((f for f in found if isinstance(f, Entry)), key=lambda entry: entry.used, reverse=True)
        return runs, sorted((f for f in found if isinstance(f, Aside)), key=lambda aside: aside.name)

    def delete(self, experiment: Experiment) -> None:
        """Give up a kept run."""
        for path in (self._path(experiment), self._pin(self._path(experiment))):
            path.unlink(missing_ok=True)

    def pin(self, experiment: Experiment, *, pinned: bool) -> None:
        """Keep a run however full the library is, or no longer.

        Raises:
            SaveError: where that cannot be noted.
        """
        mark = self._pin(self._path(experiment))
        try:
            mark.touch() if pinned else mark.unlink(missing_ok=True)
        except OSError as error:
            raise SaveError(f"{mark}: could not be written: {error.strerror}.") from None

    def _path(self, experiment: Experiment) -> Path:
        return self.folder / f"{experiment.digest}.nc"

    @staticmethod
    def _pin(path: Path) -> Path:
        return path.with_suffix(".pinned")

    def _all(self) -> Iterator[Entry | Aside]:
        for path in self._files():
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                yield self._read(path)

    def _files(self) -> list[Path]:
        """Everything that is not a pin, nor being written, nor a folder."""
        try:
            return [p for p in self.folder.iterdir() if p.suffix != ".pinned" and PART not in p.name and p.is_file()]
        except OSError:
            return []

    def _read(self, path: Path) -> Entry | Aside:
        """What a file is, read once for each of its versions.

        Raises:
            FileNotFoundError: where there is none.
        """
        stat, pinned = path.stat(), self._pin(path).exists()
        key = (path.name + "+" * pinned, stat.st_mtime_ns, stat.st_size)
        if key not in self._known:
            for old in [k for k in self._known if k[0].rstrip("+") == path.name]:
                self._known.pop(old, None)
            try:
                self._known[key] = _entry(path, stat, pinned=pinned)
            except UnreadableError as error:
                self._known[key] = Aside(path.name, f"{path.name}: {error}")
        return self._known[key]

    def _make_room(self, spare: Path) -> None:
        """Delete the unpinned runs used longest ago until the rest fits, and what killed processes left behind."""
        now, found = time.time(), []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                with contextlib.suppress(OSError):  # another process is making room as well
                    stat = path.stat()
                    if PART in path.name and now - stat.st_mtime > LEFT_OVER:
                        path.unlink()
                    elif _OURS.fullmatch(path.name):
                        found.append((stat.st_mtime, stat.st_size, path))
        filled = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if filled <= self.room:
                break
            if path != spare and not self._pin(path).exists():
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
                filled -= size


def library() -> Library:
    """The library of this user, or the one that EXPLORER_LIBRARY names.

    Raises:
        LimitError: where EXPLORER_LIBRARY_BYTES is no positive number.
    """
    folder = os.environ.get("EXPLORER_LIBRARY", "").strip() or platformdirs.user_data_dir("gradient-flow-explorer")
    room = limit("EXPLORER_LIBRARY_BYTES", ROOM_BYTES)
    key = (folder, room)
    if key not in _libraries:
        _libraries[key] = Library(Path(folder).expanduser(), room)
    return _libraries[key]


_libraries: dict[tuple[str, float], Library] = {}  # one for each folder: each remembers what it has read


def _entry(path: Path, stat: os.stat_result, *, pinned: bool) -> Entry:
    """What a file says of itself.

    Raises:
        FileNotFoundError: where it is gone by now.
        UnreadableError: where it is no run that this version wrote.
    """
    try:
        with h5py.File(path) as file:
            if _FORMAT not in file.attrs:
                raise UnreadableError("it is not a run that this program kept.")
            version, seconds = (np.ravel(file.attrs[name])[0] for name in _OWN)
            text, status = (_text(file.attrs[name]) for name in ("experiment", "status"))
            losses = file["loss"][...]
            for name in file:  # a file cut short may still have its head
                file[name][..., -1:]
    except FileNotFoundError:  # deleted meanwhile
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError):
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
    return Entry(experiment, status, len(losses), float(losses[-1]), float(seconds), used, stat.st_size, pinned)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
