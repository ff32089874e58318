"""Ctrl-C and termination, sent to the real process, whose standard error is a terminal."""

import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest
import xarray as xr
from child import Child
from invoking import TINY, opened

from explorer import Experiment, Training


@pytest.fixture
def child() -> Iterator[Any]:
    children: list[Child] = []

    def start(*args: object) -> Child:
        children.append(Child(*args))
        return children[-1]

    yield start
    for one in children:
        one.close()


def first_rows(experiment: Experiment, rows: int) -> xr.Dataset:
    training = Training(experiment)
    for _ in training:
        if training.recorded == rows:
            break
    return training.dataset()


@pytest.mark.parametrize("number", [signal.SIGTERM])  # Ctrl-C: the sweep below
def test_an_interrupted_training_is_saved(number: int, child: Any, tmp_path: Path) -> None:
    run = child("train", *TINY, "--steps", 50_000, "--out", tmp_path / "o.nc")
    bar = r" \d+/50000 +\d+%  "
    run.wait_for(
        bar + (r"(\dd )?\d\d:\d\d:\d\d  " if number == signal.SIGINT else "") + r"loss [\d.e-]+ \(chance 0\.17\)"
    )
    run.process.send_signal(number)
    code, output = run.end()
    assert (code, output) == (130, "")
    assert "Traceback" not in run.told
    found = opened(tmp_path / "o.nc")
    rows = found.sizes["step"]
    assert found.attrs["status"] == "stopped"
    assert 0 < rows < 50_000
    assert f"stopped after {rows} of 50000 updates." in run.told
    assert f"saved to {tmp_path / 'o.nc'}." in run.told
    alone = first_rows(Experiment.model_validate_json(found.attrs["experiment"]), rows)
    xr.testing.assert_equal(found, alone)
    assert float(alone["grad_h"].min()) > 0
    assert [p.name for p in tmp_path.iterdir()] == ["o.nc"]


def test_an_interrupted_sweep_is_saved(child: Any, tmp_path: Path) -> None:
    words = ("--over", "seed=0,1,2", "--over", "steps=3,50000")
    run = child("sweep", *TINY, *words, "--out", tmp_path / "o.nc")
    run.wait_for(r" \d+/150009 +\d+%  .*; \d of 6 runs done")
    run.process.send_signal(signal.SIGINT)
    code, output = run.end()
    assert (code, output) == (130, "")
    found = opened(tmp_path / "o.nc")
    statuses = found["status"].sel(steps=50_000).values.tolist()
    assert "stopped" in statuses
    assert set(statuses) <= {"stopped", "not run"}, "another process may not have begun yet"
    assert found.attrs["status"] == "stopped"
    made = found["recorded"].sel(steps=50_000)
    assert f"; {int(found['recorded'].sum())} of 150009 updates." in run.told
    config = Experiment.model_validate_json(found.attrs["experiment"])
    for seed, rows in zip(made["seed"].values, made.values.tolist(), strict=True):
        if rows == 0:
            continue
        alone = first_rows(config.changed(steps=50_000, seed=int(seed)), rows)
        assert float(alone["grad_h"].max()) > 1e-4
        for name, values in alone.data_vars.items():
            kept = found[name].sel(seed=seed, steps=50_000)[:rows]
            np.testing.assert_allclose(kept, values, rtol=1e-3, atol=1e-6)  # float32, many updates on


def test_a_second_interrupt_ends_at_once(child: Any, tmp_path: Path) -> None:
    slow = ["--length=10000", "--hidden-size=64", "--batch-size=4", "--truncation=window", "--k1=1", "--k2=40"]
    run = child("train", *slow, "--out", tmp_path / "o.nc")
    run.wait_for(r" 0/500 +0%")
    sleep(
        2
    )  # well into the first update, which takes many seconds: before, torch still imports, and prints what it ends
    run.process.send_signal(signal.SIGINT)
    run.wait_for("stopping after this update; interrupt again to end at once, without saving")
    start = monotonic()
    run.process.send_signal(signal.SIGINT)
    assert run.end() == (130, "")
    assert monotonic() - start < 2
    assert run.told.endswith("\033[?25h"), "the cursor stays hidden"
    assert not list(tmp_path.iterdir())
