"""Exported scripts, run as scripts: each framework finds the gradient that the engine finds."""

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invoking import TINY, invoke, refused

from explorer import Experiment, ExperimentError, measure, script, train
from explorer.scripts import WRITERS

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "pytorch": {"json", "math", "torch"},
    "keras": {"json", "math", "os", "numpy", "jax", "keras"},
    "jax": {"json", "math", "functools", "numpy", "jax"},
}
# Every cell without truncation and with windows, chunked and sliding; every task, start, clipping rule and optimiser.
CASES: dict[str, dict[str, Any]] = {
    "gru": {"weights": "orthogonal", "bias": "chrono", "task": "recall", "hidden_size": 5, "learning_rate": 0.02},
    "gru sliding": {"weights": "gaussian", "bias": "update", "task": "copying", "length": 3, "k1": 1, "k2": 6},
    "lstm": {"weights": "gaussian", "bias": "pytorch", "task": "copying", "length": 2, "hidden_size": 3},
    "lstm chunked": {"weights": "orthogonal", "bias": "chrono", "task": "adding", "length": 11, "k1": 4, "k2": 4},
    "tanh": {"weights": "orthogonal", "bias": "pytorch", "task": "adding", "optimizer": "rmsprop", "threshold": 0.3},
    "tanh overlapping": {"weights": "gaussian", "bias": "zero", "task": "copying", "length": 4, "k1": 5, "k2": 9},
    "relu": {"weights": "identity", "task": "temporal_order", "length": 20, "optimizer": "sgd", "clipping": "value",
             "momentum": 0.5, "threshold": 0.01},
    "relu beyond T": {"weights": "pytorch", "bias": "pytorch", "task": "recall", "clipping": "none", "k1": 4, "k2": 99},
}  # fmt: skip
# JAX and Keras compile for seconds a script: there each cell once, and both ways to truncate. What is not trained only
# measures; Keras trains the one cell that has as many biases as PyTorch's.
RUN_IN = {"pytorch": tuple(CASES), "jax": ("gru", "lstm chunked", "tanh", "tanh overlapping", "relu"),
          "keras": ("gru", "lstm chunked", "tanh overlapping", "relu")}  # fmt: skip
TRAINED = {"pytorch": ("gru", "tanh", "relu"), "jax": ("gru", "tanh", "relu"), "keras": ("gru",)}
RUN = "import runpy, sys\nfor path in sys.argv[1:]:\n    runpy.run_path(path, run_name='__main__')\n    print('end')\n"


@cache
def experiment(case: str) -> Experiment:
    values = {"cell": case.split()[0], "length": 9, "hidden_size": 4, "batch_size": 3, "seed": 3, **CASES[case]}
    window = {"truncation": "window"} if "k1" in values else {}
    return Experiment().changed(**window, **values, steps=4, dtype="float64", device="cpu")


def printed(framework: str, folder: Path) -> dict[str, list[str]]:
    """What each case's script prints; one process runs one after the other, as a framework takes long to start."""
    files = []
    for case in RUN_IN[framework]:
        text = script(experiment(case), framework)
        if case not in TRAINED[framework]:
            text, changed = re.subn(r"^STEPS = 4 ", "STEPS = 0 ", text, flags=re.MULTILINE)
            assert changed == 1
        files.append(folder / f"{framework} {case}.py")
        files[-1].write_text(text, encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "KERAS_BACKEND")}
    environment |= {"JAX_PLATFORMS": "cpu", "PJRT_NPROC": "1", "OMP_NUM_THREADS": "1", "KERAS_HOME": str(folder)}
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # compiles faster
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, files)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(zip(RUN_IN[framework], (part.splitlines() for part in done.stdout.split("end\n")[:-1]), strict=True))


