"""Freed memory is kept where one trains or measures, nowhere else; no pass changes what another left."""

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from explorer import Experiment, build
from explorer.bptt import Flow, Pass
from explorer.memory import SETTINGS, keep_freed_memory

PROGRAM = """
import resource, torch, explorer, explorer.memory
from explorer.training import Training
rnn = torch.nn.RNN(2, 3)
with explorer.watch(rnn) as recorder:
    rnn(torch.ones(4, 5, 2))[0].sum().backward()
assert recorder.dataset().grad_h.max() > 0
print(explorer.memory.keep_freed_memory.cache_info().currsize)
explorer.build(explorer.Experiment())
print(explorer.memory.keep_freed_memory.cache_info().currsize)
torch.set_num_threads(1)
rows = iter(Training(explorer.Experiment.model_validate({"device": "cpu", "steps": 100})))
def faults(updates):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(updates):
        next(rows)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / updates
faults(10)
print(faults(10))
"""


def test_watching_leaves_the_process_as_it_is_and_training_needs_no_fresh_memory() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120)
    watched, built, faults = run.stdout.split()
    assert (watched, built) == ("0", "1")
    if platform.libc_ver()[0] == "glibc":
        assert float(faults) < 50  # one tensor of the gates alone has 800 pages


def test_every_setting_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=lambda *given: made.append(given)))
    keep_freed_memory.cache_clear()
    keep_freed_memory()
    keep_freed_memory()
    assert made == list(SETTINGS.items())


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_other_c_libraries_keep_their_ways(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def missing(name: object) -> None:
        raise error(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    keep_freed_memory.cache_clear()
    keep_freed_memory()


def test_what_one_pass_leaves_is_not_changed_by_the_next() -> None:
    built = build(Experiment.model_validate({"cell": {"kind": "lstm"}, "device": "cpu"}))
    model, cell = built.model, built.experiment.cell
    flows: list[Flow] = []

    def run(scale: float) -> Tensor:
        h: Tensor = model.rnn(scale * built.batch.inputs, Pass(cell, on_flow=flows.append))
        return h

    first, second = run(1.0), run(2.0)  # two forward passes before the first backward pass
    copy = first.detach().clone()
    first.sum().backward()
    kept = [t.clone() for t in (*flows[0].states, flows[0].u, flows[0].read)]
    second.sum().backward()
    for _ in range(3):
        run(0.5).sum().backward()
    assert torch.equal(first.detach(), copy) and copy.abs().max() > 1e-3
    for now, before in zip((*flows[0].states, flows[0].u, flows[0].read), kept, strict=True):
        assert torch.equal(now, before) and before.abs().max() > 1e-6
    assert not torch.equal(flows[0].u, flows[1].u)
