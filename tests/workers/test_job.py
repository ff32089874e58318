"""A training run in its thread: it goes on, waits, makes one step, ends, and leaves no thread behind."""

import shutil
import time

import pytest
import torch

from explorer.dataset import SaveError
from explorer.experiment import Experiment
from explorer.training import train
from explorer.workers import processes
from explorer.workers.job import TrainingJob, _keep_all

SMALL = {"task": {"kind": "adding", "length": 8}, "cell": {"kind": "tanh", "hidden_size": 4}, "batch_size": 2}


def experiment(**fields: object) -> Experiment:
    return Experiment.model_validate({**SMALL, **fields})


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_runs_to_its_end():
    job = TrainingJob(experiment(steps=12))
    job.thread.join(20)
    assert (job.phase, job.recording.status, job.recording.recorded) == ("ended", "finished", 12)
    assert job.dataset().sizes["step"] == 12


def test_pause_resume_and_single_steps():
    job = TrainingJob(experiment(steps=1_000_000 // 100), paused=True)
    until(lambda: job.phase == "paused")
    time.sleep(0.05)
    assert (job.phase, job.recording.recorded, job.dataset()) == ("paused", 0, None)
    for made in (1, 2, 3):
        job.step()
        assert job.stepping or job.recorded == made
        until(lambda made=made: job.recording.recorded == made)
        assert not job.stepping
    time.sleep(0.05)
    assert job.recording.recorded == 3
    job.resume()
    until(lambda: job.recording.recorded > 10)
    job.pause()
    time.sleep(0.1)
    waiting = job.recording.recorded
    time.sleep(0.1)
    assert job.recording.recorded == waiting > 10
    job.stop()
    job.thread.join(5)
    assert not job.thread.is_alive()
    assert job.recording.status == "stopped"
    assert job.dataset().sizes["step"] == job.recording.recorded >= waiting


def test_ends_when_nobody_looks_any_more():
    for paused in (False, True):
        job = TrainingJob(experiment(steps=10_000), lease=0.2, paused=paused)
        job.thread.join(10)
        assert not job.thread.is_alive()
        assert job.phase == "ended"
        assert job.recording.recorded < 10_000


def test_ends_soon_when_its_page_is_gone_but_not_for_a_blink():
    here = [True]
    job = TrainingJob(experiment(steps=10_000), present=lambda: here[0], grace=0.4)
    until(lambda: job.recording.recorded > 3)
    here[0] = False
    time.sleep(0.2)
    here[0] = True
    time.sleep(0.5)
    assert job.phase == "running"
    here[0] = False
    job.thread.join(10)
    assert job.recording.status == "stopped"


def test_a_look_now_and_then_keeps_it_alive():
    job = TrainingJob(experiment(steps=10_000), lease=0.4)
    for _ in range(12):
        time.sleep(0.1)
        job.touch()
    assert job.phase == "running"
    until(lambda: job.touch() or job.rate > 0)
    job.stop()
    job.thread.join(5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_failure_becomes_a_sentence():
    job = TrainingJob(experiment(device="cuda"))
    job.thread.join(10)
    assert job.phase == "ended"
    assert "cuda" in job.error.lower()
    assert "Traceback" not in job.error


def test_divergence_keeps_what_was_recorded():
    fields = {"optimizer": {"kind": "sgd", "learning_rate": 100.0}, "clipping": {"kind": "none"}, "steps": 500}
    job = TrainingJob(experiment(cell={"kind": "relu", "hidden_size": 8}, **fields))
    job.thread.join(20)
    assert job.recording.status == "diverged"
    assert 0 < job.dataset().sizes["step"] == job.recording.recorded < 500


def test_a_server_takes_a_bounded_number_of_runs_and_serves_who_comes_first(monkeypatch):
    monkeypatch.setattr(processes, "MOST", 1)
    first = TrainingJob(experiment(steps=10_000))
    until(lambda: first.recorded > 0)
    queue = [TrainingJob(experiment(steps=3, seed=seed)) for seed in (1,)]
    until(lambda: queue[0].place == 1)
    queue += [TrainingJob(experiment(steps=3, seed=2)), TrainingJob(experiment(steps=3, seed=3), paused=True)]
    until(lambda: [job.place for job in queue] in ([1, 2, 3], [1, 3, 2]))
    assert [job.recorded for job in queue] == [0, 0, 0]
    leaves = next(job for job in queue if job.place == 2)
    leaves.stop()
    leaves.thread.join(5)
    assert (leaves.phase, leaves.status, leaves.dataset()) == ("ended", "stopped", None)
    stays = next(job for job in queue if job.place)
    until(lambda: sorted(job.place for job in queue) == [0, 1, 2])
    stays.resume()
    first.stop()
    for job in queue:
        job.resume()
        job.thread.join(20)
    assert [(job.status, job.recorded, job.place) for job in queue if job is not leaves] == [("finished", 3, 0)] * 2
    assert processes.PROCESSES.at_work == 0


def test_a_killed_process_keeps_what_it_had_sent_and_says_so():
    job = TrainingJob(experiment(steps=10_000))
    until(lambda: job.recording.recorded > 5)
    job._process.kill()
    job.thread.join(10)
    assert job.phase == "ended"
    assert "ended unexpectedly" in job.error
    assert job.dataset().attrs["status"] == "stopped"
    assert job.dataset().sizes["step"] > 5
    again = TrainingJob(experiment(steps=3))
    again.thread.join(20)
    assert again.recording.status == "finished"


def test_a_run_in_its_process_equals_one_made_here():
    job = TrainingJob(experiment(steps=7))
    job.thread.join(20)
    here = train(experiment(steps=7))
    assert float(abs(here["grad_h"]).sum()) > 0
    assert job.dataset().drop_attrs().equals(here.drop_attrs())


@pytest.mark.parametrize("end", ["finished", "stopped", "killed", "program"])
def test_what_was_recorded_is_kept_however_it_ends(end):
    kept = []
    steps = 12 if end == "finished" else 10_000
    job = TrainingJob(experiment(steps=steps), keep=lambda run, seconds: kept.append((run, seconds)))
    if end != "finished":
        until(lambda: job.seconds > 0 and job.recorded >= 5)
    if end == "stopped":
        job.stop()
    elif end == "killed":
        job._process.kill()
    elif end == "program":
        _keep_all()
        assert len(kept) == 1, "before the program is gone"
        job.stop()
    job.thread.join(20)
    ((run, seconds),) = kept
    assert run.attrs["status"] == ("finished" if end == "finished" else "stopped")
    assert run.sizes["step"] >= 5 and float(run["grad_h"].min()) > 0
    assert 0 < seconds < 20 or end == "finished", "so few rows may come together"


def test_time_spent_waiting_is_not_counted():
    job = TrainingJob(experiment(steps=10_000))
    until(lambda: job.seconds > 0)
    job.pause()
    time.sleep(0.1)
    before, recorded = job.seconds, job.recorded
    time.sleep(1)
    job.step()
    until(lambda: job.recorded > recorded)
    job.stop()
    job.thread.join(20)
    assert 0 < before <= job.seconds < before + 0.5


def test_a_run_that_cannot_be_kept_says_so():
    def full(run, seconds):
        raise SaveError("run.nc: could not be written: No space left on device.")

    job = TrainingJob(experiment(steps=3), keep=full)
    job.thread.join(20)
    assert job.error == (
        "finished, but the run could not be kept. run.nc: could not be written: No space left on device."
    )
    assert job.dataset().sizes["step"] == 3


def test_a_process_that_ends_while_it_is_kept_gives_its_pipes_back(monkeypatch):
    monkeypatch.setattr(processes.sys, "executable", shutil.which("true"))  # ends by itself, whatever it is told
    own = processes.Processes()
    kept = own.take()
    own.give_back(kept)
    kept.wait(20)
    assert own._idle == [kept] and not kept.stdout.closed
    other = own.take()
    assert other is not kept and kept.stdin.closed and kept.stdout.closed
    own.drop(other)
    assert own.at_work == 0
