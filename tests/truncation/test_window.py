"""The window scheme: every loss once, and as far back as k1 and k2 say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import ExperimentError
from explorer.experiment import Experiment
from explorer.truncation import Window, cuts, mask


@st.composite
def windows(draw: st.DrawFn) -> tuple[int, int, int]:
    k1 = draw(st.integers(1, 18))
    return k1, k1 + draw(st.integers(0, 10)), draw(st.integers(1, 16))


@given(windows())
def test_every_loss_flows_back_once(case: tuple[int, int, int]) -> None:
    k1, k2, length = case
    plan = Window(k1=k1, k2=k2).plan(length)
    assert [s for segment in plan for s in range(segment.first, segment.last + 1)] == list(range(1, length + 1))


@given(windows())
def test_each_loss_reaches_the_newest_k2_steps_at_the_next_end(case: tuple[int, int, int]) -> None:
    k1, k2, length = case
    reaches = mask(Window(k1=k1, k2=k2).plan(length), length)
    for s in range(1, length + 1):
        end = min(length, k1 * -(-s // k1))
        expected = [end - k2 < t <= s for t in range(1, length + 1)]
        assert reaches[s - 1].tolist() == expected


@given(windows())
def test_k2_of_the_whole_length_is_full(case: tuple[int, int, int]) -> None:
    k1, _, length = case
    np.testing.assert_array_equal(mask(Window(k1=k1, k2=k1 + length).plan(length), length), np.tri(length, dtype=bool))


def test_chunks_are_cut_between_them_and_slides_nowhere() -> None:
    assert cuts(Window(k1=4, k2=4).plan(12), 12) == [4, 8]
    assert cuts(Window(k1=4, k2=4).plan(10), 10) == [
        4
    ]  # the last piece is short, and goes back four steps all the same
    assert cuts(Window(k1=1, k2=3).plan(10), 10) == []
    assert cuts(Window(k1=1, k2=1).plan(4), 4) == [1, 2, 3]


def test_updates_say_when_the_weights_change() -> None:
    assert not Window().updates_per_segment
    assert Window(updates="segment").updates_per_segment


def test_losses_that_would_never_flow_back_are_refused_with_both_remedies() -> None:
    config = {"truncation": {"kind": "window", "k1": 20, "k2": 5}}
    with pytest.raises(ExperimentError) as caught:
        Experiment.model_validate(config)
    (problem,) = caught.value.problems
    assert problem.path == ("truncation", "k2")
    assert problem.sentence.startswith("truncation.k2: 5 is smaller than k1 = 20")
    assert problem.remedies == {("truncation", "k2"): 20, ("truncation", "k1"): 5}
    for (_, field), value in problem.remedies.items():
        Experiment.model_validate({"truncation": {**config["truncation"], field: value}})
