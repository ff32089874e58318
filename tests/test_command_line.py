"""The command line: what it writes, what it prints, and its flags."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from invoking import SMALL, TINY, invoke, opened, same

from explorer import Experiment, findings, measure, sweep, train
from explorer.experiment import all_settings

DIVERGES = ["--cell=relu", "--optimizer=sgd", "--learning-rate=100", "--clipping=none", "--steps=30", *TINY]


def flags(experiment: Experiment) -> list[str]:
    return [word for key, value in experiment.explicit().items() for word in (f"--{key.replace('_', '-')}", value)]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(SMALL))
    return path


@pytest.mark.parametrize(("command", "result"), [("measure", measure), ("train", train)])
def test_netcdf_holds_exactly_the_python_result(command: str, result: Any, small: Path, tmp_path: Path) -> None:
    done = invoke(command, "--config", small, "--out", tmp_path / "o.nc")
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"saved to {tmp_path / 'o.nc'}" in done.stderr
    same(opened(tmp_path / "o.nc"), result(Experiment.model_validate(SMALL)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.nc", "small.json"]


def test_what_is_not_finite_is_kept(tmp_path: Path) -> None:
    window = ["--truncation", "window", "--k1", "3", "--k2", "3", "--updates", "segment"]
    assert invoke("train", *DIVERGES, *window, "--out", tmp_path / "o.nc").exit_code == 0
    found = opened(tmp_path / "o.nc")
    assert found.attrs["status"] == "diverged"
    assert any(np.isinf(values).any() for values in found.data_vars.values())
    assert np.isnan(found["accuracy"]).any()
    same(found, train(Experiment.model_validate_json(found.attrs["experiment"])))


def test_sweep_writes_the_python_grid(small: Path, tmp_path: Path) -> None:
    axes = (
        "--over",
        "cell=tanh,lstm",
        "--over",
        'truncation=["full",{"kind":"window","k1":3,"k2":6}]',
        "--over",
        "seed=1",
    )
    done = invoke("sweep", "--config", small, *axes, "--out", tmp_path / "o.nc")
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    assert "4 runs: 4 finished; 16 of 16 updates." in done.stderr
    over = {"cell.kind": ["tanh", "lstm"], "truncation": [{"kind": "full"}, {"kind": "window", "k1": 3, "k2": 6}]}
    same(opened(tmp_path / "o.nc"), sweep(Experiment.model_validate(SMALL), {**over, "seed": [1]}))
    assert opened(tmp_path / "o.nc")["truncation"].values.tolist() == ["full", "window(k1=3, k2=6)"]


@pytest.mark.parametrize("axes", [[], ["--over", "seed=1,2"]])
def test_csv_starts_with_a_header_and_holds_every_number(axes: list[str], small: Path, tmp_path: Path) -> None:
    done = invoke("sweep" if axes else "train", "--config", small, *axes, "--out", tmp_path / "o.csv")
    assert (done.exit_code, done.stdout) == (0, "")
    header = (tmp_path / "o.csv").read_text().splitlines()[0].split(",")
    assert {"step", "time", "grad_h", "grad_c", "loss"} <= set(header)
    assert ("seed" in header) == bool(axes)
    experiment = Experiment.model_validate(SMALL)
    expected = sweep(experiment, {"seed": [1, 2]}) if axes else train(experiment)
    dims = [str(dim) for dim in expected["grad_h"].dims]
    table = pd.read_csv(tmp_path / "o.csv").set_index(dims).sort_index()
    for name in ("grad_h", "grad_weight", "loss"):
        wanted = expected.to_dataframe().reorder_levels(dims).sort_index()[name]
        assert (table[name] == wanted).all(), name


def test_without_a_file_the_finding_is_printed(small: Path) -> None:
    for command, result in (("measure", measure), ("train", train)):
        done = invoke(command, "--config", small)
        sentence = "".join(text for text, _ in findings.headline([result(Experiment.model_validate(SMALL))]))
        assert done.stdout == sentence + "\n"
        assert "gradient" in sentence
    assert "finished after 4 of 4 updates." in done.stderr
    done = invoke("sweep", "--config", small, "--over", "cell=gru,lstm")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["cell = gru", "cell = lstm"]
    assert sentence in done.stdout


def _everything() -> Iterator[Experiment]:
    """Experiments that together have a value of their own, not the default, for every setting."""
    for kinds in (
        {"cell": "lstm", "bias": "forget", "weights": "gaussian", "truncation": "window", "task": "copying"},
        {"cell": "lstm", "bias": "chrono", "weights": "identity", "optimizer": "rmsprop", "task": "recall"},
        {"cell": "gru", "bias": "update", "weights": "pytorch", "clipping": "value", "task": "temporal_order"},
        {"truncation": "online", "k2": 25},
        {"truncation": "stochastic"},
        {"truncation": "subsequence"},
        {"truncation": "adaptive"},
        {"truncation": "rtrl", "hidden_size": 4},
    ):
        experiment = Experiment().changed(**{"optimizer": "sgd", **kinds}, steps=2, batch_size=2)
        for setting, value in experiment.changed(device="cpu", dtype="float64").settings().items():
            if setting.name in ("truncation.updates", "truncation.start"):
                value = next(choice for choice in setting.choices if choice != setting.default)
            elif setting.type is bool:
                value = not value
            elif setting.type is float:
                value = max(setting.ge or 0.0, value * 0.75) or 0.5
            elif setting.type is int and setting.key not in ("steps", "batch_size"):
                value = value + 1
            experiment = experiment.changed(**{"k2": 25} if setting.key == "k1" else {}, **{setting.key: value})
        yield experiment


def test_every_setting_has_a_flag(tmp_path: Path) -> None:
    help_text = invoke("train", "--help").stdout
    used: set[str] = set()
    for experiment in _everything():
        used |= experiment.explicit().keys()
        done = invoke("measure", *flags(experiment), "--out", tmp_path / "o.nc")
        assert done.exit_code == 0, done.stderr
        assert Experiment.model_validate_json(opened(tmp_path / "o.nc").attrs["experiment"]) == experiment
    for setting in all_settings():
        assert f"--{setting.key.replace('_', '-')} " in help_text
        assert setting.key in used, f"{setting.key} was not tried"


def test_flags_win_over_the_file(small: Path, tmp_path: Path) -> None:
    done = invoke("measure", "--config", small, "--seed", 7, "--cell", "gru", "--out", tmp_path / "o.nc")
    assert done.exit_code == 0
    found = Experiment.model_validate_json(opened(tmp_path / "o.nc").attrs["experiment"])
    assert found == Experiment.model_validate({**SMALL, "seed": 7, "cell": {"kind": "gru", "hidden_size": 4}})


def test_flags_may_mend_the_file(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text(json.dumps({**SMALL, "truncation": {"kind": "window", "k1": 9, "k2": 5}}))
    assert "truncation.k2" in invoke("train", "--config", path).stderr
    assert invoke("train", "--config", path, "--k1", 5).exit_code == 0
    path.write_text(json.dumps({**SMALL, "steps": -3, "seed": "x"}))
    assert invoke("train", "--config", path, "--steps", 2).stderr.splitlines() == [
        "Error: steps: -3 is not allowed; give an integer from 1 to 1000000 updates.",
        "seed: 'x' is not allowed; give an integer from 0 to 2147483647.",
    ]
    assert invoke("train", "--config", path, "--steps", 2, "--seed", 1).exit_code == 0


def test_gradients_of_other_schemes_are_measured_beside(small: Path, tmp_path: Path) -> None:
    window = '{"kind": "window", "k1": 2, "k2": 2}'
    done = invoke("train", "--config", small, "--beside", "rtrl", "--beside", window, "--out", tmp_path / "o.nc")
    assert done.exit_code == 0, done.stderr
    found = opened(tmp_path / "o.nc")
    assert [str(v).partition("(")[0] for v in found.variant.values] == ["rtrl", "window"]
    assert (found.relative_bias[:, 0] < 1e-4).all() and (found.relative_bias[:, 1] > 1e-3).all()
    assert "--beside {x" in invoke("train", "--config", small, "--beside", "{x").stderr
    assert "'half' is not allowed" in invoke("train", "--config", small, "--beside", "half").stderr
