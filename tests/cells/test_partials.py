"""Closed-form partial derivatives equal those derived from `step` by autograd."""

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from explorer.cells import AnyCell, Cell, Partials
from explorer.cells.base import State

KINDS = ["tanh", "relu", "lstm", "gru"]
SHAPE = (6, 2, 3)  # any dimensions before the units


def made(kind: str, hidden: int = 4) -> tuple[Cell, Partials, Partials]:
    """A cell, its closed forms and the derived ones at random points; the last also by the gates of u + v apart."""
    cell: Cell = TypeAdapter(AnyCell).validate_python({"kind": kind, "hidden_size": hidden})
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return 1.5 * torch.randn(*SHAPE, *shape, generator=generator, dtype=torch.float64)

    u, v = draw(len(cell.gates), hidden), draw(len(cell.gates), hidden)
    previous = tuple(draw(hidden) for _ in cell.states)
    derived = Cell.partials(cell, u, v, previous, ())
    states, left = run(cell, u, v, previous)
    return cell, cell.partials(u, left, previous, tuple(s[1:] for s in states)), derived


def run(cell: Cell, u: Tensor, v: Tensor, previous: State) -> tuple[State, Tensor]:
    """The states after one step from each of the points, by `run`, and what it leaves in v; it changes u, too."""
    after = tuple(torch.empty_like(s) for s in previous)
    together = torch.ones(len(cell.gates), dtype=torch.bool)
    together[cell.apart] = False
    u[..., together, :] += v[..., together, :]
    left = torch.cat([v[..., cell.apart, :], torch.full_like(v[..., : cell.keeps, :], torch.nan)], dim=-2)
    for point in range(len(u)):
        states = tuple(torch.stack([s[point], s[point]]) for s in previous)
        list(cell.run(u[point : point + 1], left[point : point + 1], states))
        for state, found in zip(after, states, strict=True):
            state[point] = found[1]
    return tuple(torch.cat([s[:1], s]) for s in after), left


def same(closed: Tensor, derived: Tensor) -> None:
    torch.testing.assert_close(closed, derived, rtol=1e-12, atol=1e-14)
    assert closed.abs().max() > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_closed_forms_are_the_derivatives(kind: str) -> None:
    cell, closed, derived = made(kind)
    assert closed.recurrent.keys() == derived.recurrent.keys() == set(cell.states)
    for name in cell.states:
        same(closed.recurrent[name], derived.recurrent[name])
        assert derived.inputs is not None
        by_v, driven = derived.inputs[name], torch.zeros(len(cell.gates), dtype=torch.bool)
        driven[cell.drives[name]] = True
        assert (by_v[..., ~driven, :] == 0).all()
        expected = derived.recurrent[name].clone()
        if closed.inputs is not None:
            same(closed.inputs[name], by_v[..., cell.apart, :])
            expected[..., cell.apart, :] = by_v[..., cell.apart, :]
        same(by_v[..., driven, :], expected)
    for of in ("kept", "within"):
        one, other = getattr(closed, of), getattr(derived, of)
        assert one.keys() == other.keys()
        for pair in one:
            same(one[pair], other[pair])


@pytest.mark.parametrize("kind", KINDS)
def test_run_takes_the_step(kind: str) -> None:
    cell, _, _ = made(kind)
    generator = torch.Generator().manual_seed(2)
    u, v = torch.randn(2, *SHAPE, len(cell.gates), 4, generator=generator, dtype=torch.float64)
    previous = tuple(torch.randn(*SHAPE, 4, generator=generator, dtype=torch.float64) for _ in cell.states)
    expected = cell.step(u.clone(), v.clone(), previous)
    for found, state in zip(run(cell, u, v, previous)[0], expected, strict=True):
        same(found[1:], state)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_depends_on_no_gate_but_those_it_names(kind: str) -> None:
    """`drives` leaves nothing out: the derivative by all other gates is zero."""
    cell, _, _ = made(kind)
    generator = torch.Generator().manual_seed(1)
    u = torch.randn(len(cell.gates), 4, generator=generator, dtype=torch.float64, requires_grad=True)
    previous = tuple(torch.randn(4, generator=generator, dtype=torch.float64) for _ in cell.states)
    new = cell.step(u, torch.zeros_like(u), previous)
    first = torch.autograd.grad(new[0].sum(), u)[0]
    outside = torch.ones(len(cell.gates), dtype=torch.bool)
    outside[cell.drives[cell.states[0]]] = False
    assert (first[outside] == 0).all()
    assert (first[~outside] != 0).any()


def test_relu_is_flat_at_zero_as_in_torch() -> None:
    cell: Cell = TypeAdapter(AnyCell).validate_python({"kind": "relu", "hidden_size": 3})
    u = torch.tensor([[-1.0, 0.0, 2.0]])
    new = cell.step(u, torch.zeros_like(u), (torch.zeros(3),))
    assert cell.partials(u, torch.zeros_like(u), (torch.zeros(3),), new).recurrent["h"].tolist() == [[0.0, 0.0, 1.0]]


def test_the_global_switch_does_not_matter() -> None:
    """The engine runs its backward pass without gradients; derivation switches them on for itself only."""
    with torch.no_grad():
        _, closed, derived = made("lstm")
        assert not torch.is_grad_enabled()
    same(closed.recurrent["c"], derived.recurrent["c"])
    assert not derived.recurrent["c"].requires_grad
