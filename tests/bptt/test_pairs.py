"""Every pair of a loss and a state against autograd: each cell, cells that define only a step, random plans."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import pytest
import reference
import torch
from agreement import EXACT, Problem
from hypothesis import given
from hypothesis import strategies as st
from plans import plans
from pydantic import TypeAdapter
from torch import Tensor
from toy_cells import TOYS, Toy

from explorer.bptt import Network, Pass, Reaching, Trajectory, pairs
from explorer.cells import AnyCell, Cell
from explorer.cells.base import State
from explorer.truncation import Plan, Segment, mask


class Relay(Toy):
    """c is made anew in each step, and h from c alone: nothing is carried on but by the product."""

    states: ClassVar = ("c", "h")
    gates: ClassVar = ("p",)
    drives: ClassVar[Mapping[str, slice]] = {"c": slice(0, 1), "h": slice(0)}
    kind: Literal["relay"] = "relay"

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        c = torch.tanh(u + v).squeeze(-2)
        return c, torch.sin(c)


def relay(weights: reference.Weights, x: Tensor, state: State) -> State:
    u, v = reference.products(weights, x, state[1])
    c = torch.tanh(u + v)
    return c, torch.sin(c)


STEPS = 18  # longer than a block of partials
TOY = {cell.__name__: (cell, step) for cell, step in [*TOYS, (Relay, relay)]}
NAMES = [*sorted(reference.STEPS), *TOY]
PLANS: dict[str, Plan] = {
    "full": (Segment(1, 18, 0),),
    "chunked": (Segment(1, 5, 0), Segment(6, 10, 5), Segment(11, 15, 10), Segment(16, 18, 13)),
    "sliding": tuple(Segment(t, t, max(0, t - 3)) for t in range(1, 19)),
    "weighted": (Segment(1, 7, 0, 1.25), Segment(8, 12, 3, 0.5), Segment(13, 18, 9)),
    "ends between others": (Segment(1, 2, 0), Segment(3, 4, 2), Segment(5, 6, 0), Segment(7, 18, 1)),
    "losses left out": (Segment(4, 5, 1), Segment(9, 9, 0), Segment(17, 17, 16)),
}


def cell_and_step(name: str) -> tuple[Cell, reference.Step]:
    shape = {"hidden_size": 4, "weights": {"kind": "orthogonal", "gain": 1.1}}
    if name in TOY:
        kind, step = TOY[name]
        return kind.model_validate(shape), step
    return TypeAdapter(AnyCell).validate_python({"kind": name, **shape}), reference.STEPS[name]


@cache
def exact(name: str, steps: int = STEPS, seed: int = 0) -> tuple[Network, Problem, reference.Pieces]:
    (cell, step), problem = cell_and_step(name), Problem.of(steps, 3, seed)
    network = problem.network(cell, seed)
    weights = network.state_dict()
    return network, problem, reference.pieces(step, len(cell.states), weights, problem.inputs, problem.step_losses)


def started(network: Network, problem: Problem) -> tuple[Trajectory, Tensor]:
    """The forward pass, and ∂L_s/∂h_s by the direct path at every step."""
    run = Pass(network.rnn.cell)
    with torch.no_grad():
        network.rnn(problem.inputs, run)
    assert run.trajectory is not None
    h = run.trajectory.states[-1][1:, 0].clone().requires_grad_()
    losses = problem.step_losses(network.readout(h))
    return run.trajectory, torch.autograd.grad(losses.sum(0).mean(), h)[0]


def parameters(at: Reaching, trajectory: Trajectory, cell: Cell) -> dict[str, Tensor]:
    """By each parameter as used at this step, for each lane."""
    hidden = cell.hidden_size
    read, v = trajectory.read[at.time - 1, 0], at.u.clone()
    apart = at.v_apart()
    if apart is not None:
        v.unflatten(2, (-1, hidden))[:, :, cell.apart] = apart.unflatten(2, (-1, hidden))
    by_u, by_v = (torch.einsum("lbg,bp->lgp", x, read) for x in (at.u, v))
    found = (by_v[..., hidden:-1], by_u[..., :hidden], by_v[..., -1], by_u[..., -1])
    return dict(zip(reference.RECURRENT, found, strict=True))


def compare(name: str, plan: Plan, steps: int = STEPS, seed: int = 0) -> Sequence[reference.Pieces]:
    """Every piece, multiplied as the mask says, is found; what is not found is zero in the mask."""
    network, problem, pieces = exact(name, steps, seed)
    cell, chosen = network.rnn.cell, torch.from_numpy(mask(plan, steps))
    trajectory, direct = started(network, problem)
    found = {n: torch.zeros_like(piece) for n, piece in pieces.recurrent.items()}
    states = [torch.zeros_like(piece) for piece in pieces.states]
    for at in pairs(cell, trajectory, direct, 1, plan):
        lanes = slice(at.losses.start - 1, at.losses.stop - 1)
        for own, state in zip(states, cell.states, strict=True):
            own[lanes, at.time - 1] = at.states[state]
        for n, gradient in parameters(at, trajectory, cell).items():
            found[n][lanes, at.time - 1] = gradient
    expected = [
        torch.einsum("st,st...->st...", chosen, piece) for piece in (*pieces.recurrent.values(), *pieces.states)
    ]
    for one, other in zip((*found.values(), *states), expected, strict=True):
        assert float((one - other).abs().max()) <= EXACT * float(other.abs().max())
        assert not one[chosen == 0].any(), "what is cut is exactly zero"
    if plan:
        assert float(expected[-1].abs().max()) > 1e-4, "trivially zero"
    return pieces


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("name", NAMES)
def test_pairs_agree_with_autograd(name: str, plan: str) -> None:
    pieces = compare(name, PLANS[plan])
    assert all(float(piece.abs().max()) > 1e-4 for piece in pieces.recurrent.values())
    reached = torch.from_numpy(mask(PLANS[plan], STEPS) != 0)
    assert float(pieces.states[-1].norm(dim=(-1, -2))[reached].min()) > 1e-9, "a pair is trivially zero"


@given(data=st.data(), name=st.sampled_from(NAMES))
def test_random_plans_agree_with_autograd(data: st.DataObject, name: str) -> None:
    steps = data.draw(st.integers(2, 8))
    plan = data.draw(plans(steps))
    compare(name, plan, steps, seed=1)


def test_only_the_lanes_that_reach_a_time_take_part() -> None:
    network, problem, _ = exact("lstm")
    trajectory, direct = started(network, problem)
    sliding = {at.time: list(at.losses) for at in pairs(network.rnn.cell, trajectory, direct, 1, PLANS["sliding"])}
    assert sliding == {t: list(range(t, min(t + 3, 19))) for t in range(18, 0, -1)}
    left_out = {at.time for at in pairs(network.rnn.cell, trajectory, direct, 1, PLANS["losses left out"])}
    assert left_out == {*range(1, 10), 17}
    last = [(at.time, list(at.losses)) for at in pairs(network.rnn.cell, trajectory, direct[-1:], 18, PLANS["full"])]
    assert last == [(t, [18]) for t in range(18, 0, -1)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("plan", ["chunked", "ends between others"])
def test_a_cut_is_zero_where_the_gradient_is_infinite(name: str, plan: str) -> None:
    network, problem, _ = exact(name)
    trajectory, direct = started(network, problem)
    reached = mask(PLANS[plan], STEPS) != 0
    broken = direct.clone()
    broken[2:4] = torch.inf
    seen = 0
    for at in pairs(network.rnn.cell, trajectory, broken, 1, PLANS[plan]):
        for lane, s in enumerate(at.losses):
            values = torch.cat([at.u[lane].flatten(), *(state[lane].flatten() for state in at.states.values())])
            if not reached[s - 1, at.time - 1]:
                assert not values.any()
                seen += 1
            elif s in (3, 4):
                assert not values.isfinite().all()
            else:
                assert values.isfinite().all() and values.any()
    assert (seen > 0) == (plan == "ends between others")


def test_a_cut_is_zero_where_a_partial_is_infinite() -> None:
    network, problem, _ = exact("tanh")
    trajectory, direct = started(network, problem)
    trajectory.states[-1][2] = torch.inf
    going_back = pairs(network.rnn.cell, trajectory, direct, 1, PLANS["ends between others"])
    at = next(at for at in going_back if at.time == 2)
    assert list(at.losses) == list(range(2, 19))
    assert not at.u[[1, 2]].any() and not at.u[[0, 3]].isfinite().any()


@pytest.mark.parametrize("name", NAMES)
def test_float32_agrees_up_to_its_rounding(name: str) -> None:
    network, problem, pieces = exact(name)
    rough = problem.network(network.rnn.cell).float()
    halved = Problem(problem.inputs.float(), problem.targets.float(), problem.weights.float())
    trajectory, direct = started(rough, halved)
    for at in pairs(rough.rnn.cell, trajectory, direct, 1, PLANS["full"]):
        expected = pieces.states[-1][at.losses.start - 1 : at.losses.stop - 1, at.time - 1]
        assert at.states["h"].dtype == torch.float32
        torch.testing.assert_close(at.states["h"].double(), expected, rtol=1e-3, atol=1e-4)
    assert np.isfinite(float(expected.abs().max()))
