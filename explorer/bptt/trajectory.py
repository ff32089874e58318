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
        u: what `Cell.run` left of the recurrent pre-activations, [T, M, B, G, H].
        v: what it left of the input pre-activations of the gates `Cell.apart`, [T, M, B, ≤G, H].
        states: each state at the times 0…T in the order of `Cell.states`, [T + 1, M, B, H].
        weight_hh: the recurrent weights in force, [M, G·H, H]; a copy, so that later updates do not reach it.
        read: all that the weights multiply: h at the times 0…T−1, x at 1…T, and 1 for the bias, [T, M, B, H + D + 1].
    """

    u: Tensor
    v: Tensor
    states: State
    weight_hh: Tensor
    read: Tensor

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
        return Trajectory(self.u[start:], self.v[start:], states, self.weight_hh, self.read[start:])


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
    hidden = cell.hidden_size
    read = room(inputs, steps + 1, models, (batch,), hidden + inputs.shape[-1] + 1)
    read[:-1, ..., hidden:-1] = inputs
    read[..., -1] = 1.0
    u, v = _before_the_loop(cell, read[:-1, ..., hidden:], weight_ih, bias_ih, bias_hh)
    states = (*(room(s, steps + 1, models, (batch,), hidden) for s in initial[:-1]), read[..., :hidden])
    for state, start in zip(states, initial, strict=True):
        state[0] = start
    add, weights = add_product(models), one(weight_hh)
    run = cell.run(u, v, states)
    for a, h in zip(columns(u), columns(states[-1]), strict=False):
        add(a, weights, h)
        next(run)
    return Trajectory(u, v, states, weight_hh.clone(), read[:-1])


def _before_the_loop(
    cell: Cell, extended: Tensor, weight_ih: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """What u and v are before W_hh·h is added to u: where a gate takes u + v, all of v is in u already."""
    steps, models, batch, _ = extended.shape
    gates, hidden, apart = len(cell.gates), cell.hidden_size, cell.apart
    own = bias_hh.view(models, 1, gates, hidden)
    bias = (bias_ih + bias_hh).view(models, gates, hidden)
    bias[:, apart] = bias_ih.view_as(bias)[:, apart]
    weights = torch.cat([weight_ih, bias.view(models, -1, 1)], dim=2)  # the bias is the weight of an input of 1
    u = room(extended, steps, models, (batch,), gates, hidden)
    torch.matmul(weights, extended.mT, out=u.permute(0, 1, 3, 4, 2).flatten(2, 3))
    v = room(u, steps, models, (batch,), len(range(gates)[apart]), hidden)
    v.copy_(u[..., apart, :])
    u[..., apart, :] = own[..., apart, :]
    return u, v
