"""A measurement in its own process: the same numbers, one at a time, given up when nobody wants it."""

import time

import pytest
import torch

from explorer import budget
from explorer.experiment import Experiment
from explorer.training import measure
from explorer.workers import measuring, processes
from explorer.workers.measuring import MeasuringJob

SMALL = Experiment.model_validate({"task": {"kind": "adding", "length": 8}, "cell": {"kind": "tanh", "hidden_size": 4}})
LARGE = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 3000}, "cell": {"kind": "lstm", "hidden_size": 128}}
)


def until(condition, within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_it_equals_a_measurement_made_here():
    job = MeasuringJob(SMALL)
    job.thread.join(20)
    here = measure(SMALL)
    assert job.done
    assert job.error is None
    assert float(abs(here["grad_h"]).sum()) > 0
    assert job.answer.identical(here)


def test_what_is_quick_is_known_beforehand():
    assert budget.seconds(Experiment()) < measuring.QUICK < budget.seconds(LARGE)


def test_one_that_is_given_up_ends_at_once_and_lets_the_next_one_in():
    first, second = MeasuringJob(LARGE), MeasuringJob(SMALL)
    until(lambda: first._process is not None)
    time.sleep(0.3)
    assert not first.done
    assert not second.done, "one large measurement at a time"
    first.cancel()
    first.thread.join(5)
    assert first.done
    assert first.answer is None
    second.thread.join(20)
    assert second.answer is not None


def test_one_that_is_given_up_while_it_waits_never_starts():
    first, second = MeasuringJob(LARGE), MeasuringJob(LARGE)
    second.cancel()
    first.cancel()
    for job in (first, second):
        job.thread.join(5)
        assert job.done
        assert job.answer is None


def test_it_waits_for_a_place(monkeypatch):
    monkeypatch.setattr(processes, "MOST", -1)  # not even the place beside those that train
    job = MeasuringJob(SMALL)
    time.sleep(0.5)
    assert not job.done
    monkeypatch.setattr(processes, "MOST", 0)
    job.thread.join(20)
    assert job.answer is not None


def test_a_killed_process_is_one_sentence():
    job = MeasuringJob(LARGE)
    until(lambda: job._process is not None)
    job._process.kill()
    job.thread.join(5)
    assert job.answer is None
    assert "ended unexpectedly" in job.error


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_failure_is_one_sentence():
    job = MeasuringJob(SMALL.changed(device="cuda"))
    job.thread.join(20)
    assert job.answer is None
    assert "CUDA" in job.error
    assert "Traceback" not in job.error


def test_the_cost_of_an_update_is_measured_too():
    small, large = (MeasuringJob(SMALL.changed(length=length, hidden_size=32), "cost") for length in (20, 80))
    for job in (small, large):
        job.thread.join(30)
        assert job.error is None
    assert small.answer.seconds > 0 < large.answer.seconds
    assert 2 < large.answer.memory / small.answer.memory < 4.5, "in proportion to T, but for the weights"
