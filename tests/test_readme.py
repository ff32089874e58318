"""The README says nothing that is not so: its commands run, its snippets run, its cell and its task work as added."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args

import pytest
import torch
from invoking import invoke, opened
from pydantic import Field
from torch import Tensor

import explorer
from explorer import Experiment, build, measure, train
from explorer.budget import MEMORY_BYTES, WORK_FLOP
from explorer.cells import AnyCell
from explorer.clipping import AnyClipping
from explorer.optimizers import AnyOptimizer
from explorer.parts import quantity
from explorer.tasks import AnyTask
from explorer.truncation import AnyTruncation

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = {"batch_size": 3, "dtype": "float64", "device": "cpu", "steps": 3}


def blocks(language: str) -> list[str]:
    fenced = README.split("\n```")[1::2]  # every second piece stands between two fences
    return [text for word, _, text in (block.partition("\n") for block in fenced) if word == language]


def python(word: str) -> str:
    """The one Python block with this word."""
    (found,) = (block for block in blocks("python") if word in block)
    return found


def added(kind: str, path: str, folder: Path) -> ModuleType:
    """The block as the file that the README names."""
    assert f"`{path}`:" in README
    target = folder / Path(path).name
    target.write_text(python(f"class {kind}("), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(target.stem, target)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[target.stem] = module
    spec.loader.exec_module(module)
    return module


def test_files_and_addresses_that_it_names_exist() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).is_file(), f"{link} is missing"
    for name in re.findall(r"`(explorer/[\w/]+\.py)`", README):
        assert (ROOT / name).is_file() or name in ("explorer/cells/leaky.py", "explorer/tasks/parity.py"), name


def test_make_has_the_targets_and_variables() -> None:
    makefile = (ROOT / "Makefile").read_text()
    used = set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"and"}
    assert {"app", "test"} <= used
    for target in used:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
    for variable in re.findall(r"`([A-Z]+)=\S* make app`", README):
        assert f"$({variable})" in makefile or f"$(if $({variable})" in makefile, variable


def test_the_lists_of_kinds_and_the_budget_are_whole() -> None:
    for options in (AnyCell, AnyTask, AnyTruncation, AnyClipping, AnyOptimizer):
        for part in get_args(get_args(options)[0]):
            assert f"`{part.model_fields['kind'].default}`" in README
    assert (MEMORY_BYTES, WORK_FLOP) == (2e9, 2e14)
    assert "more than 2 GB or 2·10¹⁴ operations" in README


def test_the_command_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start = ".venv/bin/python -m explorer "
    lines = [line.removeprefix(start) for block in blocks("") for line in block.splitlines() if line.startswith(start)]
    lines = [line for line in lines if "--scheduler" not in line]  # tests/test_clusters_command_line.py has a cluster
    assert {line.split()[0] for line in lines} == {"measure", "train", "sweep", "code", "lessons"}
    listed = invoke("lessons")  # making them anew is the business of tests/lessons
    assert listed.exit_code == 0 and listed.stderr.count("\n") == 10
    for line in lines:
        if line.startswith("lessons"):
            continue
        words = shlex.split(line, comments=True)
        done = invoke(*words, "--steps", 2, "--batch-size", 2)
        assert done.exit_code == 0, done.stderr
        if words[0] == "code":
            assert "import jax" in Path(words[words.index("--out") + 1]).read_text(encoding="utf-8")
        elif "--out" in words:
            assert float(opened(Path(words[words.index("--out") + 1]))["grad_h"].max()) > 0
        else:
            assert "gradient" in done.stdout


class LastOutput(torch.nn.Module):
    """Somebody's own model."""

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0][-1]


def test_the_two_lines_of_watch() -> None:
    torch.manual_seed(0)
    layer = torch.nn.LSTM(2, 5)
    x, y = torch.randn(12, 3, 2), torch.randn(12, 3, 5)
    names: dict[str, Any] = {"x": x, "y": y[-1], "criterion": torch.nn.functional.mse_loss, "model": LastOutput(layer)}
    exec(python("criterion(model(x), y)"), names)
    flow = names["recorder"].dataset()["grad_h"]
    assert flow.sizes["time"] == 12
    assert float(flow.min()) > 0
    output = layer(x)[0]
    output.retain_grad()
    torch.nn.functional.mse_loss(output[-1], y[-1]).backward()
    assert output.grad is not None
    assert not output.grad[:-1].any() and output.grad[-1].any(), "retain_grad shows more than the direct path"


def test_the_snippet_of_the_python_interface() -> None:
    text = python("explorer.measure(config)")
    assert '{"cell": {"kind": "gru"}' in text
    names: dict[str, Any] = {"explorer": explorer}
    exec(text.replace('{"cell": ', '{"steps": 2, "batch_size": 2, "cell": ', 1), names)
    assert names["config"].cell.kind == "gru"
    assert names["flow"].sizes["step"] == 1
    assert names["run"].attrs["status"] == "finished"
    assert names["grid"]["grad_h"].dims == ("cell", "seed", "step", "time")


