"""The command line on a Dask cluster: what the README says, the same file, the same words, and Ctrl-C."""

import re
import shlex
from pathlib import Path

import pytest
from cluster import Cluster
from invoking import TINY, invoke, opened, same

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.xdist_group("cluster")  # one cluster for all of them


def test_it_writes_what_it_writes_here(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("sweep", *TINY, "--steps", 20, "--over", "cell=tanh,lstm", "--out")
    here, there = tmp_path / "here.nc", tmp_path / "there.nc"
    assert invoke(*words, here).exit_code == 0
    monkeypatch.setenv("EXPLORER_SCHEDULER", cluster.address)
    monkeypatch.setenv("EXPLORER_LIBRARY", str(tmp_path / "empty"))
    done = invoke(*words, there)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines() == ["2 runs: 2 finished; 40 of 40 updates.", f"saved to {there}."]
    same(opened(there), opened(here))


def test_the_three_commands_of_the_readme(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scheduler and the workers of these tests are started by the same words."""
    section = README.partition("## Beyond one machine")[2].partition("\n## ")[0]
    install, scheduler, worker, sweep = re.findall(r"^\.venv/bin/python -m (.*?)(?: +#.*)?$", section, re.MULTILINE)
    assert install == "pip install -r requirements-dask.txt"
    assert scheduler == "dask scheduler"
    assert worker.startswith("dask worker tcp://HOST:8786 --nthreads 1")
    assert "`EXPLORER_SCHEDULER`" in section
    monkeypatch.chdir(tmp_path)
    words = shlex.split(sweep.replace("tcp://HOST:8786", cluster.address).removeprefix("explorer "))
    done = invoke(*words, "--steps", 2, "--batch-size", 2)
    assert done.exit_code == 0, done.stderr
    assert float(opened(Path(words[words.index("--out") + 1]))["grad_h"].max()) > 0
