"""Datasets: dimensions, units, and files that are whole or not there."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from experiments import EXPLODING

from explorer import Experiment, train
from explorer.dataset import SaveError, check_target, run_dataset, save


def run() -> xr.Dataset:
    """Some rows with all that is hard to keep: exact zeros, subnormal numbers, infinity and nan."""
    grad_h = np.array([[0.0, 1e-310, 1e300], [np.inf, np.nan, 2.0]])
    numbers = {"loss": np.array([1.5, np.inf]), "accuracy": np.array([np.nan, 0.25])}
    return run_dataset(
        {"grad_h": grad_h, **numbers}, {"status": "diverged", "experiment": '{"seed": 3}', "chance_loss": 1 / 6}
    )


def diverged() -> xr.Dataset:
    return train(Experiment.model_validate(EXPLODING))


def test_rows_become_variables_with_units() -> None:
    found = run()
    assert found.grad_h.dims == ("step", "time") and found.loss.dims == ("step",)
    assert found.step.values.tolist() == [0, 1] and found.time.values.tolist() == [1, 2, 3]
    assert found.grad_h.attrs["long_name"].startswith("sum over the batch")
    assert found.attrs["status"] == "diverged"


@pytest.mark.parametrize("make", [run, diverged])
def test_netcdf_keeps_everything(tmp_path: Path, make: object) -> None:
    assert callable(make)
    dataset = make()
    path = save(dataset, tmp_path / "run.nc")
    with xr.open_dataset(path, engine="h5netcdf") as found:
        xr.testing.assert_identical(found.load(), dataset)
    assert dataset.attrs["status"] == "diverged"
    assert not np.isfinite(dataset.loss.values[-1])
    assert list(tmp_path.iterdir()) == [path]


def test_csv_has_a_row_for_every_step_and_time(tmp_path: Path) -> None:
    dataset = run()
    path = save(dataset, tmp_path / "run.csv")
    found = pd.read_csv(path)
    assert len(found) == 6 and list(found.columns[:2]) == ["step", "time"]
    for row in found.itertuples():
        np.testing.assert_equal(row.grad_h, dataset.grad_h.sel(step=row.step, time=row.time).item())
        np.testing.assert_equal(row.loss, dataset.loss.sel(step=row.step).item())
    assert json.loads((tmp_path / "run.experiment.json").read_text())["seed"] == 3


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("run.txt", "cannot tell the format; end the name in .nc or .csv"),
        ("run", "cannot tell the format"),
        ("nowhere/run.nc", "does not exist"),
        ("folder.nc", "cannot be written there"),
    ],
)
def test_a_bad_target_is_named_before_the_run(tmp_path: Path, name: str, word: str) -> None:
    (tmp_path / "folder.nc").mkdir()
    for write in (check_target, lambda path: save(run(), path)):
        with pytest.raises(SaveError, match=word) as caught:
            write(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing more fails with an OSError, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["run.nc", "run.csv"])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, name: str) -> None:
    old = save(run(), tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    big = run_dataset({"grad_h": np.random.default_rng(0).random((200, 100))}, {"experiment": "{}"})
    with files_of_at_most(4000), pytest.raises(SaveError, match="could not be written: File too large"):
        save(big, old)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["run.nc", "run.csv"])
def test_files_are_readable_for_others_as_the_mask_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patched:
            patched.delattr(os, "umask")  # it belongs to the whole process, so no thread may change it for a moment
            save(run(), tmp_path / name)
        found = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        beside = {"run.experiment.json": 0o640} if name.endswith("csv") else {}
        assert found == {name: 0o640, **beside}
    finally:
        os.umask(before)


def test_a_table_and_its_experiment_are_replaced_together(tmp_path: Path) -> None:
    (tmp_path / "run.csv").write_text("old")
    (tmp_path / "run.experiment.json").mkdir()
    with pytest.raises(SaveError, match="could not be written"):
        save(run(), tmp_path / "run.csv")
    assert (tmp_path / "run.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.csv", "run.experiment.json"]
