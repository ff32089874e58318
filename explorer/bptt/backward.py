"""The backward pass through time, written out.

With δs_t = ∂L/∂s_t the total derivative for each state s of a cell, going back from t = T to 1:

    δh_t  = ∂L_t/∂h_t (the direct path) + what came from step t + 1
    δc_t += δh_t · ∂h_t/∂c_t             (states computed earlier in the same step)
    δu_t  = Σ_s δs_t · ∂s_t/∂u_t         (one vector for each gate)
    δh₍t₋₁₎ ← W_hhᵀ·δu_t + Σ_s δs_t · ∂s_t/∂h₍t₋₁₎,    δc₍t₋₁₎ ← Σ_s δs_t · ∂s_t/∂c₍t₋₁₎

and ∂L/∂W_hh = Σ_t δu_t·h₍t₋₁₎ᵀ. Truncation decides, for each step, which losses enter and what passes on; overlapping
pieces run beside one another in lanes, and everything recorded is their sum.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.bptt.trajectory import Trajectory
from explorer.cells import Cell, Partials
from explorer.cells.base import State
from explorer.truncation import Lanes

BLOCK = 16  # steps whose partials are computed together: few enough to stay in the cache


@dataclass(frozen=True)
class Flow:
    """What one backward pass found; T counts the steps of all its pieces.

    Attributes:
        states: total gradient of each state at the times 1…T, in the order of `Cell.states`, [T, M, B, H].
        u: gradient of the recurrent pre-activations, [T, M, B, G·H].
        v: gradient of the input pre-activations, [T, M, B, G·H].
        initial: gradient of the states at time 0, each [M, B, H].
        previous: h at the times 0…T−1, [T, M, B, H].
    """

    states: State
    u: Tensor
    v: Tensor
    initial: State
    previous: Tensor

    def weight_hh(self) -> Tensor:
        """∂L/∂W_hh = Σ_t δu_t·h₍t₋₁₎ᵀ, [M, G·H, H]."""
        return _outer(self.u, self.previous)

    def weight_ih(self, inputs: Tensor) -> Tensor:
        """∂L/∂W_ih = Σ_t δv_t·x_tᵀ, [M, G·H, D]."""
        return _outer(self.v, inputs)

    def weight_hh_by_step(self) -> Iterator[Tensor]:
        """Blocks of δu_t·h₍t₋₁₎ᵀ, time t's own contribution to ∂L/∂W_hh, [≤BLOCK, M, G·H, H], in the order of time."""
        for u, h in zip(self.u.split(BLOCK), self.previous.split(BLOCK), strict=True):
            yield u.mT @ h


@torch.no_grad()
def backward(cell: Cell, pieces: Sequence[Trajectory], direct: Sequence[Tensor | None], lanes: Lanes) -> Flow:
    """Backpropagation through time over one or more pieces of one trajectory.

    Args:
        cell: what happened in each step.
        pieces: the trajectory in the order of time; each piece with the weights that were in force.
        direct: for each state ∂L_t/∂s_t by its own step's loss alone, [T, M, B, H], or None for zero.
        lanes: which losses enter at each step and what passes on; T steps.

    Returns:
        The total gradients.
    """
    sweep = _Sweep(cell, pieces[-1].u, direct, lanes)
    end = sum(len(piece) for piece in pieces)
    for piece in reversed(pieces):
        for stop in range(len(piece), 0, -BLOCK):
            start = max(0, stop - BLOCK)
            block = slice(start, stop)
            before = tuple(s[block] for s in piece.states)
            after = tuple(s[start + 1 : stop + 1] for s in piece.states)
            partials = cell.partials(piece.u[block], piece.v[block], before, after)
            for i in reversed(range(stop - start)):
                sweep.step(end - (stop - start) + i, partials, i, piece.weight_hh)
            end -= stop - start
            sweep.to_inputs(slice(end, end + stop - start), partials)
    previous = [piece.states[-1][:-1] for piece in pieces]
    return Flow(
        tuple(sweep.totals[name] for name in cell.states),
        sweep.u.flatten(-2),
        sweep.v.flatten(-2),
        tuple(sweep.delta[name].sum(1) for name in cell.states),
        previous[0] if len(previous) == 1 else torch.cat(previous),
    )


