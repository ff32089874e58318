"""The runs that stay with a tab: the newest, as long as there is room for them together."""

from types import SimpleNamespace

import pytest

from explorer.experiment import Experiment
from explorer.ui import runs


@pytest.fixture
def tab(monkeypatch):
    """A tab's runs, without processes: each fills 150 MB of a budget of 2 GB."""
    jobs, stopped = {}, []

    def job(experiment, **_):
        digest = experiment.digest
        return SimpleNamespace(phase="ended", nbytes=150e6, stop=lambda: stopped.append(digest))

    monkeypatch.setattr(runs, "TrainingJob", job)
    monkeypatch.setattr(runs, "_jobs", lambda: jobs)
    monkeypatch.setattr(runs, "_open", set)
    return jobs, stopped


def test_the_oldest_runs_go_where_the_newest_need_their_room(tab, monkeypatch):
    monkeypatch.delenv("EXPLORER_MEMORY_BYTES", raising=False)
    jobs, stopped = tab
    asked = [Experiment().changed(seed=seed) for seed in range(5)]
    for experiment in asked:
        runs.train(experiment)
    assert list(jobs) == [experiment.digest for experiment in asked[-2:]], "two of 150 MB are more than 0.1 of 2 GB"
    assert stopped == [experiment.digest for experiment in asked[:-2]]


def test_no_more_than_so_many_stay(tab, monkeypatch):
    monkeypatch.setenv("EXPLORER_MEMORY_BYTES", "1e12")
    jobs, _ = tab
    for seed in range(runs.IN_MEMORY + 3):
        runs.train(Experiment().changed(seed=seed))
    assert len(jobs) == runs.IN_MEMORY
    assert Experiment().changed(seed=runs.IN_MEMORY + 2).digest in jobs
