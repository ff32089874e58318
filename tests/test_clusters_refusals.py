"""A cluster that cannot be used, or is lost, ends in one sentence that says what to do; what was done is kept."""

import importlib.metadata
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from distributed import Client
from invoking import TINY, invoke, refused
from sweeping import config

from explorer import SweepError, sweep
from explorer.clusters import connecting
from explorer.clusters import runs as cluster_runs
from explorer.grid import Grid
from explorer.recording import Row
from explorer.sweeping import runs

NAMED = r"--scheduler (EXPLORER_SCHEDULER) "

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster for all of them


@pytest.fixture
def bare() -> Iterator[Cluster]:
    """A scheduler alone."""
    with Cluster(workers=0) as found:
        yield found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT", 0.5)


def refused_at(address: str, sentence: str) -> None:
    refused(invoke("sweep", *TINY, "--over", "seed=1,2", "--scheduler", address), f"{NAMED}{address}: {sentence}")


@pytest.mark.parametrize("address", ["here", "127.0.0.1:8786", "tcp://127.0.0.1", "http://127.0.0.1:8786", "tcp://h:x"])
def test_what_is_no_address(address: str) -> None:
    refused_at(address, "this is no address; write tcp://HOST:PORT, as the scheduler prints it.")


def test_nobody_answers(impatient: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused_at(f"tcp://127.0.0.1:{silent.getsockname()[1]}", "no Dask scheduler answers there; start one with")
    refused_at("tcp://nowhere.invalid:8786", "no Dask scheduler answers there; start one with `python -m dask sch")


def test_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    refused_at(
        "tcp://127.0.0.1:8786", "Dask is not installed here; run: python -m pip install -r requirements-dask.txt."
    )


def test_workers_that_are_missing_or_lack_the_project(
    bare: Cluster, impatient: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = f"python -m dask worker {bare.address} --nthreads 1."
    refused_at(bare.address, f"the cluster has no workers; start one in this project's folder: {start}")
    bare.add_workers(folder=tmp_path)
    with Client(bare.address, set_as_default=False) as client:
        (worker,) = client.nthreads()
    refused_at(worker, "a Dask worker answers there; give the address of the scheduler.")
    refused_at(
        bare.address, f"the worker {worker} cannot import this project; start it in a copy of this folder: {start}"
    )
    # One that joins later is not asked.
    monkeypatch.setattr(connecting, "_check_workers", lambda address, client: None)
    refused_at(bare.address, f"a worker cannot import this project; start it in its folder: {start}")


def test_workers_that_run_something_else(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    here = connecting.looking()()
    assert here["torch"] and len(here["explorer"]) == 64
    true, read = importlib.metadata.version, Path.read_text
    with monkeypatch.context() as patched:
        patched.setattr(importlib.metadata, "version", lambda name: "9.9" if name == "torch" else true(name))
        sentence = rf"the worker tcp://\S+ has torch {here['torch']}, this machine 9\.9; install the same there\.$"
        with pytest.raises(SweepError, match=sentence):
            list(runs(Grid(config(), {"seed": [0]}), threading.Event(), scheduler=cluster.address))
    monkeypatch.setattr(Path, "read_text", lambda path, **how: read(path, **how) + " " * (path.suffix == ".py"))
    with pytest.raises(SweepError, match="has another version of this project; start it in a copy of this folder"):
        list(runs(Grid(config(), {"seed": [0]}), threading.Event(), scheduler=cluster.address))
    monkeypatch.setattr(connecting, "_check_workers", lambda address, client: None)  # as for one that joins later
    with pytest.raises(SweepError, match="seed = 0: the run failed: a worker has another version of this project or"):
        list(runs(Grid(config(), {"seed": [0]}), threading.Event(), scheduler=cluster.address))


def test_a_cluster_that_is_lost_keeps_what_was_done(
    bare: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster_runs, "ALONE", 1.0)
    monkeypatch.setenv("EXPLORER_SCHEDULER", bare.address)

    def ends_in(sentence: str, lost: subprocess.Popen[str]) -> None:
        def lose(done: int, total: int) -> None:
            lost.kill()
            lost.wait()

        with pytest.raises(SweepError, match=f"^--scheduler .* {bare.address}: {sentence}") as caught:
            sweep(config(), {"task.length": [12, 10], "steps": [2, 20_000]}, progress=lose)
        assert caught.value.grid is not None
        assert caught.value.grid["status"].sel(steps=2).values.tolist() == ["finished", "not run"]

    bare.add_workers()
    ends_in("all its workers are gone; start one: ", bare.workers[0])
    bare.add_workers()
    ends_in("the connection to the scheduler is lost; ", bare.scheduler)
    assert capfd.readouterr().err == ""


def test_a_group_that_ends_every_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    killed = list[int]()
    with Cluster(1) as own:

        def kill(number: int, row: Row) -> None:
            if not killed:
                killed.append(number)
                own.workers[0].kill()

        with pytest.raises(
            SweepError, match=r"^seed = 0: the run failed: 1 workers were lost over it, perhaps for want"
        ):
            list(runs(Grid(config(steps=20_000), {"seed": [0]}), threading.Event(), kill, own.address))
    assert killed
