"""The command line loses nothing that was recorded: full disks, folders that vanish, memory that is not enough."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from invoking import TINY, invoke, opened, refused, same

from explorer import Experiment, Training, train
from explorer.dataset import SaveError, save

ROOT = Path(__file__).parents[1]


def test_what_cannot_be_saved_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spare").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))
    target = tmp_path / "o.nc"

    def full(dataset: xr.Dataset, path: Path | str) -> Path:
        if Path(path) == target:
            raise SaveError(f"{path}: could not be written: No space left on device.")
        return save(dataset, path)

    monkeypatch.setattr("explorer.delivering.save", full)
    done = invoke("train", *TINY, "--steps", 5, "--out", target)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert f"Error: {target}: could not be written: No space left on device. What was recorded is in " in done.stderr
    (kept,) = (tmp_path / "spare").rglob("*.nc")
    assert str(kept) in done.stderr
    same(opened(kept), train(Experiment.model_validate_json(opened(kept).attrs["experiment"])))


def test_a_folder_that_vanishes_in_mid_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "spare").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spare"))

    class Removes(Training):
        def __iter__(self) -> Iterator[Any]:
            for update in super().__iter__():
                if self.recorded == 2:
                    folder.rmdir()
                yield update

    monkeypatch.setattr("explorer.commands.Training", Removes)
    done = invoke("train", *TINY, "--steps", 3, "--out", folder / "o.nc")
    assert done.exit_code == 1
    assert "What was recorded is in " in done.stderr
    (kept,) = (tmp_path / "spare").rglob("*.nc")
    assert opened(kept).sizes["step"] == 3


def test_stopped_before_the_first_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(Training):
        def __init__(self, experiment: Experiment, beside: object = ()) -> None:
            super().__init__(experiment)
            self.stop()

    monkeypatch.setattr("explorer.commands.Training", Stopped)
    done = invoke("train", *TINY, "--out", tmp_path / "o.nc")
    assert done.exit_code == 130
    assert done.stderr == "stopped after 0 of 500 updates.\n"
    assert not list(tmp_path.iterdir())


def test_interrupted_before_anything_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(experiment: Experiment) -> xr.Dataset:
        raise KeyboardInterrupt

    monkeypatch.setattr("explorer.commands.measure", interrupted)
    done = invoke("measure", *TINY, "--out", tmp_path / "o.nc")
    assert done.exit_code == 130
    assert "stopped before anything was recorded." in done.stderr


def test_memory_that_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def large(experiment: Experiment) -> xr.Dataset:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr("explorer.commands.measure", large)
    refused(invoke("measure"), "the memory here is not enough; lower batch_size, length or steps.")


def test_signals_are_as_they_were_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert invoke("train", *TINY, "--steps", 2).exit_code == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("ending", ["nc"])
def test_a_full_disk_ends_in_one_sentence(ending: str, tmp_path: Path) -> None:
    """No file may grow beyond 5000 bytes, so nothing can be kept anywhere."""
    folders = {name: tmp_path / name for name in ("out", "TMPDIR", "HOME", "here")}
    for folder in folders.values():
        folder.mkdir()
    words = [sys.executable, "-m", "explorer", "train", *TINY, "--steps", "60", "--out", f"{folders['out']}/o.{ending}"]
    places = {name: str(folder) for name, folder in folders.items() if name.isupper()}
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        words, cwd=folders["here"], env=environment, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    ended, library, sentence = done.stderr.splitlines()
    assert ended == "finished after 60 of 60 updates."
    assert library.startswith("not kept in the run library. ") and library.endswith("File too large.")
    assert sentence.startswith(
        f"Error: {folders['out']}/o.{ending}: could not be written: File too large. Nor could it"
    )
    assert not list(Path(os.environ["EXPLORER_LIBRARY"]).iterdir())
    assert [str(p) for p in tmp_path.rglob("*") if p not in folders.values()] == []


def test_the_library_keeps_a_run_and_nothing_is_trained_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["train", *TINY, "--steps", 5, "--out", tmp_path / "o.nc"]
    assert invoke(*words).exit_code == 0
    first = opened(tmp_path / "o.nc")
    listed = json.loads(invoke("runs", "--json").stdout)
    assert [(run["status"], run["updates"], run["experiment"]["steps"]) for run in listed] == [("finished", 5, 5)]
    assert listed[0]["seconds"] > 0 and listed[0]["loss"] == float(first["loss"][-1])

    def never(experiment: Experiment, beside: object = ()) -> Any:
        raise AssertionError("trained a second time")

    with monkeypatch.context() as patch:
        patch.setattr("explorer.commands.Training", never)
        again = invoke(*words)
        assert again.exit_code == 0
        assert "taken from the run library" in again.stderr
        same(opened(tmp_path / "o.nc"), first)
        assert isinstance(invoke(*words, "--again").exception, AssertionError)
    assert "loss" in invoke("runs").stdout and "1 runs in" in invoke("runs").stderr
    (Path(os.environ["EXPLORER_LIBRARY"]) / "foreign.nc").write_text("not mine")
    done = invoke("runs")
    assert done.exit_code == 0 and "set aside: foreign.nc: it cannot be read" in done.stderr


def test_a_stopped_run_is_trained_to_its_end_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class StopsAfterTwo(Training):
        def __iter__(self) -> Iterator[Any]:
            for update in super().__iter__():
                if self.recorded == 2:
                    self.stop()
                yield update

    with monkeypatch.context() as patch:
        patch.setattr("explorer.commands.Training", StopsAfterTwo)
        assert invoke("train", *TINY, "--steps", 5).exit_code == 130
    assert [run["updates"] for run in json.loads(invoke("runs", "--json").stdout)] == [2]
    done = invoke("train", *TINY, "--steps", 5)
    assert "finished after 5 of 5 updates." in done.stderr
    assert [run["status"] for run in json.loads(invoke("runs", "--json").stdout)] == ["finished"]


def test_a_sweep_makes_only_the_runs_that_the_library_lacks(tmp_path: Path) -> None:
    words = ["sweep", *TINY, "--steps", 4, "--out", tmp_path / "o.nc", "--over"]
    assert invoke(*words, "seed=0,1").exit_code == 0
    done = invoke(*words, "seed=0,1,2")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "3 runs: 3 finished; 12 of 12 updates." in done.stderr
    assert "2 of them were in the run library; nothing is trained twice." in done.stderr
    together = opened(tmp_path / "o.nc")
    for seed in range(3):
        alone = train(Experiment().changed(length=8, hidden_size=3, batch_size=2, device="cpu", steps=4, seed=seed))
        np.testing.assert_allclose(together["grad_h"].sel(seed=seed), alone["grad_h"], rtol=1e-4)
        assert float(alone["grad_h"].min()) > 0
