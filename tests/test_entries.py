"""The run library where things are not as they should be: odd files, a folder out of reach, many who look at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xarray as xr

from explorer.dataset import SaveError
from explorer.experiment import Experiment
from explorer.library import Library
from explorer.training import train

TINY = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 6}, "cell": {"kind": "lstm", "hidden_size": 3}, "batch_size": 2, "steps": 7}
)


@pytest.fixture(scope="module")
def run() -> xr.Dataset:
    return train(TINY)


@pytest.fixture
def here(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def test_a_run_without_updates_is_set_aside(here: Library, run: xr.Dataset) -> None:
    here.keep(run)
    (path,) = here.folder.glob("*.nc")
    run.isel(step=slice(0, 0)).assign_attrs(library_format=1, library_seconds=1.0).to_netcdf(path, engine="h5netcdf")
    entries, (aside,) = here.entries()
    assert not entries and aside.name == path.name and here.entry(TINY) is None


def test_what_cannot_be_deleted_is_one_sentence(here: Library) -> None:
    (here.folder / f"{TINY.digest}.nc").mkdir(parents=True)
    with pytest.raises(SaveError, match="could not be deleted"):
        here.delete(TINY)


def test_many_look_while_others_pin(here: Library, run: xr.Dataset) -> None:
    for seed in range(12):
        experiment = TINY.changed(seed=seed)
        here.keep(run.assign_attrs(experiment=experiment.model_dump_json()))

    def look(turn: int) -> int:
        if turn % 2:
            here.pin(TINY.changed(seed=turn % 12), pinned=turn % 4 == 1)
        return len(here.entries()[0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(60))) == {12}
