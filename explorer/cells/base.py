"""What a cell is: one recurrent matrix product, and a function of each unit alone.

With u = W_hh·h₍t₋₁₎ + b_hh and v = W_ih·x_t + b_ih, split into G gates of H units, the new state of a unit depends on
that unit's own gates and own previous state only. Every partial derivative is therefore a vector over the units, and
those of all time steps come from a few large tensor operations.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from explorer.cells.biases import Bias
from explorer.cells.weights import Weights
from explorer.parts import Part, quantity

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class Partials:
    """Partial derivatives of one cell at many time steps; every tensor ends in the H units.

    Attributes:
        recurrent: state → ∂state/∂u over the gates `Cell.drives[state]`, shape [..., gates, H].
        inputs: state → ∂state/∂v over the gates `Cell.apart`, shape [..., gates, H]; None where there are none.
        kept: (state, previous state) → ∂state/∂previous with the gates held fixed, shape [..., H].
        within: (state, state computed before it in the same step) → their partial with all others held fixed,
            shape [..., H]; in the order of `Cell.states`.
    """

    recurrent: Mapping[str, Tensor]
    inputs: Mapping[str, Tensor] | None = None
    kept: Mapping[tuple[str, str], Tensor] = field(default_factory=dict)
    within: Mapping[tuple[str, str], Tensor] = field(default_factory=dict)


class Cell(Part):
    """Base of all cells: fields are configuration, methods are the mathematics.

    A new cell defines `kind`, `gates`, `step`, and its fields `weights` and `bias`; `run` and `partials` may stay as
    derived here.

    Attributes:
        states: names of the states in the order in which one step computes them; `h` comes last.
        gates: names of the gates in PyTorch's order.
        candidate: the gate whose recurrent block is the tanh path; its spectral radius is reported.
        drives: state → the range of gates it depends on directly.
        apart: the gates that do not take u and v by their sum u + v alone; a cell that narrows it defines `run`.
        keeps: how many numbers `run` leaves for each unit and step, beside gates and states, for `partials` to read.
    """

    states: ClassVar[tuple[str, ...]] = ("h",)
    gates: ClassVar[tuple[str, ...]]
    candidate: ClassVar[int] = 0
    drives: ClassVar[Mapping[str, slice]] = {"h": slice(None)}
    apart: ClassVar[slice] = slice(None)
    keeps: ClassVar[int] = 0

    kind: str
    hidden_size: int = quantity(
        64,
        "Number of hidden units; each is one more way for the gradient.",
        label="Hidden units H",
        unit="units",
        ge=1,
        le=2048,
        slider=(4, 128),
        step=4,
    )
    weights: Weights
    bias: Bias

    @abstractmethod
    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """One time step, elementwise over the units.

        Args:
            u: recurrent pre-activation, [..., G, H].
            v: input pre-activation, [..., G, H].
            previous: previous states in the order of `states`, each [..., H].

        Returns:
            The new states in the order of `states`, each [..., H].
        """

    def run(self, u: Tensor, v: Tensor, states: State) -> Iterator[None]:
        """All time steps: each time it is resumed it takes one, once u of that step is complete.

        Args:
            u: recurrent pre-activations, [T, ..., G, H], with v added for the gates outside `apart`.
            v: input pre-activations of the gates `apart`, and after them room for what it `keeps`, [T, ..., n, H].
            states: room for each state at the times 0…T, [T + 1, ..., H]; time 0 is given.

        u and v may be overwritten with whatever `partials` reads; here they are left as they are.
        """
        for t in range(len(u)):
            for state, new in zip(states, self.step(u[t], v[t], tuple(s[t] for s in states)), strict=True):
                state[t + 1] = new
            yield

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """The partial derivatives of `step`, here derived by autograd from `step` itself.

        Exact because the units do not mix: the gradient of a sum over units is each unit's own derivative.

        Args:
            u: recurrent pre-activations, [..., G, H]; this and v as `run` left them.
            v: input pre-activations of the gates `apart`, and what `run` keeps, [..., n, H].
            previous: states before the step, each [..., H].
            new: states after the step, each [..., H]; closed forms use them, this derivation does not.

        Returns:
            All partials, of the shapes in `Partials`.
        """
        del new
        with torch.enable_grad():
            u, v = u.detach().requires_grad_(), v.detach().requires_grad_()
            before = tuple(s.detach().requires_grad_() for s in previous)
            after = dict(zip(self.states, self.step(u, v, before), strict=True))
            recurrent, inputs = dict[str, Tensor](), dict[str, Tensor]()
            kept, within = dict[tuple[str, str], Tensor | None](), dict[tuple[str, str], Tensor | None]()
            earlier: dict[str, Tensor] = {}
            for name, state in after.items():
                # A state computed earlier in this step has a partial of its own, so nothing else may pass through it.
                for other, tensor in earlier.items():
                    with _blocked(t for n, t in earlier.items() if n != other):
                        within[name, other] = _gradient(state, tensor)
                with _blocked(earlier.values()):
                    recurrent[name] = _or_zero(_gradient(state, u), u)[..., self.drives[name], :]
                    inputs[name] = _or_zero(_gradient(state, v), v)
                    for other, tensor in zip(self.states, before, strict=True):
                        kept[name, other] = _gradient(state, tensor)
                earlier[name] = state
        return Partials(recurrent, inputs, _connected(kept), _connected(within))

    def block(self, gate: int) -> slice:
        """The rows of W_hh that belong to a gate."""
        return slice(gate * self.hidden_size, (gate + 1) * self.hidden_size)

    @property
    def rows_apart(self) -> slice:
        """The rows of the weights that belong to the gates `apart`."""
        gates = range(len(self.gates))[self.apart]
        return slice(gates.start * self.hidden_size, gates.stop * self.hidden_size)


@contextmanager
def _blocked(tensors: Iterable[Tensor]) -> Iterator[None]:
    """No gradient passes through these tensors."""
    blocks = [tensor.register_hook(torch.zeros_like) for tensor in tensors]
    yield
    for block in blocks:
        block.remove()


def _gradient(of: Tensor, to: Tensor) -> Tensor | None:
    """∂(Σ of)/∂to, None where nothing connects the two."""
    found: Tensor | None = torch.autograd.grad(of.sum(), to, retain_graph=True, allow_unused=True)[0]
    return found


def _connected(partials: Mapping[tuple[str, str], Tensor | None]) -> dict[tuple[str, str], Tensor]:
    """Partials without those that are zero everywhere, which would turn an infinite gradient into nan."""
    return {pair: partial for pair, partial in partials.items() if partial is not None and bool(partial.any())}


def _or_zero(gradient: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if gradient is None else gradient