class _Sweep:
    """The gradient on its way back; `delta[s]` is δs of the present step in every lane, [M, L, B, H]."""

    def __init__(self, cell: Cell, like: Tensor, direct: Sequence[Tensor | None], lanes: Lanes) -> None:
        models, batch, gates, hidden = like.shape[1:]
        steps, width = lanes.inject.shape
        self.cell, self.lanes = cell, lanes
        self.direct = dict(zip(cell.states, direct, strict=True))
        self.inject = torch.from_numpy(lanes.inject).to(like.device).view(steps, width, 1, 1)
        self.carry = torch.from_numpy(lanes.carry).to(like.device).view(steps, width, 1, 1)
        self.all_in = [bool(row.all()) for row in lanes.inject]
        self.all_on = [bool(row.all()) for row in lanes.carry]
        self.delta = {name: like.new_zeros(models, width, batch, hidden) for name in cell.states}
        self.gates = like.new_zeros(models, width, batch, gates, hidden)
        self.totals = {name: like.new_empty(steps, models, batch, hidden) for name in cell.states}
        self.u = like.new_empty(steps, models, batch, gates, hidden)
        self.v = self.u  # until a cell says that inputs have partials of their own

    def step(self, t: int, partials: Partials, i: int, weight_hh: Tensor) -> None:
        """Take the loss of step t in, record the totals, and pass on to step t − 1 (all counted from 0)."""
        self._enter(t)
        for (name, other), partial in reversed(partials.within.items()):  # type: ignore[call-overload]
            self.delta[other] = self.delta[other] + self.delta[name] * partial[i].unsqueeze(1)
        self._to_gates(partials, i)
        for name, delta in self.delta.items():
            torch.sum(delta, dim=1, out=self.totals[name][t])
        torch.sum(self.gates, dim=1, out=self.u[t])
        self._to_previous(partials, i, weight_hh)
        if t > 0 and not self.all_on[t - 1]:
            # Selected, not multiplied: what is cut off is exactly zero even where the gradient is infinite.
            self.delta = {n: torch.where(self.carry[t - 1], d, 0.0) for n, d in self.delta.items()}

    def to_inputs(self, block: slice, partials: Partials) -> None:
        """Gradients of the input pre-activations of a block of steps, from the totals."""
        if partials.inputs is None:
            return
        if self.v is self.u:
            self.v = torch.empty_like(self.u)
        self.v[block].zero_()
        for name, partial in partials.inputs.items():
            self.v[block][..., self.cell.drives[name], :].addcmul_(self.totals[name][block].unsqueeze(-2), partial)

    def _enter(self, t: int) -> None:
        """δs_t += ∂L_t/∂s_t in the lanes that take in this step's loss."""
        for name, direct in self.direct.items():
            if direct is not None:
                own = direct[t].unsqueeze(1)
                self.delta[name] = self.delta[name] + (own if self.all_in[t] else torch.where(self.inject[t], own, 0.0))

    def _to_gates(self, partials: Partials, i: int) -> None:
        """δu_t = Σ_s δs_t · ∂s_t/∂u_t."""
        self.gates.zero_()
        for name, partial in partials.recurrent.items():
            part = self.gates[..., self.cell.drives[name], :]
            part.addcmul_(self.delta[name].unsqueeze(-2), partial[i].unsqueeze(1))

    def _to_previous(self, partials: Partials, i: int, weight_hh: Tensor) -> None:
        """δ of the previous step: through the recurrent product, and directly."""
        models, width, batch, gates, hidden = self.gates.shape
        through = self.gates.view(models, width * batch, gates * hidden) @ weight_hh
        previous: dict[str, Tensor | float] = {name: 0.0 for name in self.delta}
        previous["h"] = through.view(models, width, batch, hidden)
        for (name, other), partial in partials.kept.items():
            previous[other] = previous[other] + self.delta[name] * partial[i].unsqueeze(1)
        zero = torch.zeros_like(self.delta["h"])
        self.delta = {name: zero if isinstance(d, float) else d for name, d in previous.items()}


def _outer(left: Tensor, right: Tensor) -> Tensor:
    """Σ over time and batch of left·rightᵀ: [T, M, B, P], [T, M, B, Q] → [M, P, Q]."""
    left, right = (x.movedim(1, 0).flatten(1, 2) for x in (left, right))
    return left.mT @ right
