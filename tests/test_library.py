"""The run library: what is kept comes back exactly, whole or not at all, and what is none of its own harms nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from invoking import same

from explorer.budget import LimitError
from explorer.dataset import PART, SaveError
from explorer.experiment import Experiment
from explorer.library import LEFT_OVER, Library, library
from explorer.training import Training, train

TINY = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 6}, "cell": {"kind": "lstm", "hidden_size": 3}, "batch_size": 2, "steps": 7}
)


def run_of(experiment: Experiment, updates: int | None = None) -> xr.Dataset:
    training = Training(experiment)
    for row in training:
        assert row.finite
        if training.recorded == updates:
            training.stop()
    return training.dataset()


@pytest.fixture(scope="module")
def run() -> xr.Dataset:
    return train(TINY)


@pytest.fixture
def here(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def test_a_kept_run_comes_back_exactly(here: Library, run: xr.Dataset) -> None:
    assert here.open(TINY) is None and here.entry(TINY) is None
    here.keep(run, 1.5)
    back = here.open(TINY)
    assert back is not None
    same(back, run)
    assert float(back["grad_h"].min()) > 0
    (entry,), aside = here.entries()
    assert (entry.experiment, entry.status, entry.updates, entry.seconds, entry.pinned) == (
        TINY, "finished", 7, 1.5, False,
    )  # fmt: skip
    assert entry.loss == float(run["loss"][-1]) and not aside
    assert Library(here.folder).entry(TINY) == entry, "another process sees the same"


def test_the_longest_run_of_an_experiment_stays(here: Library, run: xr.Dataset) -> None:
    here.keep(run_of(TINY, 3))
    entry = here.entry(TINY)
    assert entry is not None and (entry.status, entry.updates) == ("stopped", 3)
    here.keep(run)
    here.keep(run_of(TINY, 3))
    back = here.open(TINY)
    assert back is not None and back.attrs["status"] == "finished" and back.sizes["step"] == 7


def test_what_is_not_finite_is_kept(here: Library) -> None:
    wild = TINY.changed(cell="relu", clipping="none", optimizer="sgd", learning_rate=100, steps=200)
    diverged = train(wild)
    assert diverged.attrs["status"] == "diverged" and not np.isfinite(diverged["grad_h"][-1]).all()
    here.keep(diverged)
    back = here.open(wild)
    assert back is not None
    same(back, diverged)


def test_the_runs_used_longest_ago_make_room(here: Library, run: xr.Dataset) -> None:
    asked = [TINY.changed(seed=seed) for seed in range(5)]
    for place, experiment in enumerate(asked):
        here.keep(run.assign_attrs(experiment=experiment.model_dump_json()))
        os.utime(here.folder / f"{experiment.digest}.nc", (place + 1, place + 1))
    entry = here.entry(asked[0])
    assert entry is not None
    here.pin(asked[0], pinned=True)
    here.open(asked[1])  # used just now
    small = Library(here.folder, room=3.5 * entry.size)
    newest = TINY.changed(seed=9)
    small.keep(run.assign_attrs(experiment=newest.model_dump_json()))
    left, _ = small.entries()
    assert {e.experiment.seed for e in left} == {0, 1, 9}, "the pinned, the one just used and the newest"
    assert [e.experiment.seed for e in left if e.pinned] == [0]
    small.pin(asked[0], pinned=False)
    small.delete(asked[1])
    assert {e.experiment.seed for e in small.entries()[0] if not e.pinned} == {0, 9}


def spoil(path: Path, how: str) -> None:
    """Make a file of the library into something else."""
    if how == "cut short":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif how == "cut near its end":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a run")
    elif how == "newer":
        with h5py.File(path, "r+") as file:
            file.attrs["library_format"] = 99
    elif how == "other settings":
        with h5py.File(path, "r+") as file:
            file.attrs["experiment"] = '{"cell": {"kind": "of-later-times"}}'
    elif how == "no experiment":
        with h5py.File(path, "r+") as file:
            del file.attrs["experiment"]
    elif how == "foreign":
        xr.Dataset({"temperature": ("x", [1.0])}).to_netcdf(path, engine="h5netcdf")
    elif how == "renamed":
        path.rename(path.with_name(f"{'0' * 16}.nc"))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("cut short", "cut short"), ("cut near its end", "cut short"), ("empty", "cut short"), ("text", "no NetCDF"),
        ("newer", "newer version"), ("other settings", "another version"), ("no experiment", "cut short"),
        ("foreign", "not a run"), ("renamed", "another experiment"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_harms_no_other(here: Library, run: xr.Dataset, how: str, words: str) -> None:
    other = TINY.changed(seed=5)
    here.keep(run)
    here.keep(run.assign_attrs(experiment=other.model_dump_json()))
    spoil(here.folder / f"{TINY.digest}.nc", how)
    for each in (here, Library(here.folder)):
        entries, (aside,) = each.entries()
        assert [entry.experiment for entry in entries] == [other]
        assert words in aside.sentence and aside.sentence.startswith(aside.name) and "Error" not in aside.sentence
        assert each.open(TINY) is None
    here.keep(run)
    assert here.open(TINY) is not None, "a new run takes the place of what cannot be read"


def test_a_folder_and_a_strange_name_are_no_runs(here: Library, run: xr.Dataset) -> None:
    here.keep(run)
    (here.folder / "notes.txt").write_text("mine")
    (here.folder / "old").mkdir()
    Library(here.folder, room=1).keep(run.assign_attrs(experiment=TINY.changed(seed=1).model_dump_json()))
    assert (here.folder / "notes.txt").read_text() == "mine", "only runs make room"
    assert [aside.name for aside in here.entries()[1]] == ["notes.txt"]


def test_what_a_killed_process_left_goes_after_an_hour(here: Library, run: xr.Dataset) -> None:
    here.keep(run)
    old, new = here.folder / f"{PART}old", here.folder / f"{PART}new"
    for path in (old, new):
        path.write_bytes(b"half a run")
    os.utime(old, (time.time() - LEFT_OVER - 60,) * 2)
    assert not here.entries()[1], "what is being written is not listed"
    here.keep(run.assign_attrs(experiment=TINY.changed(seed=1).model_dump_json()))
    assert not old.exists() and new.exists()


WRITER = """
import sys
from pathlib import Path
import xarray as xr
from explorer.library import Library
run, folder, first = xr.load_dataset(sys.argv[1], engine="h5netcdf"), Library(Path(sys.argv[2])), int(sys.argv[3])
from explorer.experiment import Experiment
base = Experiment.model_validate_json(run.attrs["experiment"])
print("writing", flush=True)
for number in range(10**6):
    folder.keep(run.assign_attrs(experiment=base.changed(seed=first + number % 4).model_dump_json()))
    folder.delete(base.changed(seed=first + number % 4)) if number % 3 == 2 else None
