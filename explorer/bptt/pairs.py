"""Backpropagation through time with the losses kept apart: what each step's loss sends to each state before it.

The equations are those of `backward`, in one lane for each loss step s, from δh_{s,s} = ∂L_s/∂h_s on:

    δu_{s,t} = Σ_states δs_{s,t} · ∂s_t/∂u_t,    δh_{s,t−1} = W_hhᵀ·δu_{s,t} + Σ_states δs_{s,t} · ∂s_t/∂h₍t₋₁₎

The partials are the same in all lanes. At each time only the lanes take part that reach it: s ≥ t, as far back as the
plan lets the loss of step s flow. That costs as many steps of the product as there are pairs (s, t) to be found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.bptt.backward import BLOCK
from explorer.bptt.trajectory import Trajectory
from explorer.cells import Cell, Partials
from explorer.truncation import Plan

Span = tuple[int, int]
Key = TypeVar("Key")


@dataclass(frozen=True)
class Reaching:
    """What reaches one time step, loss by loss; each tensor is overwritten when the next time is asked for.

    Attributes:
        time: t, counted from 1.
        losses: the loss steps s in the order of the lanes; one that does not reach t holds zero.
        states: for each state ∂L_s/∂s_t, [lanes, B, H].
        u: gradient of the recurrent pre-activations, [lanes, B, G·H].
        to_inputs: for each state its partials by the input pre-activations of the gates `Cell.apart`, [B, ≤G, H].
    """

    time: int
    losses: range
    states: Mapping[str, Tensor]
    u: Tensor
    to_inputs: Mapping[str, Tensor]

    def v_apart(self) -> Tensor | None:
        """Gradient of the input pre-activations of the gates `Cell.apart`, [lanes, B, ≤G·H]; None where it is u's."""
        found: Tensor | None = None
        for name, partial in self.to_inputs.items():
            own = self.states[name].unsqueeze(2) * partial
            found = own if found is None else found + own
        return None if found is None else found.flatten(2)


@torch.no_grad()
def pairs(cell: Cell, trajectory: Trajectory, direct: Tensor, first: int, plan: Plan) -> Iterator[Reaching]:
    """Go back through a trajectory with every loss in a lane of its own.

    Args:
        cell: what happened in each step.
        trajectory: the forward pass of one model (M = 1), T steps.
        direct: ∂L_s/∂h_s by the step's own loss alone, at the steps from `first` on that have one, [≤T, B, H].
        first: the step, counted from 1, at which these begin.
        plan: how far each loss flows back; a loss that no segment holds flows nowhere.

    Yields:
        What reaches t, for t from T down to 1, without the times that no loss reaches.
    """
    reach = _Reach(plan, first, len(direct))
    spans = [reach.at(t) for t in range(len(trajectory) + 1)]
    lanes = _Lanes(cell, trajectory, direct, reach, max(end - start for start, end in spans))
    for stop in range(len(trajectory), 0, -BLOCK):
        start = max(0, stop - BLOCK)
        if not any(end > begin for begin, end in spans[start + 1 : stop + 1]):
            continue
        partials = _partials(cell, trajectory, slice(start, stop))
        for t in range(stop, start, -1):
            lanes.enter(t, spans[t])
            if lanes.count:
                yield lanes.step(partials, t - start - 1)
                lanes.go_back(partials, t - start - 1, spans[t - 1])


class _Reach:
    """How far each loss flows: lane k holds the loss of step first + k."""

    def __init__(self, plan: Plan, first: int, count: int) -> None:
        self.first = first
        self.losses = np.arange(first, first + count)
        self.oldest, self.factor = self.losses.copy(), np.ones(count)  # what no segment holds flows nowhere
        for segment in plan:
            own = slice(max(0, segment.first - first), max(0, segment.last - first + 1))
            self.oldest[own], self.factor[own] = segment.oldest, segment.factor
        self.plain = bool((self.factor == 1).all())
        self.in_order = bool((np.diff(self.oldest) >= 0).all())  # then no lane ends between two others

    def at(self, t: int) -> Span:
        """The lanes from start to before end that reach time t; (0, 0) for none."""
        alive = np.flatnonzero((self.losses >= t) & (self.oldest < t))
        return (int(alive[0]), int(alive[-1]) + 1) if t and len(alive) else (0, 0)

    def dead(self, t: int, span: Span) -> list[int]:
        """The lanes among these, counted from the first of them, that do not reach t."""
        if self.in_order:
            return []
        return np.flatnonzero(self.oldest[slice(*span)] >= t).tolist()


