"""Reading a URL: whatever stands in it, a valid experiment comes out, and what was wrong is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import Experiment, ExperimentError
from explorer.experiment import all_settings, read

KEYS = [s.key for s in all_settings()]
WORDS = sorted({c for s in all_settings() for c in s.choices})
values = (
    st.text(max_size=20)
    | st.sampled_from(WORDS)
    | st.sampled_from(
        ["nan", "inf", "-inf", "1e400", "-1", "0", "2", "1_0", "٣", "true", "[]", "{}", " 3 ", "9" * 400, "\ud800"]
    )
    | st.integers(-5, 10**7).map(str)
    | st.floats().map(str)
)


@given(st.dictionaries(st.text(max_size=15) | st.sampled_from(KEYS), values, max_size=8))
def test_rubbish_never_raises(flat: dict[str, str]) -> None:
    experiment, problems = read(flat)
    assert Experiment.model_validate(experiment.model_dump()) == experiment
    for problem in problems:
        assert problem.sentence and "\n" not in problem.sentence.replace("\\n", "") and len(problem.sentence) < 600
    taken = experiment.flat()
    ignored = [k for k, v in flat.items() if k not in taken or (str(taken[k]) != v and not _same(taken[k], v))]
    assert bool(problems) == bool(ignored)


def _same(value: object, written: str) -> bool:
    try:
        return not isinstance(value, str) and float(written) == value
    except ValueError:
        return False


@given(st.sets(st.text(min_size=1, max_size=15).filter(lambda k: k not in KEYS), min_size=1, max_size=5))
def test_every_unknown_key_is_named_once(keys: set[str]) -> None:
    experiment, problems = read(dict.fromkeys(keys, "1") | {"cell": "gru"})
    assert {p.path for p in problems} == {(key,) for key in keys} and len(problems) == len(keys)
    assert experiment == Experiment().changed(cell="gru")


BAD = {"task": "sorting", "cell": "lstn", "hidden_size": "0", "seed": "-1", "clipping": "hard", "batch_size": "nan"}


@given(st.sets(st.sampled_from(sorted(BAD)), min_size=1))
def test_every_bad_value_is_named_once_and_the_rest_is_kept(keys: set[str]) -> None:
    good = {"truncation": "window", "k1": "3", "k2": "9", "dtype": "float64"}
    experiment, problems = read({key: BAD[key] for key in keys} | good)
    assert sorted(p.sentence.split(":")[0].removesuffix(".kind").split(".")[-1] for p in problems) == sorted(keys)
    assert experiment == Experiment().changed(truncation="window", k1=3, k2=9, dtype="float64")


@pytest.mark.parametrize(
    ("flat", "kept"),
    [
        ({"k1": "50", "truncation": "window", "cell": "lstm"}, {"truncation": "window", "cell": "lstm"}),
        ({"k1": "5", "k2": "2", "truncation": "window"}, {"truncation": "window", "k1": "5"}),
        ({"k1": "5", "cell": "gru"}, {"cell": "gru"}),
        ({"forget_bias": "1", "cell": "tanh", "seed": "3"}, {"seed": "3"}),
        ({"cell": "lstm", "forget_bias": "1"}, None),
        ({"bias": "forget", "seed": "3"}, {"seed": "3"}),
        ({"batch_size": "1000", "length": "2000", "cell": "lstm"}, {"batch_size": "1000", "cell": "lstm"}),
        ({"hidden_size": "2048", "steps": "1000000", "cell": "lstm"}, {"cell": "lstm"}),
    ],
    ids=range(8),
)
def test_fields_that_are_wrong_together(flat: dict[str, str], kept: dict[str, str] | None) -> None:
    experiment, problems = read(flat)
    assert problems or kept is None
    if kept is not None:
        assert experiment == Experiment().changed(**kept)
    assert experiment.flat()["cell"] == flat.get("cell", "tanh")


def test_a_budget_below_the_default_experiment_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_WORK_FLOP", "1")
    with pytest.raises(ExperimentError, match="operations"):
        read({"cell": "lstm"})
