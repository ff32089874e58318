"""Plans, tested without a tensor: what they mean, where they cut, how they are laid out."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from plans import plans_with_length

from explorer.truncation import Full, Lanes, Plan, Segment, cuts, mask


def meaning(plan: Plan, length: int) -> np.ndarray:
    """mask[s−1, t−1] straight from the definition of a segment."""
    found = np.zeros((length, length))
    for segment, s, t in product(plan, range(1, length + 1), range(1, length + 1)):
        if segment.first <= s <= segment.last and segment.oldest < t <= s:
            found[s - 1, t - 1] = segment.factor ** (s - t)
    return found


def carried(lanes: Lanes) -> np.ndarray:
    """[s, t]: by what the loss of step s is multiplied when it arrives at step t, summed over lanes, by walking."""
    length, width = lanes.inject.shape
    found = np.zeros((length, length))
    for s, lane in product(range(length), range(width)):
        t, factor = s, float(lanes.inject[s, lane])
        while factor:
            found[s, t] += factor
            t -= 1
            factor *= lanes.carry[t, lane] if t >= 0 else 0.0
    return found


@given(plans_with_length())
def test_mask_is_the_plan_written_out(case: tuple[Plan, int]) -> None:
    plan, length = case
    np.testing.assert_allclose(mask(plan, length), meaning(plan, length), rtol=1e-12)


@given(plans_with_length())
def test_cuts_are_the_steps_that_nothing_crosses(case: tuple[Plan, int]) -> None:
    plan, length = case
    reaches = meaning(plan, length)
    expected = [t for t in range(1, length) if not reaches[t:, t - 1].any()]
    assert cuts(plan, length) == expected


@given(plans_with_length())
def test_lanes_carry_each_loss_once_to_where_the_mask_says_and_nowhere_else(case: tuple[Plan, int]) -> None:
    plan, length = case
    np.testing.assert_allclose(carried(Lanes.of(plan, length)), meaning(plan, length), rtol=1e-12)


@given(plans_with_length())
def test_lanes_are_as_few_as_the_overlap_demands(case: tuple[Plan, int]) -> None:
    plan, length = case
    under_way = [sum(s.oldest < t <= s.last for s in plan) for t in range(1, length + 1)]
    assert Lanes.of(plan, length).inject.shape == (length, max(1, *under_way))


def test_a_known_plan() -> None:
    plan = (Segment(1, 2, 0), Segment(3, 4, 1), Segment(5, 5, 4))
    expected = [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1]]
    np.testing.assert_array_equal(mask(plan, 5), np.array(expected))
    assert cuts(plan, 5) == [4]
    assert Lanes.of(plan, 5).inject.shape[1] == 2


def test_full_reaches_everything_before() -> None:
    np.testing.assert_array_equal(mask(Full().plan(7), 7), np.tri(7))
    assert cuts(Full().plan(7), 7) == []


@pytest.mark.parametrize("factor", [0.0, -1.0, float("inf"), float("nan")])
def test_a_factor_is_a_positive_number(factor: float) -> None:
    with pytest.raises(ValueError, match="positive factor"):
        Segment(1, 2, 0, factor)


@pytest.mark.parametrize("numbers", [(1, 1, -1), (1, 1, 1), (3, 4, 3), (4, 3, 0), (0, 2, 0)])
def test_a_segment_that_makes_no_sense_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"a segment needs 0 ≤ oldest < first ≤ last\.$"):
        Segment(*numbers)
