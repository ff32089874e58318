"""The forward pass: a cell unrolled over time, with all that the backward pass needs.

Letters: T time steps, M models side by side, B sequences, D inputs, H units, G gates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.bptt.layout import add_product, columns, one, room
from explorer.cells import Cell
from explorer.cells.base import State


@dataclass(frozen=True)
class Trajectory:
    """One unrolled piece of time.

    Attributes:
        inputs: x, [T, M, B, D].
        u: what `Cell.run` left of the recurrent pre-activations, [T, M, B, G, H].
        v: what it left of the input pre-activations of the gates `Cell.apart`, [T, M, B, ≤G, H].
        states: each state at the times 0…T in the order of `Cell.states`, [T + 1, M, B, H].
        weight_hh: the recurrent weights in force, [M, G·H, H]; a copy, so that later updates do not reach it.
    """

    inputs: Tensor
    u: Tensor
    v: Tensor
    states: State
    weight_hh: Tensor

    def __len__(self) -> int:
        """T."""
        return self.u.shape[0]

    @property
    def last(self) -> State:
        """The states after the last step, each [M, B, H]."""
        return tuple(s[-1] for s in self.states)

    def newest(self, steps: int) -> "Trajectory":
        """The last `steps` steps of this piece."""
        start = len(self) - steps
        states = tuple(s[start:] for s in self.states)
        return Trajectory(self.inputs[start:], self.u[start:], self.v[start:], states, self.weight_hh)


@torch.no_grad()
def unroll(
    cell: Cell, inputs: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor, initial: State
) -> Trajectory:
    """Run a cell over time; all input projections are one product before the loop.

    Args:
        cell: what happens in one step.
        inputs: [T, M, B, D].
        weight_ih: [M, G·H, D].
        weight_hh: [M, G·H, H].
        bias_ih: [M, G·H].
        bias_hh: [M, G·H].
        initial: states at time 0, each [M, B, H].

    Returns:
        The trajectory; it tracks no gradient.
    """
    steps, models, batch, _ = inputs.shape
    u, v = _before_the_loop(cell, inputs, weight_ih, bias_ih, bias_hh)
    states = tuple(room(s, steps + 1, models, (batch,), s.shape[-1]) for s in initial)
    for state, start in zip(states, initial, strict=True):
        state[0] = start
    add, weights = add_product(models), one(weight_hh)
    run = cell.run(u, v, states)
    for a, h in zip(columns(u), columns(states[-1]), strict=False):
        add(a, weights, h)
        next(run)
    return Trajectory(inputs, u, v, states, weight_hh.clone())


def _before_the_loop(
    cell: Cell, inputs: Tensor, weight_ih: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """What u and v are before W_hh·h is added to u: where a gate takes u + v, all of v is in u already."""
    steps, models, batch, _ = inputs.shape
    gates, hidden, apart = len(cell.gates), cell.hidden_size, cell.apart
    own = bias_hh.view(models, 1, gates, hidden)
    bias = (bias_ih + bias_hh).view(models, gates, hidden)
    bias[:, apart] = bias_ih.view_as(bias)[:, apart]
    # The bias is the weight of one more input, which is always 1.
    extended = torch.cat([inputs.mT, inputs.new_ones(steps, models, 1, batch)], dim=2)
    weights = torch.cat([weight_ih, bias.view(models, -1, 1)], dim=2)
    u = room(inputs, steps, models, (batch,), gates, hidden)
    torch.matmul(weights, extended, out=u.permute(0, 1, 3, 4, 2).flatten(2, 3))
    v = room(u, steps, models, (batch,), len(range(gates)[apart]), hidden)
    v.copy_(u[..., apart, :])
    u[..., apart, :] = own[..., apart, :]
    return u, v
