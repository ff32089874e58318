"""The forward pass: a cell unrolled over time, with all that the backward pass needs.

Letters: T time steps, M models side by side, B sequences, D inputs, H units, G gates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.bptt.layout import Products, room
from explorer.cells import Cell
from explorer.cells.base import State


@dataclass(frozen=True)
class Trajectory:
    """One unrolled piece of time.

    Attributes:
        u: what `Cell.run` left of the recurrent pre-activations, [T, M, B, G, H].
        v: what it left of the input pre-activations of the gates `Cell.apart`, and what it keeps, [T, M, B, n, H].
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


def newest(pieces: Sequence[Trajectory], steps: int) -> list[Trajectory]:
    """The last `steps` steps of pieces that follow one another in time."""
    kept = list[Trajectory]()
    for piece in reversed(pieces):
        if steps <= 0:
            break
        kept.insert(0, piece.newest(min(steps, len(piece))))
        steps -= len(piece)
    return kept


@torch.no_grad()
@np.errstate(all="ignore")  # states may overflow, and show it
def unroll(
    cell: Cell, inputs: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor, initial: State
) -> Trajectory:
    """Run a cell over time; each step is one product, of the weights and all that they read.

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
    hidden, gates = cell.hidden_size, len(cell.gates)
    read = room(inputs, steps + 1, models, (batch,), hidden + inputs.shape[-1] + 1)
    read[:-1, ..., hidden:-1] = inputs
    read[..., -1] = 1.0
    states = (*(room(s, steps + 1, models, (batch,), hidden) for s in initial[:-1]), read[..., :hidden])
    for state, start in zip(states, initial, strict=True):
        state[0] = start
    weights, apart = _weights(cell, weight_ih, weight_hh, bias_ih, bias_hh)
    u = room(inputs, steps, models, (batch,), gates, hidden)
    own = apart.shape[1] // hidden
    v = room(inputs, steps, models, (batch,), own + cell.keeps, hidden)
    if own:
        into = v[..., :own, :].permute(0, 1, 3, 4, 2).flatten(2, 3)
        torch.matmul(apart, read[:-1, ..., hidden:].mT, out=into)
    products = Products.of(weights, batch)
    multiplied, all_weights = products.multiply, products.weights(weights)
    run = cell.run(u, v, states)
    for a, x in zip(products.columns(u), products.columns(read), strict=False):
        multiplied(all_weights, x, out=a)
        next(run)
    return Trajectory(u, v, states, weight_hh.clone(), read[:-1])


def _weights(
    cell: Cell, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """The weights of all that a step reads, h, x and 1, as one matrix: the bias is the weight of an input of 1.

    Returns:
        Those of u, [M, G·H, H + D + 1]: where a gate takes u + v, they have those of v in them. Those of v for the
        gates `Cell.apart`, which multiply x and 1 only, [M, ≤G·H, D + 1].
    """
    both = torch.cat([weight_hh, weight_ih, (bias_ih + bias_hh).unsqueeze(2)], dim=2)
    apart = cell.rows_apart
    own = torch.cat([weight_ih[:, apart], bias_ih[:, apart].unsqueeze(2)], dim=2)
    both[:, apart, cell.hidden_size : -1] = 0.0
    both[:, apart, -1] = bias_hh[:, apart]
    return both, own