def by_autograd(leak: float, built: Any) -> tuple[Tensor, dict[str, Tensor]]:
    """Σ_b ‖∂L/∂h_{b,t}‖ and the parameters' gradients, from a loop that anybody would write."""
    w = {name: value.detach().clone().requires_grad_() for name, value in built.model.state_dict().items()}
    h, states = torch.zeros(3, 4, dtype=torch.float64), []
    for x in built.batch.inputs:
        u = h @ w["rnn.weight_hh_l0"].T + w["rnn.bias_hh_l0"] + x @ w["rnn.weight_ih_l0"].T + w["rnn.bias_ih_l0"]
        h = (1 - leak) * h + leak * torch.tanh(u)
        h.retain_grad()
        states.append(h)
    outputs = torch.stack(states) @ w["readout.weight"].T + w["readout.bias"]
    built.step_losses(outputs).sum(0).mean().backward()
    norms = torch.stack([h.grad.norm(dim=-1).sum() for h in states])  # type: ignore[union-attr]
    return norms, {name: value.grad for name, value in w.items()}  # type: ignore[misc]


def test_the_added_cell_has_the_gradient_that_autograd_has(tmp_path: Path) -> None:
    leaky = added("Leaky", "explorer/cells/leaky.py", tmp_path).Leaky

    class Extended(Experiment):
        cell: Annotated[get_args(AnyCell)[0] | leaky, Field(discriminator="kind")] = quantity(leaky(), "", label="Cell")

    config = Extended.model_validate(
        {**SMALL, "cell": {"kind": "leaky", "hidden_size": 4, "rate": 0.3}, "task": {"kind": "adding", "length": 9}}
    )
    built, flow = build(config), measure(config)
    norms, gradients = by_autograd(0.3, built)
    assert float(norms.min()) > 1e-4
    torch.testing.assert_close(torch.from_numpy(flow["grad_h"].values[0].copy()), norms, rtol=1e-8, atol=0)
    joint = torch.cat([g.flatten() for g in gradients.values()]).norm()
    assert float(flow["grad_norm"][0]) == pytest.approx(float(joint), rel=1e-8)
    built.step_losses(built.model(built.batch.inputs)).sum(0).mean().backward()
    for name, parameter in built.model.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-8, atol=1e-14)
    run = train(config)
    assert run.attrs["status"] == "finished"
    assert run["loss"].sizes["step"] == 3


def test_the_added_task_has_the_chance_that_it_says(tmp_path: Path) -> None:
    task = added("Parity", "explorer/tasks/parity.py", tmp_path).Parity(length=7)
    batch = task.draw(4000, torch.Generator().manual_seed(0))
    assert batch.inputs.shape == (7, 4000, task.input_size)
    ones = batch.inputs.sum((0, 2))
    assert torch.equal(batch.targets[-1], ones.long() % 2)
    assert task.signal == ((1, 7),)
    assert task.question == (7, 7)
    even = torch.zeros(7, 4000, task.output_size, dtype=torch.float64)
    chance, formula = task.chance
    losses = task.step_losses(even, batch)
    assert formula == "ln 2"
    assert float(losses.sum(0).mean()) == pytest.approx(chance, rel=1e-12)
    assert not losses[:-1].any()
    assert float(batch.targets[-1].double().mean()) == pytest.approx(0.5, abs=0.03)
    # Nothing read without memory helps: given the last bit, both answers are as likely.
    last = batch.inputs[-1, :, 0] == 1
    assert float(batch.targets[-1][last].double().mean()) == pytest.approx(0.5, abs=0.05)
    knowing = torch.nn.functional.one_hot(batch.targets, 2).double() * 50
    assert float(task.step_losses(knowing, batch).sum(0).mean()) < 1e-6
    assert task.correct(knowing, batch).all()


def test_one_line_lists_what_is_added(tmp_path: Path) -> None:
    """A copy of the package with the two files and the two lines: flags and kinds follow."""
    shutil.copytree(ROOT / "explorer", tmp_path / "explorer", ignore=shutil.ignore_patterns("__pycache__", "ui"))
    for kind, union, folder in (("Leaky", "AnyCell", "cells"), ("Parity", "AnyTask", "tasks")):
        path = f"explorer/{folder}/{kind.lower()}.py"
        assert f"and add `{kind}` to `{union}` in `explorer/{folder}/__init__.py`" in README
        (tmp_path / path).write_text(python(f"class {kind}("), encoding="utf-8")
        listing = tmp_path / "explorer" / folder / "__init__.py"
        text = listing.read_text()
        text = re.sub(rf"^{union} = Annotated\[", f"{union} = Annotated[{kind} | ", text, flags=re.MULTILINE)
        listing.write_text(text.replace("\nAny", f"\nfrom explorer.{folder}.{kind.lower()} import {kind}\n\nAny", 1))
    words = "--cell leaky --rate 0.25 --hidden-size 6 --task parity --length 9 --clipping none --steps 2 --out o.csv"
    done = subprocess.run(
        [sys.executable, "-m", "explorer", "train", *words.split(" ")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "o.experiment.json").read_text())
    assert (written["cell"]["kind"], written["cell"]["rate"], written["task"]["kind"]) == ("leaky", 0.25, "parity")
    assert "grad_h" in (tmp_path / "o.csv").read_text().splitlines()[0]
