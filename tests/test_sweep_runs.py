"""`sweep`: padding, runs that diverge or fail, executors, stopping."""

import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from sweeping import DIVERGES, config, reopened, same

from explorer import SweepError, sweep, train
from explorer.grid import Grid
from explorer.recording import Row
from explorer.sweeping import runs_here


def test_shorter_runs_and_sequences_are_padded_with_nan() -> None:
    grid = sweep(config(), {"task.length": [6, 12], "steps": [2, 5]})
    assert grid["grad_h"].shape == (2, 2, 5, 12)
    for length in (6, 12):
        for steps in (2, 5):
            alone = train(config(task={"kind": "adding", "length": length}, steps=steps))
            same(grid.sel(length=length, steps=steps), alone)
    assert grid["recorded"].values.tolist() == [[2, 5], [2, 5]]
    assert "signal" not in grid.attrs, "differs between the runs"


def test_diverged_runs_are_kept_and_marked(tmp_path: Path) -> None:
    grid = sweep(config(**DIVERGES), {"optimizer.learning_rate": [100.0, 0.001], "seed": [0, 1]})
    assert grid["status"].values.tolist() == [["diverged", "diverged"], ["finished", "finished"]]
    assert grid.attrs["status"] == "diverged"
    alone = train(config(**DIVERGES))
    assert not np.isfinite(alone["loss"].values).all()
    assert 0 < alone.sizes["step"] < 20
    same(grid.sel(learning_rate=100.0, seed=0), alone)
    assert np.isinf(reopened(grid, tmp_path)["grad_h"].values).any()


def _gives_the_same_grid(executor: Executor) -> None:
    over, seen = {"cell.kind": ["lstm", "tanh"], "task.length": [10, 40]}, list[tuple[int, int]]()
    grid = sweep(config(steps=6), over, executor, progress=lambda done, total: seen.append((done, total)))
    here = sweep(config(steps=6), over)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert float(here["grad_c"].sel(cell="lstm").min()) > 0
    xr.testing.assert_allclose(grid, here, rtol=1e-8, atol=0)
    assert grid.attrs == here.attrs
    assert list(grid.data_vars) == list(here.data_vars)


def test_threads_of_an_executor_give_the_same_grid() -> None:
    with ThreadPoolExecutor(2) as executor:
        _gives_the_same_grid(executor)


def test_processes_of_an_executor_give_the_same_grid_and_one_that_is_killed_ends_in_a_sentence() -> None:
    def kill(done: int, total: int) -> None:
        for process in executor._processes.values():
            process.kill()

    with ProcessPoolExecutor(2, get_context("spawn"), torch.set_num_threads, (1,)) as executor:
        _gives_the_same_grid(executor)
        with pytest.raises(SweepError, match=r"^steps = 20000: the run failed: A process .* terminated") as caught:
            sweep(config(), {"steps": [20_000, 1]}, executor, progress=kill)
    assert caught.value.grid is not None
    assert caught.value.grid["status"].values.tolist() == ["not run", "finished"]


class _OnlyTheThird(Executor):
    """Makes one run; the others wait for ever, unless they are cancelled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures.append(future)
        if len(self.futures) == 3:
            future.set_result(fn(*args, **kwargs))
        if len(self.futures) == 4 and self.error is not None:
            future.set_exception(self.error)
        return future


LENGTHS = {"task.length": [16, 14, 12, 10]}  # four shapes, hence four groups, the largest first


def test_stopping_cancels_what_has_not_begun_elsewhere() -> None:
    executor, stop, seen = _OnlyTheThird(), threading.Event(), list[tuple[int, int]]()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        stop.set()

    grid = sweep(config(), LENGTHS, executor, progress, stop)
    assert seen == [(1, 4)], "runs are told as they complete, not in their order"
    assert [future.cancelled() for future in executor.futures] == [True, True, False, True]
    assert grid["status"].values.tolist() == ["not run", "not run", "finished", "not run"]
    assert grid.attrs["status"] == "stopped"
    same(grid.sel(length=12), train(config(task={"kind": "adding", "length": 12})))


def test_a_run_that_fails_is_named_and_the_others_are_kept() -> None:
    executor = _OnlyTheThird(RuntimeError("the worker was lost"))
    with pytest.raises(SweepError, match=r"^length = 10: the run failed: the worker was lost$") as caught:
        sweep(config(), LENGTHS, executor, stop=threading.Event())
    assert all(future.cancelled() for future in executor.futures[:2])
    assert caught.value.grid is not None
    same(caught.value.grid.sel(length=12), train(config(task={"kind": "adding", "length": 12})))


class _OneThenBroken(_OnlyTheThird):
    """Makes one run, then breaks, and takes nothing any more."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if len(self.futures) == 3:
            raise BrokenExecutor("the pool is gone")
        return super().submit(fn, *args, **kwargs)


def test_an_executor_that_breaks_keeps_what_was_done() -> None:
    with pytest.raises(SweepError, match=r"^length = 10: the run failed: the pool is gone$") as caught:
        sweep(config(), LENGTHS, _OneThenBroken())
    assert caught.value.grid is not None
    assert caught.value.grid["status"].values.tolist() == ["not run", "not run", "finished", "not run"]


def test_runs_that_an_executor_gives_up_are_named() -> None:
    with ThreadPoolExecutor(1) as executor:

        def shut_down(done: int, total: int) -> None:
            executor.shutdown(wait=False, cancel_futures=True)

        with pytest.raises(SweepError, match=r"^length = 1\d: the run failed: the executor gave it up$") as caught:
            sweep(config(), LENGTHS, executor, progress=shut_down)
    assert caught.value.grid is not None
    assert caught.value.grid["status"].sel(length=16) == "finished"


def test_stopping_here_keeps_whole_rows_of_the_runs_under_way(tmp_path: Path) -> None:
    grid, stop = Grid(config(steps=9), {"task.length": [12, 10, 8], "seed": [0, 1]}), threading.Event()

    seen: list[int] = []

    def after_update(number: int, row: Row) -> None:
        seen.append(number)
        if seen.count(2) == 5:
            stop.set()

    found = grid.combine(dict(runs_here(grid, stop, after_update)))
    assert found["status"].values.tolist() == [["finished"] * 2, ["stopped"] * 2, ["not run"] * 2]
    assert found["recorded"].values.tolist() == [[9, 9], [5, 5], [0, 0]]
    assert found.attrs["status"] == "stopped"
    stopped = found.sel(length=10, seed=1)
    alone = train(config(steps=9, seed=1, task={"kind": "adding", "length": 10})).isel(step=slice(5))
    assert float(alone["grad_h"].min()) > 0
    np.testing.assert_allclose(stopped["grad_h"][:5, :10], alone["grad_h"], rtol=1e-8, atol=0)
    assert np.isnan(stopped["grad_h"][5:]).all()
    assert np.isnan(found["loss"].sel(length=8)).all()
    reopened(found, tmp_path)


def test_stopped_before_the_first_update() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SweepError, match="no run"):
        sweep(config(), {"seed": [0]}, stop=stop)
