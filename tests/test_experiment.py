"""Experiment: round trips, changes, digest, and every refusal in one sentence."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from experiments import experiments, range_of
from hypothesis import given, settings

from explorer import Experiment, ExperimentError
from explorer.experiment import load, nested, read


@given(experiments())
def test_round_trips(experiment: Experiment) -> None:
    """JSON, flat values, and the shortest URL each give the same experiment back."""
    as_json = json.loads(experiment.model_dump_json())
    assert Experiment.model_validate(as_json) == experiment
    assert Experiment.model_validate(nested(experiment.flat())) == experiment
    assert Experiment.model_validate(nested({k: str(v) for k, v in experiment.flat().items()})) == experiment
    assert Experiment.model_validate(nested(experiment.explicit())) == experiment
    assert read(experiment.explicit()) == (experiment, [])
    assert experiment.changed() == experiment
    assert len(experiment.digest) == 16 and Experiment.model_validate(as_json).digest == experiment.digest


def test_the_default_needs_no_url() -> None:
    assert Experiment().explicit() == {}
    assert Experiment.model_validate({}) == Experiment() == read({})[0]


@given(experiments())
@settings(max_examples=40)
def test_the_digest_differs_when_any_field_does(experiment: Experiment) -> None:
    digests = {experiment.digest}
    for setting, value in experiment.settings().items():
        if setting.path[-1] == "kind":
            other: Any = next(c for c in setting.choices if c != value)
        elif setting.choices:
            other = next(c for c in setting.choices if c != value)
        elif setting.type is bool:
            other = not value
        elif setting.key in ("k1", "k2", "every"):
            other = value - 1 if setting.key != "k2" and value > 1 else value + 1
            if setting.key != "k2" and value == 1 and experiment.flat()["k2"] == 1:
                continue
        else:
            low, high = range_of(setting)
            other = high if value != high else low
        changed = experiment.changed(**{setting.key: other})
        assert changed != experiment
        digests.add(changed.digest)
    assert len(digests) >= len(experiment.settings())


def test_a_part_without_a_kind_is_of_the_default_kind() -> None:
    found = Experiment.model_validate({"cell": {"hidden_size": 8, "weights": {"gain": 0.5}}, "clipping": {}})
    assert found == Experiment().changed(hidden_size=8, gain=0.5)
    with pytest.raises(ExperimentError, match=r"optimizer\.momentum: adam has no such field"):
        Experiment.model_validate({"optimizer": {"momentum": 0.5}})


def test_changed_drops_what_new_kinds_do_not_have() -> None:
    clipped = Experiment().changed(clipping="value", threshold=5)
    assert clipped.changed(clipping="none").changed(clipping="norm").flat()["threshold"] == 1.0
    assert clipped.changed(clipping="norm").flat()["threshold"] == 5.0
    forgetful = Experiment().changed(cell="lstm", bias="forget", forget_bias=-2)
    assert forgetful.changed(hidden_size=8).flat()["forget_bias"] == -2.0
    assert forgetful.changed(cell="tanh") == Experiment()
    assert forgetful.changed(cell="gru", seed=2) == Experiment().changed(cell="gru", seed=2)
    chrono = Experiment().changed(cell="lstm", bias="chrono", max_lag=50)
    assert chrono.changed(cell="gru") == Experiment().changed(cell="gru", bias="chrono", max_lag=50)


def test_changed_refuses_what_it_cannot_place() -> None:
    for flat in (
        {"hiden_size": 8}, {"cell": "tanh", "forget_bias": 1}, {"hidden_size": 0}, {"cell": ["lstm"]},
        {"bias": "chrono"}, {"cell": "lstm", "bias": "update"}, {"k2": 5, "k1": 9},
    ):  # fmt: skip
        with pytest.raises(ExperimentError):
            Experiment().changed(**flat)


def test_an_experiment_is_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Experiment().seed = 3  # type: ignore[misc]
    assert len({Experiment(), Experiment(seed=0), Experiment(seed=1)}) == 2


REFUSED: list[tuple[Any, str, str]] = [
    ({"batch_size": 0}, "batch_size", "0"),
    ({"batch_size": 2.5}, "batch_size", "2.5"),
    ({"batch_size": True}, "batch_size", "true"),
    ({"batch_size": None}, "batch_size", "None"),
    ({"batch_size": [3]}, "batch_size", "[3]"),
    ({"batch_size": "many"}, "batch_size", "many"),
    ({"batch_size": "9" * 5000}, "batch_size", "999"),
    ({"batch_size": 10**5000}, "batch_size", "int"),
    ({"seed": float("nan")}, "seed", "nan"),
    ({"seed": -1}, "seed", "-1"),
    ({"dtype": "float16"}, "dtype", "float16"),
    ({"dtype": 32}, "dtype", "32"),
    ({"dtype": False}, "dtype", "false"),
    ({"optimizer": {"kind": "adam", "learning_rate": float("nan")}}, "optimizer.learning_rate", "nan"),
    ({"optimizer": {"kind": "adam", "learning_rate": 1e400}}, "optimizer.learning_rate", "inf"),
    ({"optimizer": {"kind": "adam", "learning_rate": "1e400"}}, "optimizer.learning_rate", "1e400"),
    ({"optimizer": {"kind": "adam", "learning_rate": True}}, "optimizer.learning_rate", "true"),
    ({"optimizer": {"kind": "adam", "momentum": 0.5}}, "optimizer.momentum", "no such field"),
    ({"cell": {"kind": "lstn"}}, "cell.kind", "did you mean lstm?"),
    ({"cell": {"kind": True}}, "cell.kind", "true"),
    ({"cell": {"kind": ["lstm"]}}, "cell.kind", "lstm"),
    ({"cell": "lstm"}, "cell", "lstm"),
    ({"cell": None}, "cell", "None"),
    ({"cell": {"kind": "tanh", "weights": {"kind": "orthogonal", "gain": 99}}}, "cell.weights.gain", "99"),
    ({"cell": {"kind": "tanh", "weights": {"kind": "orthogonal", "gain": True}}}, "cell.weights.gain", "true"),
    ({"cell": {"kind": "tanh", "bias": {"kind": "forget"}}}, "cell.bias.kind", "one of pytorch, zero"),
    ({"cell": {"kind": "tanh", "bias": {"kind": "zero", "forget_bias": 1}}}, "cell.bias.forget_bias", "no such field"),
    ({"task": {"kind": "temporal_order", "length": 9}}, "task.length", "9"),
    ({"task": {"kind": "recall", "lenght": 9}}, "task.lenght", "did you mean length?"),
    ({"truncation": {"kind": "window", "k1": 9, "k2": 3}}, "truncation.k2", "3"),
    ({"bach_size": 3}, "bach_size", "did you mean batch_size?"),
    ({"x" * 5000: 3}, "'xxx", "no such field"),
]


@pytest.mark.parametrize(("config", "field", "value"), REFUSED, ids=lambda x: str(x)[:40] if isinstance(x, str) else "")
def test_a_refusal_names_field_value_and_what_is_allowed(config: dict[str, Any], field: str, value: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment.model_validate(config)
    (problem,) = caught.value.problems
    sentence = problem.sentence
    assert str(caught.value) == sentence and "\n" not in sentence and len(sentence) < 400
    assert sentence.startswith(f"{field}:") or (field.startswith("'") and sentence.startswith(field))
    assert value in sentence
    assert sentence[-1] in ".?" and ("give " in sentence or "did you mean" in sentence or "there are " in sentence)


@pytest.mark.parametrize("config", [None, 3, "adding", [], [{"seed": 1}], True, 1.5, b"{}"])
def test_what_is_no_object_is_refused(config: Any) -> None:
    with pytest.raises(ExperimentError, match="an experiment is a JSON object of fields, not"):
        Experiment.model_validate(config)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment.model_validate({"seed": -1, "dtype": "half", "task": {"kind": "adding", "length": 1}, "sede": 1})
    assert {p.path for p in caught.value.problems} == {("seed",), ("dtype",), ("task", "length"), ("sede",)}


@pytest.mark.parametrize("field", ["task", "cell", "batch_size", "dtype", "nothing"])
def test_a_deeply_nested_value_is_refused_like_any_other(field: str) -> None:
    bomb: Any = {}
    for _ in range(5000):
        bomb = {"kind": bomb} if field == "cell" else {"a": bomb}
    with pytest.raises(ExperimentError) as caught:
        Experiment.model_validate({field: bomb})
    assert len(str(caught.value)) < 400


def test_numbers_may_be_written_as_text_but_not_as_truth() -> None:
    assert Experiment.model_validate({"seed": "7", "optimizer": {"kind": "sgd", "momentum": "0.5"}}).seed == 7
    with pytest.raises(ExperimentError):
        Experiment(batch_size=True)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{", "not valid JSON at line 1, column 2"),
        (b"", "not valid JSON at line 1, column 1"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"a":' * 100_000, "not valid JSON"),
        (b'{"seed": ' + b"1" * 5000 + b"}", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
    ],
    ids=range(8),
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=word) as caught:
        load(path)
    assert str(path) in str(caught.value) and str(caught.value).count("\n") == 0


def test_a_file_that_is_not_there_or_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        with pytest.raises(ExperimentError, match="cannot be read"):
            load(path)


def test_a_file_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(Experiment(seed=4).model_dump_json(), encoding="utf-8")
    assert Experiment.model_validate(load(path)).seed == 4


def test_an_error_survives_the_way_between_processes() -> None:
    with pytest.raises(ExperimentError) as caught:
        Experiment.model_validate({"batch_size": 0, "seed": -1})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)
