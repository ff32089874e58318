"""Every field describes itself: what widgets, flags, URL keys and documentation are made from."""

from itertools import combinations, product
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import Experiment, ExperimentError
from explorer.experiment import all_settings, nested
from explorer.settings import Setting, text

ALL = {s.name: s for s in all_settings()}
KINDS = {s.key: s.choices for s in all_settings() if s.key in ("task", "cell", "truncation", "clipping", "optimizer")}


def test_kinds_of_the_contract_exist() -> None:
    assert {"tanh", "relu", "lstm", "gru"} <= set(KINDS["cell"])
    assert {"adding", "copying", "temporal_order", "recall"} <= set(KINDS["task"])
    assert {"full", "window"} <= set(KINDS["truncation"])
    assert {"none", "norm", "value"} <= set(KINDS["clipping"])
    assert {"sgd", "adam", "rmsprop"} <= set(KINDS["optimizer"])


def test_keys_are_unique() -> None:
    keys = [s.key for s in all_settings()]
    assert len(keys) == len(set(keys)) > 20
    paths = [s.path for s in all_settings()]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("setting", all_settings(), ids=lambda s: s.name)
def test_every_setting_describes_itself(setting: Setting) -> None:
    assert setting.description.endswith(".") and "\n" not in setting.description and len(setting.description) < 120
    assert setting.label and setting.label[0].isupper() and len(setting.label) < 30
    assert setting.type in (int, float, bool, str)
    if setting.type is bool:
        assert setting.allowed == "true or false" and setting.default in (True, False)
        return
    if setting.type is str:
        assert len(setting.choices) > 1 and setting.default in setting.choices
        assert setting.allowed == "one of " + ", ".join(setting.choices)
        return
    assert setting.ge is not None and setting.le is not None and setting.ge <= setting.default <= setting.le
    assert setting.slider is not None
    low, high = setting.slider
    assert setting.ge <= low < high <= setting.le
    assert not setting.log or low > 0
    assert setting.log or (setting.step is not None and setting.step > 0)
    assert setting.allowed.startswith("an integer from" if setting.type is int else "a number from")


@pytest.mark.parametrize("keys", list(combinations(KINDS, 2)), ids="-".join)
def test_every_pair_of_kinds_is_an_experiment(keys: tuple[str, str]) -> None:
    for kinds in product(*(KINDS[key] for key in keys)):
        _is_an_experiment(dict(zip(keys, kinds, strict=True)))


def _is_an_experiment(chosen: dict[str, str]) -> None:
    small = {"hidden_size": 8} if chosen.get("truncation") == "rtrl" else {}  # with the default it is beyond the budget
    experiment = Experiment().changed(**chosen, **small)
    assert {key: experiment.flat()[key] for key in chosen} == chosen
    for setting, value in experiment.settings().items():
        assert setting.name in ALL
        assert value == setting.default or setting.path[-1] == "kind" or setting.key in small
        if setting.type in (int, float):
            assert isinstance(value, setting.type)
            assert setting.ge is not None and setting.le is not None and setting.ge <= value <= setting.le
        elif setting.type is str:
            assert value in setting.choices


def test_a_setting_of_several_kinds_allows_what_any_of_them_allows() -> None:
    assert ALL["cell.bias.kind"].choices == ("pytorch", "zero", "forget", "chrono", "update")
    assert ALL["task.length"].ge == 1  # copying; the others ask for more
    lstm = {s.key: s for s in Experiment().changed(cell="lstm").settings()}
    assert lstm["bias"].choices == ("pytorch", "zero", "forget", "chrono")


def test_a_kind_takes_its_owners_name() -> None:
    assert ALL["cell.kind"].key == "cell" and ALL["cell.weights.kind"].key == "weights"
    assert ALL["truncation.k1"].key == "k1" and ALL["seed"].key == "seed"


def test_a_truth_value_is_written_as_json_writes_it() -> None:
    plain = Experiment().changed(truncation="stochastic")
    assert plain.truncation.compensated is True and "compensated" not in plain.explicit()
    told = plain.changed(compensated="false")
    assert told.truncation.compensated is False and told.explicit()["compensated"] == "false"
    assert Experiment.model_validate_json(told.model_dump_json()) == told
    with pytest.raises(ExperimentError, match=r"truncation\.compensated: 'maybe' is not allowed; give true or false"):
        plain.changed(compensated="maybe")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9))
def test_text_reads_back_to_the_same_value(value: float) -> None:
    assert type(value)(text(value)) == value
    assert len(text(value)) < 26


def test_text_is_short() -> None:
    assert [text(v) for v in (1.0, 0.001, 20, "lstm", 1e-6, 100.0)] == ["1", "0.001", "20", "lstm", "1e-06", "100"]


def test_nested_puts_fields_where_they_belong() -> None:
    assert nested({"gain": "0.5", "cell": "lstm"}) == {"cell": {"kind": "lstm", "weights": {"gain": "0.5"}}}
    experiment = Experiment.model_validate(nested({"cell": "lstm", "forget_bias": "2"}))
    assert experiment.flat()["bias"] == "forget" and isclose(experiment.flat()["forget_bias"], 2.0)
