"""Sweeps on a Dask cluster of processes: the same as here, also where a worker is killed, and stopped as here."""

import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import numpy as np
import pytest
import xarray as xr
from cluster import Cluster
from distributed import Client
from sweeping import DIVERGES, config

from explorer import SweepError, sweep, train
from explorer.clusters.connecting import ClusterError
from explorer.clusters.runs import runs_on
from explorer.grid import Grid
from explorer.groups import grouped
from explorer.recording import Row
from explorer.sweeping import runs

FOUR = {"cell.kind": ["lstm", "tanh"], "task.length": [10, 12]}  # four shapes, hence four groups

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster for all of them


def exactly(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Equal to the last bit; what is compared is not trivially zero."""
    assert float(np.nanmin(expected["grad_h"])) > 0
    assert list(found.data_vars) == list(expected.data_vars)
    for name, values in expected.data_vars.items():
        np.testing.assert_array_equal(found[name].values, values.values, err_msg=str(name))
    assert found.attrs == expected.attrs


class Seen:
    """The rows of a sweep as they are told."""

    def __init__(self) -> None:
        self.rows: dict[int, list[Row]] = {}

    def __call__(self, number: int, row: Row) -> None:
        self.rows.setdefault(number, []).append(row)

    def once_and_in_order(self, done: dict[int, xr.Dataset]) -> None:
        """Every update of every run was told exactly once."""
        assert self.rows.keys() == done.keys()
        for number, run in done.items():
            for name in ("loss", "grad_norm"):
                told = [row.numbers[name] for row in self.rows[number]]
                assert len(set(told)) > 1
                assert told == run[name].values.tolist()


def test_a_sweep_is_the_same_as_here(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    over, told = {**FOUR, "seed": [0, 1, 2]}, list[tuple[int, int]]()
    monkeypatch.setenv("EXPLORER_SCHEDULER", cluster.address)
    found = sweep(config(steps=30), over, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 12) for done in range(1, 13)]
    with ThreadPoolExecutor(2) as executor:  # as many places, hence the same groups
        exactly(found, sweep(config(steps=30), over, executor))


def test_rows_are_told_once_and_diverged_runs_kept(cluster: Cluster) -> None:
    grid, seen = Grid(config(**DIVERGES), {"optimizer.learning_rate": [100.0, 0.001]}), Seen()
    with Client(cluster.address, set_as_default=False) as client:
        done = dict(runs_on(client, grid, threading.Event(), seen))
        assert client.status == "running", "the caller's own client stays"
    assert [done[number].attrs["status"] for number in (0, 1)] == ["diverged", "finished"]
    assert done[0].sizes["step"] < 20
    assert [len(seen.rows[number]) for number in (0, 1)] == [done[0].sizes["step"], 20]
    assert [row.numbers["loss"] for row in seen.rows[1]] == done[1]["loss"].values.tolist()
    exactly(done[1], train(grid.experiments[1]))


def test_a_killed_worker_loses_nothing(cluster: Cluster) -> None:
    """Killed in the middle of a group, of which rows were told already."""
    grid, seen, killed = Grid(config(steps=150), FOUR), Seen(), list[int]()
    groups = grouped(grid.experiments, places=2)

    def after_update(number: int, row: Row) -> None:
        seen(number, row)
        if len(seen.rows[number]) == 30 and not killed:
            (group,) = (place for place, group in enumerate(groups) if number in group)
            with Client(cluster.address, set_as_default=False) as client:
                at = {
                    address
                    for address, keys in client.processing().items()
                    for key in keys
                    if key.endswith(f"-{group}")
                }
            cluster.kill(*at)
            killed.append(number)

    done = dict(runs_on(cluster.address, grid, threading.Event(), after_update))
    assert killed
    assert [process.poll() is not None for process in cluster.workers].count(True) == 1
    cluster.add_workers()
    seen.once_and_in_order(done)
    exactly(grid.combine(done), sweep(config(steps=150), FOUR))


def test_a_stop_keeps_what_was_recorded(cluster: Cluster) -> None:
    grid, seen, stop = Grid(config(steps=20_000), {**FOUR, "seed": [0]}), Seen(), threading.Event()
    asked = list[float]()

    def after_update(number: int, row: Row) -> None:
        seen(number, row)
        if sum(len(rows) > 20 for rows in seen.rows.values()) == 2 and not stop.is_set():
            asked.append(monotonic())
            stop.set()

    done = dict(runs(grid, stop, after_update, cluster.address))
    assert monotonic() - asked[0] < 10
    found = grid.combine(done)
    assert sorted(found["status"].values.ravel().tolist()) == ["not run", "not run", "stopped", "stopped"]
    assert found.attrs["status"] == "stopped"
    seen.once_and_in_order(done)
    for number, run in done.items():
        rows = run.sizes["step"]
        assert 0 < rows < grid.experiments[number].steps
        alone = train(grid.experiments[number].changed(steps=rows))
        np.testing.assert_array_equal(run["grad_h"].values, alone["grad_h"].values)
        assert float(alone["grad_h"].min()) > 0


def test_nothing_is_left_under_way(cluster: Cluster) -> None:
    """A sweep that its reader leaves ends on the workers as well."""

    def training(dask_worker: Any) -> int:
        return sum(str(key).startswith("explorer-") for key in dask_worker.state.tasks)

    under_way = runs_on(cluster.address, Grid(config(), {"steps": [2, 50_000]}), threading.Event())
    next(under_way)
    with Client(cluster.address, set_as_default=False) as client:
        assert any(client.run(training).values())
        under_way.close()  # type: ignore[attr-defined]
        end = monotonic() + 5
        while any(client.run(training).values()):
            assert monotonic() < end, "a worker trains for nobody"


def test_a_run_that_fails_is_named_and_the_others_are_kept(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_SCHEDULER", cluster.address)
    with pytest.raises(SweepError, match=r"^device = cuda, seed = \d: the run failed: .*CUDA") as caught:
        sweep(config(steps=2), {"device": ["cpu", "cuda"], "seed": [0, 1]})  # in this order, on two workers
    assert not isinstance(caught.value, ClusterError)
    assert caught.value.grid is not None
    assert (caught.value.grid["status"].sel(device="cpu") == "finished").any()
    assert (caught.value.grid["status"].sel(device="cuda") == "not run").all()