"""


def test_writers_killed_in_mid_write_leave_whole_files(here: Library, run: xr.Dataset, tmp_path: Path) -> None:
    source = tmp_path / "run.nc"
    run.to_netcdf(source, engine="h5netcdf")
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", WRITER, str(source), str(here.folder)]
    writers = [
        subprocess.Popen([*command, first], cwd=root, stdout=subprocess.PIPE) for first in ("0", "2")
    ]  # both write seeds 2 and 3
    try:
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline()
        begun, seen = time.monotonic(), 0
        while time.monotonic() < begun + 1 or (seen < 2 and time.monotonic() < begun + 30):
            entries, aside = here.entries()
            assert not aside
            seen = max(seen, len(entries))
        assert seen >= 2
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait(10)
            writer.stdout.close()  # type: ignore[union-attr]
    entries, aside = Library(here.folder).entries()
    assert entries and not aside
    for entry in entries:
        back = here.open(entry.experiment)
        assert back is not None
        np.testing.assert_array_equal(back["grad_h"], run["grad_h"])


def test_the_environment_names_folder_and_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_LIBRARY", str(tmp_path / "mine"))
    monkeypatch.setenv("EXPLORER_LIBRARY_BYTES", "1e6")
    assert (library().folder, library().room) == (tmp_path / "mine", 1e6)
    assert library() is library()
    monkeypatch.setenv("EXPLORER_LIBRARY_BYTES", "lots")
    with pytest.raises(LimitError, match="EXPLORER_LIBRARY_BYTES: 'lots'"):
        library()
    monkeypatch.delenv("EXPLORER_LIBRARY_BYTES")
    monkeypatch.delenv("EXPLORER_LIBRARY")
    assert library().folder.name == "gradient-flow-explorer"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, run: xr.Dataset) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="could not be made"):
        Library(tmp_path / "file" / "library").keep(run)
    assert Library(tmp_path / "file" / "library").entries() == ([], [])
