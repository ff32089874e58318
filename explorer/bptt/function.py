"""The engine as one autograd function, so that whatever stands before and after it stays ordinary PyTorch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from explorer.bptt.backward import backward
from explorer.bptt.flow import Flow
from explorer.bptt.lanes import Paths
from explorer.bptt.trajectory import Trajectory, newest, unroll
from explorer.cells import Cell
from explorer.truncation import Full, Plan, after, with_loss


@dataclass
class Pass:
    """One forward and backward pass of the engine: what it is told, and what it leaves behind.

    Attributes:
        cell: what happens in one time step.
        plan: which losses flow back how far, over the steps of `history` and of this pass; None is full BPTT.
        plans: instead, one plan for each model.
        history: earlier pieces of the trajectory, through which this pass's losses flow back too.
        on_flow: called with the gradients of every backward pass.
        asked: the first and the last step of this pass, counted from 1, whose states are handed on; by default all.
            What no loss reads costs nothing then.
        trajectory: the forward pass, once it has run.
    """

    cell: Cell
    plan: Plan | None = None
    history: tuple[Trajectory, ...] = ()
    on_flow: Callable[[Flow], None] | None = None
    plans: Sequence[Plan] | None = None
    asked: tuple[int, int] | None = None
    trajectory: Trajectory | None = field(default=None, init=False)

    def laid_out(self, length: int, *, whole: bool) -> tuple[int, Paths]:
        """What the plans mean for `length` steps.

        Returns:
            The state before which no gradient flows, 0 for the `whole` trajectory; the paths of the steps after it.
        """
        plans = tuple(self.plans or [self.plan if self.plan is not None else Full().plan(length)])
        earlier = sum(len(piece) for piece in self.history)
        asked = (self.asked[0] + earlier, self.asked[1] + earlier) if self.asked and not whole else (1, length)
        return _laid_out(plans, asked, length)


@lru_cache(maxsize=8)  # each update of a run has the same plan
def _laid_out(plans: tuple[Plan, ...], asked: tuple[int, int], length: int) -> tuple[int, Paths]:
    first, _ = asked
    plans = tuple(with_loss(plan, asked) for plan in plans)
    start = min(
        [*(s.oldest for plan in plans for s in plan), first - 1]
    )  # what is handed on is taken back, also where no plan lets it flow
    return start, Paths.of(tuple(after(plan, start) for plan in plans), length - start)


class Recurrence(torch.autograd.Function):
    """All states of an unrolled cell, [T, M, B, H] each; their derivative is explicit backpropagation through time."""

    @staticmethod
    def forward(ctx: Any, task: Pass, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Unroll.

        Args:
            ctx: autograd's context.
            task: the pass.
            *tensors: inputs [T, M, B, D], weight_ih [M, G·H, D], weight_hh [M, G·H, H], bias_ih and bias_hh [M, G·H],
                then each state at time 0, [M, B, H].

        Returns:
            Each state at the times asked for, 1…T by default, in the order of `Cell.states`, [≤T, M, B, H].
        """
        inputs, weight_ih, weight_hh, bias_ih, bias_hh, *initial = tensors
        task.trajectory = unroll(task.cell, inputs, weight_ih, weight_hh, bias_ih, bias_hh, tuple(initial))
        ctx.task, ctx.trajectory = task, task.trajectory
        ctx.save_for_backward(weight_ih)
        ctx.set_materialize_grads(False)
        # Copies: what the caller does to them must not reach the backward pass.
        first, last = task.asked or (1, len(inputs))
        return tuple(_copy(s[first : last + 1]) for s in task.trajectory.states)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *direct: Tensor | None) -> tuple[Tensor | None, ...]:
        """Backpropagation through time; each direct gradient is that of its own step's loss alone."""
        task, trajectory = ctx.task, ctx.trajectory
        (weight_ih,) = ctx.saved_tensors
        pieces = (*task.history, trajectory)
        needs = ctx.needs_input_grad[1:]
        length = sum(len(piece) for piece in pieces)
        start, paths = task.laid_out(length, whole=needs[0] or any(needs[5:]))
        first = length - len(trajectory) + (task.asked[0] if task.asked else 1)
        flow = backward(task.cell, newest(pieces, length - start), direct, first - start, paths)
        flow.before = start
        if task.on_flow is not None:
            task.on_flow(flow)
        weight_ih_own, bias_ih = flow.weights_ih() if needs[1] or needs[3] else (None, None)
        weight_hh_own, bias_hh = flow.weights_hh() if needs[2] or needs[4] else (None, None)
        return (
            None,
            flow.v[-len(trajectory) :] @ weight_ih if needs[0] else None,
            weight_ih_own,
            weight_hh_own,
            bias_ih,
            bias_hh,
            *(state if need else None for state, need in zip(flow.initial, needs[5:], strict=True)),
        )


def _copy(states: Tensor) -> Tensor:
    """A copy in which the sequences of one model lie together, [T, M, B, H] as [M, T, B, H] in memory."""
    room = torch.empty_permuted(states.shape, (1, 0, 2, 3), dtype=states.dtype, device=states.device)
    return room.copy_(states)
