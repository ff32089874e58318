"""The forward pass: a cell unrolled over time, with all that the backward pass needs.

Letters: T time steps, M models side by side, B sequences, D inputs, H units, G gates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.cells import Cell
from explorer.cells.base import State


@dataclass(frozen=True)
class Trajectory:
    """One unrolled piece of time.

    Attributes:
        inputs: x, [T, M, B, D].
        u: recurrent pre-activations W_hh·h₍t₋₁₎ + b_hh, [T, M, B, G, H].
        v: input pre-activations W_ih·x_t + b_ih, [T, M, B, G, H].
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
    split = (models, batch, len(cell.gates), cell.hidden_size)
    v = (inputs @ weight_ih.mT + bias_ih.unsqueeze(1)).view(steps, *split)
    u = torch.empty_like(v)
    states = tuple(s.new_empty(steps + 1, *s.shape) for s in initial)
    for state, start in zip(states, initial, strict=True):
        state[0] = start
    recurrent, bias = weight_hh.mT.contiguous(), bias_hh.unsqueeze(1)
    now = tuple(s[0] for s in states)
    for t in range(steps):
        torch.baddbmm(bias, now[-1], recurrent, out=u[t].view(models, batch, -1))
        for state, new in zip(states, cell.step(u[t], v[t], now), strict=True):
            state[t + 1] = new
        now = tuple(s[t + 1] for s in states)
    return Trajectory(inputs, u, v, states, weight_hh.clone())
