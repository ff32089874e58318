"""A kept run shown again: the same rows at its own pace, with the controls of a run."""

import time

import numpy as np
import pytest

from explorer.experiment import Experiment
from explorer.training import train
from explorer.ui import replay
from explorer.ui.replay import Replay

TINY = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 6}, "cell": {"kind": "tanh", "hidden_size": 3}, "batch_size": 2, "steps": 10}
)


@pytest.fixture(scope="module")
def run():
    return train(TINY)


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(replay.time, "monotonic", lambda: now[0])
    yield now
    monkeypatch.undo()
    assert time.monotonic() != now[0]


def test_rows_come_at_the_pace_at_which_they_were_made(run, clock):
    shown = Replay(run, seconds=5.0)
    assert (shown.phase, shown.recorded, shown.dataset(), shown.rate) == ("running", 0, None, 2.0)
    clock[0] += 2
    assert (shown.recorded, shown.status) == (4, "running")
    part = shown.dataset()
    np.testing.assert_array_equal(part["grad_h"], run["grad_h"][:4])
    assert part.attrs["status"] == "running" and float(part["grad_h"].min()) > 0
    clock[0] += 60
    assert (shown.phase, shown.recorded, shown.status) == ("ended", 10, "finished")
    assert shown.dataset().identical(run)


def test_it_waits_steps_goes_on_and_stops(run, clock):
    shown = Replay(run, seconds=10.0, paused=True)
    clock[0] += 60
    assert (shown.phase, shown.recorded) == ("paused", 0)
    shown.step()
    assert (shown.phase, shown.recorded) == ("paused", 1)
    shown.resume()
    clock[0] += 3
    shown.pause()
    clock[0] += 60
    assert (shown.phase, shown.recorded) == ("paused", 4)
    shown.stop()
    assert (shown.phase, shown.status, shown.dataset().sizes["step"]) == ("ended", "stopped", 4)
    shown.step()
    shown.resume()
    assert (shown.phase, shown.recorded) == ("ended", 4)


def test_the_last_step_ends_it(run, clock):
    shown = Replay(run, seconds=float("nan"), paused=True)
    for _ in range(10):
        assert shown.phase == "paused"
        shown.step()
    assert (shown.phase, shown.status) == ("ended", "finished")


def test_whole_at_once(run):
    shown = Replay(run, seconds=5.0, whole=True)
    assert (shown.phase, shown.status) == ("ended", "finished")
    assert shown.dataset().identical(run)


def test_a_diverged_run_is_not_called_so_before_its_end():
    wild = train(TINY.changed(cell="relu", clipping="none", optimizer="sgd", learning_rate=100, steps=200))
    assert wild.attrs["status"] == "diverged"
    shown = Replay(wild, seconds=1.0, paused=True)
    shown.step()
    assert "diverged_step" not in shown.dataset().attrs and wild.attrs["diverged_step"] > 0
    assert Replay(wild, 1.0, whole=True).status == "diverged"
