"""The engine against autograd, in float64, for every cell and for random plans and shapes."""

import pytest
import reference
import torch
from agreement import CELLS, Problem, agree, cell_of, engine, is_not_trivial
from hypothesis import given
from hypothesis import strategies as st
from plans import plans
from toy_cells import TOYS, Toy

from explorer.cells import Cell
from explorer.truncation import Plan, Segment, mask

HARD: dict[str, tuple[Plan, int]] = {
    "full": ((Segment(1, 9, 0),), 9),
    "one step": ((Segment(1, 1, 0),), 1),
    "three lanes": (tuple(Segment(t, t, max(0, t - 3)) for t in range(1, 10)), 9),
    "uneven ends": ((Segment(1, 4, 0), Segment(5, 8, 1), Segment(9, 9, 2)), 9),
    "no overlap, then much": ((Segment(1, 2, 0), Segment(3, 4, 2), Segment(5, 6, 0), Segment(7, 9, 1)), 9),
    "weighted": ((Segment(1, 4, 0, 1.25), Segment(5, 9, 4, 0.5)), 9),
    "weighted lanes": ((Segment(1, 4, 0, 1.25), Segment(5, 8, 1), Segment(9, 9, 2, 0.5)), 9),
    "longer than a block of partials": ((Segment(1, 17, 0), Segment(18, 35, 13)), 35),
}


def compare(cell: Cell, step: reference.Step, problem: Problem, plan: Plan) -> reference.Gradient:
    network = problem.network(cell)
    parts = reference.pieces(step, len(cell.states), network.state_dict(), problem.inputs, problem.step_losses)
    expected = parts.under(mask(plan, len(problem.inputs)))
    agree(engine(network, problem.inputs, problem.step_losses, plan), expected)
    return expected


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("kind", CELLS)
def test_cells_agree_with_autograd(kind: str, case: str) -> None:
    plan, length = HARD[case]
    expected = compare(cell_of(kind, 5), reference.STEPS[kind], Problem.of(length, 3), plan)
    if length > 1:
        is_not_trivial(expected, mask(plan, length))


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy[0].__name__)
def test_cells_that_define_only_a_step_agree_with_autograd(toy: tuple[type[Toy], reference.Step], case: str) -> None:
    (kind, step), (plan, length) = toy, HARD[case]
    weights = {"kind": "orthogonal", "gain": 0.9}
    expected = compare(kind.model_validate({"hidden_size": 4, "weights": weights}), step, Problem.of(length, 3), plan)
    if length > 1:
        is_not_trivial(expected, mask(plan, length))


@given(data=st.data(), kind=st.sampled_from(CELLS))
def test_random_plans_and_shapes_agree_with_autograd(data: st.DataObject, kind: str) -> None:
    length, batch, hidden = (data.draw(st.integers(1, most)) for most in (12, 4, 5))
    problem = Problem.of(length, batch, seed=data.draw(st.integers(0, 9)), inputs=data.draw(st.integers(1, 3)))
    compare(cell_of(kind, hidden), reference.STEPS[kind], problem, data.draw(plans(length)))


@given(data=st.data(), toy=st.sampled_from(TOYS))
def test_random_plans_agree_for_derived_partials(data: st.DataObject, toy: tuple[type[Toy], reference.Step]) -> None:
    length, batch, hidden = (data.draw(st.integers(1, most)) for most in (8, 3, 4))
    cell = toy[0].model_validate({"hidden_size": hidden})
    compare(cell, toy[1], Problem.of(length, batch), data.draw(plans(length)))


@pytest.mark.parametrize("kind", CELLS)
def test_float32_agrees_up_to_its_rounding(kind: str) -> None:
    problem, plan = Problem.of(9, 3), (Segment(1, 5, 0), Segment(6, 9, 2))
    network = problem.network(cell_of(kind, 5))
    exact = engine(network, problem.inputs, problem.step_losses, plan)
    rough = engine(network.float(), problem.inputs.float(), problem.step_losses, plan)
    for name, gradient in exact.parameters.items():
        assert rough.parameters[name].dtype == torch.float32
        torch.testing.assert_close(rough.parameters[name].double(), gradient, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(rough.states[-1], exact.states[-1], rtol=1e-4, atol=1e-5)
    is_not_trivial(exact)
