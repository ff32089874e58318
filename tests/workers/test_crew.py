"""Groups in worker processes: the same rows, in parallel, ended together, and failures in one sentence."""

import threading
import time

import numpy as np
import pytest
from sweeping import config

from explorer import sweep, sweeping
from explorer.grid import Grid
from explorer.recording import Row
from explorer.several import SweepError
from explorer.sweeping import runs_here
from explorer.workers.crew import CrewError, rows_from_processes
from explorer.workers.processes import PROCESSES

FOREVER = config(steps=100_000)


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sweep is worth processes, and there are two cores."""
    monkeypatch.setattr(sweeping, "SOON", -1.0)
    monkeypatch.setattr(sweeping, "CORES", 2)


def test_a_sweep_in_processes_equals_one_made_here(in_processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    over = {"cell.kind": ["tanh", "lstm"], "seed": [0, 1, 2]}
    apart = sweep(config(steps=5), over)
    monkeypatch.setattr(sweeping, "SOON", 1e9)
    here = sweep(config(steps=5), over)
    assert float(here["grad_h"].max()) > 1e-4
    for name in here.data_vars:
        if here[name].dtype.kind == "f":
            np.testing.assert_allclose(apart[name], here[name], rtol=1e-8, atol=0, err_msg=str(name))
        else:
            assert (apart[name] == here[name]).all()


def test_stop_keeps_what_was_made_and_ends_the_processes(in_processes: None) -> None:
    grid, stop = Grid(FOREVER, {"seed": [0, 1]}), threading.Event()
    seen: list[int] = []

    def after_update(number: int, row: Row) -> None:
        seen.append(number)
        if len(seen) > 40:
            stop.set()

    runs = dict(runs_here(grid, stop, after_update))
    assert {run.attrs["status"] for run in runs.values()} == {"stopped"}
    assert sum(run.sizes["step"] for run in runs.values()) == len(seen) < 100_000
    end = time.monotonic() + 10
    while len(PROCESSES._all) > len(PROCESSES._idle):
        assert time.monotonic() < end, "a process is still at work"
        time.sleep(0.05)


def test_a_process_that_dies_is_one_sentence_and_ends_the_others(in_processes: None) -> None:
    found = rows_from_processes([[FOREVER], [FOREVER.changed(seed=1)]], 2)
    rows = next(rows for _, rows in found if rows)
    assert rows[0][1].numbers["loss"] > 0
    busy = [process for process in PROCESSES._all if process not in PROCESSES._idle]
    assert len(busy) == 2
    busy[0].kill()
    with pytest.raises(CrewError, match="ended unexpectedly"):
        for _ in found:
            pass
    busy[1].wait(10)


def test_a_failure_names_the_combination(in_processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_MEMORY_BYTES", "2e9")
    grid = Grid(config(), {"seed": [0, 1]})
    unknown = config().model_copy(update={"batch_size": 0})  # the process refuses it
    monkeypatch.setattr(grid, "experiments", [grid.experiments[0], unknown])
    with pytest.raises(SweepError, match=r"^seed = 1: the run failed: batch_size: 0 is not allowed"):
        list(runs_here(grid, threading.Event()))


def test_a_stop_does_not_wait_for_a_process(in_processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.workers.processes.MOST", -100)  # others have them all
    grid, stop = Grid(FOREVER, {"seed": [0, 1]}), threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    began = time.monotonic()
    assert list(runs_here(grid, stop)) == []
    assert 0.25 < time.monotonic() - began < 5
