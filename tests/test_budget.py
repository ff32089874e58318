"""The budget: what is too large is refused before it starts, with changes that really mend it."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from explorer import Experiment, ExperimentError
from explorer.budget import LimitError, Need, excess, limits, need, rows_bytes
from explorer.problems import Problem
from explorer.recording import Recording
from explorer.tasks import Adding, Copying
from explorer.truncation import Window


@st.composite
def large(draw: st.DrawFn) -> dict[str, Any]:
    """Configs from the budget's edge to far beyond it."""
    cell = {"kind": draw(st.sampled_from(["tanh", "lstm"])), "hidden_size": draw(st.integers(64, 2048))}
    k1 = draw(st.integers(1, 1000))
    windows = st.just({"kind": "window", "k1": k1, "k2": k1 + draw(st.integers(0, 5000))})
    return {
        "task": {
            "kind": draw(st.sampled_from(["adding", "copying", "recall"])),
            "length": draw(st.integers(10, 10_000)),
        },
        "cell": cell,
        "truncation": draw(st.just({"kind": "full"}) | windows),
        "batch_size": draw(st.integers(1, 4096)),
        "steps": draw(st.integers(1, 1_000_000)),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
    }


def problem_of(config: dict[str, Any]) -> Problem | None:
    try:
        Experiment.model_validate(config)
    except ExperimentError as error:
        (problem,) = error.problems
        return problem
    return None


def with_change(config: dict[str, Any], path: tuple[str, ...], value: int) -> dict[str, Any]:
    return {**config, path[0]: value if len(path) == 1 else {**config[path[0]], path[1]: value}}


@given(large())
def test_every_remedy_mends_and_is_the_largest_that_does(config: dict[str, Any]) -> None:
    problem = problem_of(config)
    assume(problem is not None)
    assert problem is not None
    name = ".".join(problem.path)
    assert problem.sentence.startswith(f"{name}: with ") and "the budget is" in problem.sentence
    if not problem.remedies:
        assert problem.sentence.endswith("lower more than one field.")
    else:
        assert problem.sentence.endswith(f"lower it to {problem.remedies[problem.path]}.")
    for path, value in problem.remedies.items():
        assert problem_of(with_change(config, path, value)) is None
        assert problem_of(with_change(config, path, value + 1)) is not None


def test_both_budgets_refuse() -> None:
    memory = problem_of({"batch_size": 4096, "task": {"kind": "adding", "length": 5000}, "steps": 1})
    assert memory is not None and "GB of memory" in memory.sentence
    work = problem_of(
        {"steps": 1_000_000, "task": {"kind": "adding", "length": 10}, "cell": {"kind": "tanh", "hidden_size": 512}}
    )
    assert work is not None and "operations" in work.sentence


def test_the_field_named_is_the_one_that_gives_up_least() -> None:
    problem = problem_of({"steps": 1_000_000, "task": {"kind": "adding", "length": 2000}})
    assert problem is not None
    config = {"steps": 1_000_000, "batch_size": 32, "length": 2000, "hidden_size": 64}
    shares = {path: value / config[path[-1]] for path, value in problem.remedies.items()}
    assert problem.path == max(shares, key=lambda path: shares[path])


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem_of({}) is None
    monkeypatch.setenv("EXPLORER_MEMORY_BYTES", "1e5")
    monkeypatch.setenv("EXPLORER_WORK_FLOP", "1e30")
    assert limits() == Need(1e5, 1e30, 1e27)
    problem = problem_of({})
    assert problem is not None and "memory" in problem.sentence


def test_the_default_and_long_lessons_fit() -> None:
    assert excess(Experiment()) is None
    assert problem_of({"cell": {"kind": "lstm"}, "task": {"kind": "copying", "length": 500}, "steps": 3000}) is None


@pytest.mark.parametrize("field", ["steps", "batch_size"])
def test_work_is_proportional(field: str) -> None:
    one, two = Experiment(**{field: 10}), Experiment(**{field: 20})
    assert need(two).work == pytest.approx(2 * need(one).work, rel=1e-9 if field == "steps" else 0.3)
    assert need(two).memory > need(one).memory


def test_overlapping_pieces_cost_more() -> None:
    def of(**truncation: int) -> float:
        return need(Experiment(task=Copying(length=200), truncation=Window(**truncation))).work

    assert of(k1=1, k2=50) > 5 * of(k1=50, k2=50)
    assert of(k1=500, k2=500) == need(Experiment(task=Copying(length=200))).work


def test_pieces_without_a_loss_cost_nothing() -> None:
    sliding = Experiment(task=Adding(length=200), truncation=Window(k1=1, k2=50))
    assert need(sliding).work == need(Experiment(task=Adding(length=200))).work


def test_what_is_carried_forward_costs_the_fourth_power_of_the_size() -> None:
    def of(hidden: int) -> Experiment:
        return Experiment.model_validate(
            {
                "cell": {"kind": "gru", "hidden_size": hidden},
                "truncation": {"kind": "rtrl"},
                "batch_size": 4,
                "steps": 1,
            }
        )

    assert 12 < need(of(48)).work / need(of(24)).work < 16
    problem = problem_of({"cell": {"kind": "lstm"}, "truncation": {"kind": "rtrl"}, "steps": 10})
    assert problem is not None and "(rtrl takes O(H⁴) a step)" in problem.sentence
    assert ("cell", "hidden_size") in problem.remedies
    fitting = problem.remedies["cell", "hidden_size"]
    assert Experiment().changed(cell="lstm", hidden_size=fitting, steps=10, truncation="rtrl")


def test_large_matrices_count_even_for_short_sequences() -> None:
    """Contributions of single steps to ∂L/∂W_hh are matrices, and its eigenvalues cost H³."""
    short = {"batch_size": 1, "task": {"kind": "adding", "length": 20}}
    memory = problem_of({**short, "steps": 1, "cell": {"kind": "lstm", "hidden_size": 2048}})
    assert memory is not None and "GB of memory" in memory.sentence
    work = problem_of({**short, "steps": 1000, "cell": {"kind": "tanh", "hidden_size": 2048}})
    assert work is not None and "operations" in work.sentence


@pytest.mark.parametrize("given", ["2GB", "nan", "-1", "0"])
def test_a_limit_that_is_no_number_is_named(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_WORK_FLOP", given)
    with pytest.raises(LimitError, match=f"EXPLORER_WORK_FLOP: '{given}'"):
        limits()


def test_one_update_is_bounded_too_for_it_cannot_be_stopped() -> None:
    small = {"task": {"kind": "copying", "length": 980}, "cell": {"kind": "lstm", "hidden_size": 512}, "steps": 10}
    sliding = {"truncation": {"kind": "window", "k1": 1, "k2": 1000}}
    with pytest.raises(ExperimentError, match="operations for one update") as caught:
        Experiment.model_validate({**small, **sliding, "batch_size": 8})
    (problem,) = caught.value.problems
    assert problem.remedies


@pytest.mark.parametrize("cell", ["tanh", "lstm"])
def test_the_bytes_of_the_rows_are_those_that_a_recording_holds(cell: str) -> None:
    experiment = Experiment().changed(cell=cell, task="copying", length=15, steps=7)
    held = sum(values.nbytes for values in Recording(experiment)._rows.values())
    assert held == rows_bytes(7, 35, len(experiment.cell.states)) > 0