@pytest.mark.parametrize("framework", WRITERS)
def test_each_framework_finds_the_gradient_of_the_engine(framework: str, tmp_path: Path) -> None:
    for case, lines in printed(framework, tmp_path).items():
        found, expected = json.loads(lines[-1]), measure(experiment(case))["grad_h"].values[0]
        reached = expected > 1e-8
        assert reached.all() if "k1" not in CASES[case] or case.startswith("relu") else reached.sum() > 3, case
        assert all(np.isfinite(found))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0, err_msg=case)
        losses = [float(line.partition(": loss ")[2]) for line in lines[:-1]]
        assert len(losses) == (4 if case in TRAINED[framework] else 0)
        if losses:
            run = train(experiment(case))
            np.testing.assert_allclose(losses, run["loss"], rtol=1e-3, err_msg=case)
            assert np.ptp(losses) > 1e-3, "nothing is learned"


def test_float32_is_the_same_up_to_its_rounding(tmp_path: Path) -> None:
    single = experiment("lstm").changed(dtype="float32", steps=1)
    names: dict[str, Any] = {}
    exec(script(single), names)
    assert names["gradient"].dtype == names["torch"].float32
    np.testing.assert_allclose(names["grad_h"], measure(single)["grad_h"].values[0], rtol=1e-4)


@pytest.mark.parametrize("framework", WRITERS)
def test_scripts_stand_alone_and_are_clean(framework: str, tmp_path: Path) -> None:
    for case in CASES:
        text = script(experiment(case), framework)
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {str(getattr(node, "module", None) or node.names[0].name).partition(".")[0] for node in imports}
        assert "json" in names and names <= ALLOWED[framework]
        assert len(text.splitlines()) < 220
        (tmp_path / f"{case.replace(' ', '_')}.py").write_text(text, encoding="utf-8")
    large = experiment("lstm").changed(hidden_size=256, batch_size=64, length=300)
    assert len(script(large, framework)) < len(script(experiment("lstm"), framework)) + 100 * 10
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "120", "--no-cache", str(tmp_path)]
    for words in (["format", "--check"], ["check", "--select", "E,F,I,B,UP,SIM", "--ignore", "E402"]):
        done = subprocess.run([*ruff, *words, *options], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"truncation": "online", "k2": 20}, "truncation.kind: online cannot be exported as a script; give full or"),
        ({"truncation": "stochastic"}, "truncation.kind: stochastic cannot be exported as a script; give full or"),
        ({"truncation": "subsequence"}, "truncation.kind: subsequence cannot be exported"),
        ({"truncation": "adaptive"}, "truncation.kind: adaptive cannot be exported"),
        ({"truncation": "rtrl", "hidden_size": 4}, "truncation.kind: rtrl cannot be exported"),
        ({"truncation": "window", "updates": "segment"}, "truncation.updates: segment cannot be exported as a script"),
    ],
)
def test_what_no_script_can_do_is_refused_with_a_remedy(changes: dict[str, Any], sentence: str) -> None:
    refused_one = Experiment().changed(**changes)
    with pytest.raises(ExperimentError, match=re.escape(sentence)) as caught:
        script(refused_one, "jax")
    (problem,) = caught.value.problems
    (path, value), *_ = problem.remedies.items()
    assert "STEPS" in script(refused_one.changed(**{"truncation" if path[-1] == "kind" else path[-1]: value}))


def test_the_command_prints_or_writes_the_script(tmp_path: Path) -> None:
    done = invoke("code", *TINY, "--framework", "keras")
    expected = script(Experiment().changed(length=8, hidden_size=3, batch_size=2, device="cpu"), "keras")
    assert (done.exit_code, done.stdout) == (0, expected)
    done = invoke("code", *TINY, "--framework", "keras", "--out", tmp_path / "o.py")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "o.py; it needs keras and jax." in done.stderr
    assert (tmp_path / "o.py").read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--framework mxnet", "framework: 'mxnet' is not allowed; give one of pytorch, keras, jax."),
        (
            "--truncation rtrl --hidden-size 4",
            "truncation.kind: rtrl cannot be exported as a script; give full or window.",
        ),
        ("--out o.nc", "o.nc: cannot tell the format; end the name in .py."),
        ("--out nowhere/o.py", "nowhere/o.py: the folder nowhere does not exist"),
        ("--cell lsmt", "did you mean lstm?"),
    ],
)
def test_the_command_refuses_in_one_sentence(
    words: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(invoke("code", *words.split()), sentence)
    assert not list(tmp_path.iterdir())
