"""Many runs of which nothing is computed twice: what is known comes first, what is new is kept."""

import threading

import numpy as np
import pytest
from invoking import same
from sweeping import config

from explorer import kept_runs as module
from explorer.dataset import SaveError
from explorer.grid import Grid
from explorer.kept_runs import kept_runs
from explorer.library import library
from explorer.several import Several
from explorer.training import Training, train


def test_only_what_is_not_known_is_run(monkeypatch):
    grid = Grid(config(), {"seed": [0, 1, 2, 3]})
    library().keep(train(grid.experiments[2]))
    asked = []
    runs = module.runs

    def counted(several, *rest, **named):
        asked.extend(e.seed for e in several.experiments)
        return runs(several, *rest, **named)

    monkeypatch.setattr(module, "runs", counted)
    rows = []
    found = list(kept_runs(grid, threading.Event(), lambda number, row: rows.append(number)))
    assert found[0][0] == 2 and sorted(number for number, _ in found) == [0, 1, 2, 3]
    assert asked == [0, 1, 3]
    assert sorted(set(rows)) == [0, 1, 3], "rows carry the numbers of the whole"
    for number, run in found:
        alone = train(grid.experiments[number])
        np.testing.assert_allclose(run["grad_h"], alone["grad_h"], rtol=1e-8)
        assert float(alone["grad_h"].max()) > 0
    again = dict(kept_runs(grid, threading.Event(), lambda number, row: pytest.fail("run a second time")))
    for number, run in found:
        same(again[number], run)


def test_a_stopped_run_is_made_again():
    experiment = config(steps=4)
    training = Training(experiment)
    for _ in training:
        training.stop()
    library().keep(training.dataset())
    ((_, run),) = kept_runs(Several([experiment], str), threading.Event())
    assert run.attrs["status"] == "finished" and run.sizes["step"] == 4
    entry = library().entry(experiment)
    assert entry is not None and entry.status == "finished"


def test_a_stop_ends_it():
    stop = threading.Event()
    stop.set()
    assert list(kept_runs(Several([config()], str), stop)) == []


def test_a_full_disk_is_told_and_stops_nothing(monkeypatch):
    def full(run):
        raise SaveError("no space")

    monkeypatch.setattr(library(), "keep", full)
    told = []
    found = list(kept_runs(Grid(config(), {"seed": [0, 1]}), threading.Event(), not_kept=told.append))
    assert len(found) == 2 and told == ["no space", "no space"]
