"""What stands before the engine in autograd's graph: it sees which kind of backward pass comes through."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explorer.watching.recorder import WatchError


class Entry(torch.autograd.Function):
    """The identity on everything the engine reads.

    Its backward runs whenever the engine's does. It tells a backward pass that visits only what leads to some chosen
    tensors (`torch.autograd.grad`), and it refuses a second derivative, which would else be partly missing in silence.
    """

    @staticmethod
    def forward(ctx: Any, on_partial: Callable[[], None], anchor: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Hand the tensors on; `anchor` is a fresh leaf that nobody can choose."""
        ctx.on_partial = on_partial
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """Hand the gradients on."""
        if not torch._C._will_engine_execute_node(ctx.next_functions[0][0]):
            ctx.on_partial()
        if torch.is_grad_enabled():
            gradients = tuple(g if g is None else _Once.apply(_anchor(g), g.detach()) for g in gradients)
        return None, None, *gradients


class _Once(torch.autograd.Function):
    """The identity on a gradient, without a derivative."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, gradient: Tensor) -> Tensor:
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None]:
        raise WatchError(
            "watch cannot record a second derivative through a recurrent layer (double backward); take gradients of "
            "gradients outside the with block."
        )


def enter(on_partial: Callable[[], None], tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The same tensors behind an `Entry`; those that require no gradient stay as they are."""
    tracked = [t for t in tensors if t.requires_grad]
    if not tracked:
        return tensors
    entered = iter(Entry.apply(on_partial, _anchor(tracked[0]), *tracked))  # type: ignore[no-untyped-call]
    return tuple(next(entered) if t.requires_grad else t for t in tensors)


def _anchor(like: Tensor) -> Tensor:
    """A leaf that requires a gradient and holds nothing."""
    return torch.empty(0, device=like.device, requires_grad=True)