class _Lanes:
    """The gradients on their way back: room for two neighbouring times, used in turns."""

    def __init__(self, cell: Cell, trajectory: Trajectory, direct: Tensor, reach: _Reach, width: int) -> None:
        self.cell, self.direct, self.reach = cell, direct, reach
        self.weight_hh = trajectory.weight_hh[0].contiguous()
        like, (_, batch, hidden) = trajectory.u, direct.shape
        self.now, self.next = ({n: like.new_empty(width, batch, hidden) for n in cell.states} for _ in range(2))
        self.u = like.new_empty(width, batch, len(cell.gates), hidden)
        driven = [gate for name in cell.states for gate in range(len(cell.gates))[cell.drives[name]]]
        self.once = sorted(driven) == list(range(len(cell.gates)))  # then there is nothing to add up
        self.factor = None if reach.plain else torch.as_tensor(reach.factor, dtype=like.dtype, device=like.device)
        self.t, self.span, self.count = 0, (0, 0), 0

    def enter(self, t: int, span: Span) -> None:
        """Arrive at time t: the loss of this step comes in."""
        self.t, self.span, self.count = t, span, span[1] - span[0]
        if self.count and self.reach.first + span[0] == t:
            for state in self.now.values():
                state[0] = 0.0
            self.now["h"][0] = self.direct[span[0]]

    def step(self, partials: Partials, i: int) -> Reaching:
        """Complete the gradients of this time's states, and find those of its gates."""
        states = {name: state[: self.count] for name, state in self.now.items()}
        u, dead = self.u[: self.count], self.reach.dead(self.t, self.span)
        for (name, other), partial in reversed(list(partials.within.items())):
            states[other].addcmul_(states[name], partial[i])
        for state in states.values() if dead else ():
            state[dead] = 0.0  # put there, not multiplied: exactly zero even where the gradient is infinite
        if not self.once:
            u.zero_()
        for name, partial in partials.recurrent.items():
            own, broad = u[:, :, self.cell.drives[name]], states[name].unsqueeze(2)
            if self.once:
                torch.mul(broad, partial[i], out=own)
            else:
                own.addcmul_(broad, partial[i])
        if dead:
            u[dead] = 0.0
        losses = range(self.reach.first + self.span[0], self.reach.first + self.span[1])
        to_inputs = {name: partial[i] for name, partial in (partials.inputs or {}).items()}
        return Reaching(self.t, losses, states, u.flatten(2), to_inputs)

    def go_back(self, partials: Partials, i: int, span: Span) -> None:
        """Pass on to the time before, in the lanes that reach it: those from `span` that are here already."""
        start, end = max(span[0], self.span[0]), span[1]
        if start < end:
            here, there = (slice(start - begin, end - begin) for begin in (self.span[0], span[0]))
            passing = {name: state[there] for name, state in self.next.items()}
            torch.mm(self.u[here].flatten(0, 1).flatten(1), self.weight_hh, out=passing["h"].flatten(0, 1))
            begun = {"h"}
            for (name, other), partial in partials.kept.items():
                if other in begun:
                    passing[other].addcmul_(self.now[name][here], partial[i])
                else:
                    torch.mul(self.now[name][here], partial[i], out=passing[other])
                    begun.add(other)
            for name, state in passing.items():
                if name not in begun:
                    state.zero_()
                if self.factor is not None:
                    state *= self.factor[start:end, None, None]
        self.now, self.next = self.next, self.now


@np.errstate(all="ignore")  # what overflowed shows it
def _partials(cell: Cell, trajectory: Trajectory, block: slice) -> Partials:
    """The partials of a block of steps, each [steps, B, …, H] without gaps: lanes of whole batches lie beside them."""
    before = tuple(s[block] for s in trajectory.states)
    after = tuple(s[block.start + 1 : block.stop + 1] for s in trajectory.states)
    found = cell.partials(trajectory.u[block], trajectory.v[block], before, after)
    inputs = None if found.inputs is None else _laid_out(found.inputs)
    return Partials(_laid_out(found.recurrent), inputs, _laid_out(found.kept), _laid_out(found.within))


def _laid_out(partials: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
    return {key: partial.squeeze(1).contiguous() for key, partial in partials.items()}
