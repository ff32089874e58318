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
from math import nan
from pathlib import Path

import platformdirs
import xarray as xr

from explorer.budget import limit
from explorer.dataset import PART, SaveError, save
from explorer.entries import FORMAT, FORMAT_KEY, OWN, SECONDS_KEY, Aside, Entry, UnreadableError, read_entry
from explorer.experiment import Experiment

ROOM_BYTES = 2e9
LEFT_OVER = 3600.0  # seconds after which a part of a file is what a process that was killed left behind
_OURS = re.compile(r"[0-9a-f]{16}\.nc")


class Library:
    """A folder of runs.

    Args:
        folder: made when the first run is kept.
        room: bytes that its files may fill together.
    """

    def __init__(self, folder: Path, room: float = ROOM_BYTES) -> None:
        self.folder, self.room = folder, room
        self._known: dict[str, tuple[tuple[int, int, bool], Entry | Aside]] = {}  # many threads look at once

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
        path = save(
            run.assign_attrs({FORMAT_KEY: FORMAT, SECONDS_KEY: seconds}), self._path(experiment), compressed=True
        )
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
        return run.drop_attrs(deep=False).assign_attrs({k: v for k, v in run.attrs.items() if k not in OWN})

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
        """Give up a kept run.

        Raises:
            SaveError: where it cannot be deleted.
        """
        for path in (self._path(experiment), self._pin(self._path(experiment))):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SaveError(f"{path}: could not be deleted: {error.strerror}.") from None

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
            with contextlib.suppress(OSError):  # deleted meanwhile, or the whole folder is out of reach
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
        version = (stat.st_mtime_ns, stat.st_size, pinned)
        known, found = self._known.get(path.name, (None, None))
        if found is None or known != version:
            try:
                found = read_entry(path, stat, pinned=pinned)
            except UnreadableError as error:
                found = Aside(path.name, f"{path.name}: {error}")
            self._known[path.name] = version, found
        return found

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
