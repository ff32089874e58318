"""Runs side by side for a page: what comes of them, how far they are, and that they end."""

import time

import numpy as np

from explorer.experiment import Experiment
from explorer.grid import Grid
from explorer.library import library
from explorer.several import Several
from explorer.training import train
from explorer.workers.processes import PROCESSES
from explorer.workers.side_by_side import SideBySide

SMALL = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 8}, "cell": {"kind": "tanh", "hidden_size": 4}, "batch_size": 2, "steps": 6}
)
LONG = {"steps": 100_000}


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_what_comes_of_a_grid():
    library().keep(train(SMALL.changed(seed=1)))
    job = SideBySide(Grid(SMALL, {"seed": [0, 1, 2]}))
    job.thread.join(30)
    assert (job.phase, job.made, job.total, job.error, job.stopped) == ("ended", 18, 18, None, False)
    assert sorted(job.summaries) == [0, 1, 2]
    assert all(float(found["updates"]) == 6 and float(found["reach"]) > 0 for found in job.summaries.values())
    assert job.dataset(0) is None, "rows are not held unless asked for"


def test_rows_are_there_while_it_runs_and_a_stop_keeps_them():
    job = SideBySide(Several([SMALL.changed(**LONG), SMALL.changed(cell="lstm", **LONG)], "AB".__getitem__), whole=True)
    until(lambda: all(job.dataset(number) is not None for number in (0, 1)))
    until(lambda: job.left is not None)
    seen = job.dataset(0)
    assert float(seen["grad_h"].min()) > 0 and job.left > 0
    job.stop()
    job.thread.join(20)
    assert job.stopped and job.phase == "ended"
    for number in (0, 1):
        run = job.dataset(number)
        assert run.attrs["status"] == "stopped"
        kept = library().open(job.several.experiments[number])
        np.testing.assert_array_equal(kept["grad_h"], run["grad_h"])
    assert job.made == sum(job.dataset(number).sizes["step"] for number in (0, 1)) < job.total
    until(lambda: PROCESSES.at_work == 0)


def test_it_ends_when_its_page_is_gone():
    job = SideBySide(Several([SMALL.changed(**LONG)], str), present=lambda: False, grace=0.2)
    job.thread.join(20)
    assert job.phase == "ended"
    until(lambda: PROCESSES.at_work == 0)


def test_a_failure_is_one_sentence(monkeypatch):
    monkeypatch.setenv("EXPLORER_LIBRARY_BYTES", "lots")
    job = SideBySide(Several([SMALL], str))
    job.thread.join(20)
    assert job.error.startswith("EXPLORER_LIBRARY_BYTES: 'lots'") and job.phase == "ended"
