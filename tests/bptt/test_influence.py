"""Real-time recurrent learning against autograd, for every cell; the reference never imports the engine."""

import pytest
import reference
import torch
from agreement import CELLS, EXACT, Problem, cell_of, is_not_trivial
from toy_cells import TOYS, Toy

from explorer.bptt import Influence, Network, Pass
from explorer.cells import Cell
from explorer.truncation import Full, mask


def gradients(network: Network, problem: Problem, ends: list[int]) -> dict[str, torch.Tensor]:
    """Those of the whole loss, by RTRL over pieces that end at these steps."""
    influence, initial, start = Influence(network.rnn.cell), None, 0
    network.zero_grad()
    for end in ends:
        task = Pass(network.rnn.cell, influence=influence)
        outputs = network(problem.inputs[start:end], task, initial)
        whole = torch.zeros(len(problem.inputs), *outputs.shape[1:], dtype=torch.float64)
        whole[start:end] = outputs
        problem.step_losses(whole)[start:end].sum(0).mean().backward()  # type: ignore[no-untyped-call]
        assert task.trajectory is not None
        initial, start = task.trajectory.last, end
    return {name: p.grad for name, p in network.named_parameters() if p.grad is not None}


def compare(cell: Cell, step: reference.Step, ends: list[int]) -> None:
    problem = Problem.of(ends[-1], 3)
    network = problem.network(cell)
    parts = reference.pieces(step, len(cell.states), network.state_dict(), problem.inputs, problem.step_losses)
    expected = parts.under(mask(Full().plan(ends[-1]), ends[-1]))
    is_not_trivial(expected, mask(Full().plan(ends[-1]), ends[-1]))
    found = gradients(network, problem, ends)
    for name, gradient in expected.parameters.items():
        assert gradient.abs().max() > 0
        torch.testing.assert_close(found[name], gradient, rtol=EXACT, atol=EXACT * float(gradient.abs().max()))


@pytest.mark.parametrize("ends", [[9], [1, 4, 9]], ids=["whole", "pieces"])
@pytest.mark.parametrize("kind", CELLS)
def test_equals_full_backpropagation(kind: str, ends: list[int]) -> None:
    compare(cell_of(kind, 5), reference.STEPS[kind], ends)


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy[0].__name__)
def test_works_for_cells_that_define_only_a_step(toy: tuple[type[Toy], reference.Step]) -> None:
    kind, step = toy
    weights = {"kind": "orthogonal", "gain": 0.9}
    compare(kind.model_validate({"hidden_size": 4, "weights": weights}), step, [7])
