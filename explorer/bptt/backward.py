"""The backward pass through time, written out.

With δs_t = ∂L/∂s_t the total derivative for each state s of a cell, going back from t = T to 1:

    δh_t  = ∂L_t/∂h_t (the direct path) + what came from step t + 1
    δc_t += δh_t · ∂h_t/∂c_t             (states computed earlier in the same step)
    δu_t  = Σ_s δs_t · ∂s_t/∂u_t         (one vector for each gate)
    δh₍t₋₁₎ ← W_hhᵀ·δu_t + Σ_s δs_t · ∂s_t/∂h₍t₋₁₎,    δc₍t₋₁₎ ← Σ_s δs_t · ∂s_t/∂c₍t₋₁₎

and ∂L/∂W_hh = Σ_t δu_t·h₍t₋₁₎ᵀ. Truncation decides, for each step, which losses enter and what passes on; overlapping
pieces run beside one another in lanes, and everything recorded is their sum.
"""

from collections.abc import Mapping, Sequence
from operator import mul
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.bptt.flow import Flow
from explorer.bptt.lanes import Deltas, Paths
from explorer.bptt.layout import Products, room
from explorer.bptt.trajectory import Trajectory
from explorer.bptt.wide import WIDE, Arithmetic, faint
from explorer.cells import Cell, Partials
from explorer.cells.activations import multiply

BLOCK = 16  # steps whose partials are computed together: few enough to stay in the cache


@torch.no_grad()
@np.errstate(all="ignore")  # gradients may overflow, and show it
def backward(
    cell: Cell, pieces: Sequence[Trajectory], direct: Sequence[Tensor | None], first: int, paths: Paths
) -> Flow:
    """Backpropagation through time over one or more pieces of one trajectory.

    Args:
        cell: what happened in each step.
        pieces: the trajectory in the order of time; each piece with the weights that were in force.
        direct: for each state ∂L_t/∂s_t by its own step's loss alone, at the times that have one from `first` on,
            [≤T, M, B, H], or None for zero.
        first: the time, counted from 1, at which these begin.
        paths: which losses enter at each step and what passes on; T steps.

    Returns:
        The total gradients.
    """
    u, weight_hh = pieces[-1].u, pieces[-1].weight_hh
    products = Products.of(weight_hh, u.shape[2] * paths.inject.shape[2])
    deltas = Deltas(cell, u, dict(zip(cell.states, direct, strict=True)), first, paths, products)
    sweep = _Sweep(cell, deltas, paths, products)
    end = sum(len(piece) for piece in pieces)
    for piece in reversed(pieces):
        back = products.weights(piece.weight_hh.mT)
        for stop in range(len(piece), 0, -BLOCK):
            start = max(0, stop - BLOCK)
            block = slice(start, stop)
            before = tuple(s[block] for s in piece.states)
            after = tuple(s[start + 1 : stop + 1] for s in piece.states)
            partials = cell.partials(piece.u[block], piece.v[block], before, after)
            sweep.block(end, stop - start, partials, back)
            end -= stop - start
            sweep.to_inputs(slice(end, end + stop - start), partials)
    deltas.add_up(0)
    u = deltas.gates.flatten(-2)
    return Flow(
        tuple(deltas.totals[name][1:] for name in cell.states),
        u,
        None if sweep.v is None else sweep.v.flatten(-2),
        tuple(deltas.totals[name][0] for name in cell.states),
        pieces[0].read if len(pieces) == 1 else torch.cat([piece.read for piece in pieces]),
        cell.rows_apart,
    )


class _Sweep:
    """The gradient on its way back."""

    def __init__(self, cell: Cell, deltas: Deltas, paths: Paths, products: Products) -> None:
        self.cell, self.deltas, self.paths = cell, deltas, paths
        self.usual = Arithmetic(mul, multiply(deltas.gates), products.multiply, products.add)
        self.v: Tensor | None = None  # until a cell says that inputs have partials of their own
        driven = [gate for name in cell.states for gate in range(len(cell.gates))[cell.drives[name]]]
        self.once = sorted(driven) == list(range(len(cell.gates)))

    def block(self, end: int, steps: int, partials: Partials, back: Any) -> None:
        """Go back through the steps that end at time `end`: at each, find the totals and pass them on."""
        deltas = self.deltas
        recurrent = {name: deltas.spread(partial) for name, partial in partials.recurrent.items()}
        inner = [(*names, deltas.spread(partial)) for names, partial in reversed(list(partials.within.items()))]
        outer = [(*names, deltas.spread(partial)) for names, partial in partials.kept.items()]
        begin = [other != "h" and other not in [o for _, o, _ in outer[:i]] for i, (_, other, _) in enumerate(outer)]
        now = WIDE if deltas.faint(end) else self.usual
        times, _, product, add = now
        for i, t in zip(reversed(range(steps)), range(end, end - steps, -1), strict=True):
            for name, other, partial in inner:
                deltas.of[other][t] += times(deltas.of[name][t], partial[i])
            self._to_gates(t, recurrent, i, now)
            deltas.add_up(t)
            deltas.enter(t - 1)
            if self.paths.all_pass[t - 1] and deltas.empty[t - 1]:  # the same, written instead of added to zeros
                product(back, deltas.gate_columns[t], out=deltas.columns[t - 1])
                for (name, other, partial), begins in zip(outer, begin, strict=True):
                    if begins:
                        now.multiply(deltas.of[name][t], partial[i], out=deltas.of[other][t - 1])
                    else:
                        deltas.of[other][t - 1] += times(deltas.of[name][t], partial[i])
            elif self.paths.all_pass[t - 1]:
                add(deltas.columns[t - 1], back, deltas.gate_columns[t])
                for name, other, partial in outer:
                    deltas.of[other][t - 1] += times(deltas.of[name][t], partial[i])
            elif self.paths.some_pass[t - 1]:
                passing, passing_columns = deltas.passing()
                add(passing_columns, back, deltas.gate_columns[t])
                for name, other, partial in outer:
                    passing[other] += times(deltas.of[name][t], partial[i])
                deltas.let_pass(t - 1)

    def _to_gates(self, t: int, recurrent: Mapping[str, list[Any]], i: int, now: Arithmetic) -> None:
        """δu_t = Σ_s δs_t · ∂s_t/∂u_t."""
        deltas = self.deltas
        if self.once:
            for name, partial in recurrent.items():
                now.multiply(deltas.broad[name][t], partial[i], out=deltas.driven[name][t])
            return
        for name in recurrent:
            deltas.driven[name][t][...] = 0.0
        for name, partial in recurrent.items():
            deltas.driven[name][t] += now.times(deltas.broad[name][t], partial[i])

    def to_inputs(self, block: slice, partials: Partials) -> None:
        """Gradients of the input pre-activations of a block of steps, for the gates `Cell.apart`, from the totals."""
        if partials.inputs is None:
            return
        if self.v is None:
            steps, models, batch, *rest = self.deltas.gates[..., self.cell.apart, :].shape
            self.v = room(self.deltas.gates, steps, models, (batch,), *rest)
        here = self.v[block].zero_()
        for name, partial in partials.inputs.items():
            total = self.deltas.totals[name][1:][block].unsqueeze(-2)
            if faint(total[-1]):
                here += WIDE.times(total, partial)
            else:
                here.addcmul_(total, partial)
