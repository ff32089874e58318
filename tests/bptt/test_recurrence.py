"""The engine as an ordinary piece of PyTorch: inputs, initial states, models side by side, misuse."""

import pytest
import reference
import torch
from agreement import Problem
from pydantic import TypeAdapter
from torch import Tensor

from explorer.bptt import Pass, Recurrence
from explorer.cells import AnyCell, Cell
from explorer.truncation import Plan, Segment

CELLS = sorted(reference.STEPS)


def cell_of(kind: str, hidden: int = 3) -> Cell:
    cell: Cell = TypeAdapter(AnyCell).validate_python({"kind": kind, "hidden_size": hidden})
    return cell


def tensors(cell: Cell, steps: int = 4, models: int = 2, batch: int = 2, inputs: int = 3) -> list[Tensor]:
    """All arguments of `Recurrence.apply` after the pass, drawn at random; each requires a gradient."""
    size, rows = cell.hidden_size, len(cell.gates) * cell.hidden_size
    shapes = [
        (steps, models, batch, inputs),
        (models, rows, inputs),
        (models, rows, size),
        (models, rows),
        (models, rows),
    ]
    shapes += [(models, batch, size)] * len(cell.states)
    generator = torch.Generator().manual_seed(4)
    return [torch.randn(s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes]


@pytest.mark.parametrize("kind", CELLS)
def test_every_argument_has_its_gradient(kind: str) -> None:
    """Finite differences, for inputs, weights, biases and initial states, through all states."""
    cell = cell_of(kind)
    assert torch.autograd.gradcheck(lambda *x: Recurrence.apply(Pass(cell), *x), tensors(cell), atol=1e-6)


PLANS: dict[str, tuple[Plan, Plan]] = {
    "the same, two lanes": ((Segment(1, 2, 0), Segment(3, 4, 1)),) * 2,
    "one lane each": ((Segment(1, 2, 0), Segment(3, 4, 2)), (Segment(1, 1, 0), Segment(2, 4, 1))),
    "all and a part": ((Segment(1, 4, 0),), (Segment(1, 2, 0), Segment(4, 4, 3))),
    "one lane and three": ((Segment(1, 4, 0),), (Segment(2, 2, 0), Segment(3, 3, 0), Segment(4, 4, 1))),
}


@pytest.mark.parametrize("plans", PLANS)
@pytest.mark.parametrize("kind", CELLS)
def test_models_side_by_side_do_not_mix(kind: str, plans: str) -> None:
    cell = cell_of(kind)

    def run(values: list[Tensor], *plan: Plan) -> tuple[Tensor, list[Tensor]]:
        h = Recurrence.apply(Pass(cell, plans=plan), *values)[-1]
        return h, list(torch.autograd.grad((h**2).sum(), values))

    together = tensors(cell)
    h, gradients = run(together, *PLANS[plans])
    for m in range(2):
        alone = [x.detach()[:, m : m + 1] if x is together[0] else x.detach()[m : m + 1] for x in together]
        own_h, own = run([x.requires_grad_() for x in alone], PLANS[plans][m])
        torch.testing.assert_close(h[:, m : m + 1], own_h, rtol=1e-12, atol=1e-12)
        for k, (whole, part) in enumerate(zip(gradients, own, strict=True)):
            torch.testing.assert_close(
                whole[:, m : m + 1] if k == 0 else whole[m : m + 1], part, rtol=1e-12, atol=1e-12
            )
            assert k > 4 or part.abs().max() > 1e-3


def test_a_constant_initial_state_behind_the_cut_gets_nothing() -> None:
    cell = cell_of("lstm")
    values = tensors(cell)
    h = Recurrence.apply(Pass(cell, (Segment(3, 4, 2),)), *values)[-1]
    gradients = torch.autograd.grad(h[2:].sum(), values)
    assert all((g == 0).all() for g in gradients[5:])
    assert (gradients[0][:2] == 0).all() and (gradients[0][2:] != 0).any()


def test_a_changed_output_does_not_reach_the_backward_pass() -> None:
    problem = Problem.of(4, 2)
    network = problem.network(cell_of("lstm"))
    weight = network.rnn.weight_hh_l0
    (expected,) = torch.autograd.grad(network.rnn(problem.inputs).sum(), weight)
    h = network.rnn(problem.inputs)
    with torch.no_grad():
        h.add_(1.0)
    (found,) = torch.autograd.grad(h.sum(), weight)
    assert torch.equal(found, expected) and expected.abs().max() > 1e-3


def test_second_derivatives_are_refused_instead_of_wrong() -> None:
    problem = Problem.of(4, 2)
    network = problem.network(cell_of("gru"))
    weight = network.rnn.weight_hh_l0
    (first,) = torch.autograd.grad((network(problem.inputs) ** 2).sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(first.sum(), weight)


def test_only_what_needs_a_gradient_gets_one() -> None:
    problem = Problem.of(4, 2)
    network = problem.network(cell_of("gru"))
    network.rnn.weight_ih_l0.requires_grad_(False)
    inputs = problem.inputs.clone().requires_grad_()
    network(inputs).square().sum().backward()
    assert network.rnn.weight_ih_l0.grad is None
    assert inputs.grad is not None and inputs.grad.abs().max() > 1e-3
    with torch.no_grad():
        assert not network(problem.inputs).requires_grad


def test_one_graph_can_be_asked_twice() -> None:
    problem = Problem.of(5, 2)
    network = problem.network(cell_of("lstm"))
    outputs = network(problem.inputs)
    weight = network.rnn.weight_hh_l0
    (one,) = torch.autograd.grad(outputs[-1].sum(), weight, retain_graph=True)
    (two,) = torch.autograd.grad(outputs[-1].sum(), weight, retain_graph=True)
    (other,) = torch.autograd.grad(outputs[0].sum(), weight)
    assert torch.equal(one, two) and not torch.equal(one, other)


@pytest.mark.parametrize("plan", [None, (Segment(1, 2, 0), Segment(3, 4, 1))])
@pytest.mark.parametrize("asked", [(4, 4), (2, 3), (1, 4), (2, 1)])
@pytest.mark.parametrize("kind", CELLS)
def test_states_that_no_loss_reads_need_not_be_handed_on(kind: str, asked: tuple[int, int], plan: Plan | None) -> None:
    cell, steps = cell_of(kind), slice(asked[0] - 1, asked[1])
    values = tensors(cell)
    every = Recurrence.apply(Pass(cell, plan), *values)
    some = Recurrence.apply(Pass(cell, plan, asked=asked), *values)
    assert all(torch.equal(s, e[steps]) for s, e in zip(some, every, strict=True))
    expected = torch.autograd.grad(sum((e[steps] ** 2).sum() for e in every), values)
    found = torch.autograd.grad(sum((s**2).sum() for s in some), values)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)
    assert (expected[2].abs().max() > 1e-3) == (asked != (2, 1))
