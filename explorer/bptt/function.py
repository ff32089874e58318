"""The engine as one autograd function, so that whatever stands before and after it stays ordinary PyTorch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from explorer.bptt.flow import Flow
from explorer.bptt.influence import Influence
from explorer.bptt.trace import Trace
from explorer.bptt.trajectory import Trajectory, unroll
from explorer.cells import Cell
from explorer.truncation import Full, Plan


@dataclass
class Pass:
    """One forward and backward pass of the engine: what it is told, and what it leaves behind.

    Attributes:
        cell: what happens in one time step.
        plan: which losses flow back how far, over the steps of `history` and of this pass; None is full BPTT.
        plans: instead, one plan for each model.
        history: earlier pieces of the trajectory, through which this pass's losses flow back too.
        choose: instead, finds the plan once the losses have answered.
        influence: instead of going back, the gradient of the weights is carried forward in it; of one model only. What
            is handed to `on_flow` is still that of the plan.
        on_flow: called with the gradients of every backward pass.
        on_trace: called with them, too, and with what the gradients of any other plan follow from.
        asked: the first and the last step of this pass, counted from 1, whose states are handed on; by default all.
            What no loss reads costs nothing then.
        trajectory: the forward pass, once it has run.
    """

    cell: Cell
    plan: Plan | None = None
    history: tuple[Trajectory, ...] = ()
    on_flow: Callable[[Flow], None] | None = None
    on_trace: Callable[[Flow, Trace], None] | None = None
    plans: Sequence[Plan] | None = None
    asked: tuple[int, int] | None = None
    choose: Callable[[Trace], Plan] | None = None
    influence: Influence | None = None
    trajectory: Trajectory | None = field(default=None, init=False)

    def plans_for(self, trace: Trace) -> Sequence[Plan]:
        """The plans to go back by: of each model, or one for all."""
        if self.plans:
            return self.plans
        if self.choose is not None:
            return [self.choose(trace)]
        return [self.plan if self.plan is not None else Full().plan(len(trace))]


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
        needs = ctx.needs_input_grad[1:]
        earlier, own = sum(len(piece) for piece in task.history), task.asked or (1, len(trajectory))
        trace = Trace(task.cell, (*task.history, trajectory), direct, (own[0] + earlier, own[1] + earlier))
        flow = trace.flow(task.plans_for(trace), whole=needs[0] or any(needs[5:]))
        if task.on_flow is not None:
            task.on_flow(flow)
        if task.on_trace is not None:
            task.on_trace(flow, trace)
        layer = None
        if any(needs[1:5]):
            layer = task.influence.gradient(trajectory, direct, own[0]) if task.influence else flow.layer()
        return (
            None,
            flow.v[-len(trajectory) :] @ weight_ih if needs[0] else None,
            *((layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh) if layer else (None,) * 4),
            *(state if need else None for state, need in zip(flow.initial, needs[5:], strict=True)),
        )


def _copy(states: Tensor) -> Tensor:
    """A copy in which the sequences of one model lie together, [T, M, B, H] as [M, T, B, H] in memory."""
    room = torch.empty_permuted(states.shape, (1, 0, 2, 3), dtype=states.dtype, device=states.device)
    return room.copy_(states)
