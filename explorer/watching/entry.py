"""What stands before the engine in autograd's graph: it sees what kind of backward pass comes through."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from explorer.watching.refusals import WatchError


class Entry(torch.autograd.Function):
    """The identity on all that the engine reads.

    Its backward runs whenever the engine's has run. It notices a backward pass that visits only what leads to some
    chosen tensors (`torch.autograd.grad`), and refuses second derivatives, parts of which would else be missing unsaid.
    """

    @staticmethod
    def forward(ctx: Any, on_partial: Callable[[], None], anchor: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Hand the tensors on; `anchor` is a leaf that nobody can have chosen."""
        ctx.on_partial = on_partial
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """Hand the gradients on."""
        if not torch._C._will_engine_execute_node(ctx.next_functions[0][0]):
            ctx.on_partial()
        if torch.is_grad_enabled():  # create_graph=True
            gradients = tuple(None if g is None else _once(g) for g in gradients)
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


def enter(on_partial: Callable[[], None], tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """The same tensors behind an `Entry`; those that require no gradient stay as they are."""
    tracked = [t for t in tensors if t.requires_grad]
    if not tracked:
        return tensors
    entered = iter(Entry.apply(on_partial, _anchor(tracked[0]), *tracked))
    return [next(entered) if t.requires_grad else t for t in tensors]


def _once(gradient: Tensor) -> Tensor:
    found: Tensor = _Once.apply(_anchor(gradient), gradient.detach())
    return found


def _anchor(like: Tensor) -> Tensor:
    """A leaf that requires a gradient and holds nothing."""
    return torch.empty(0, device=like.device, requires_grad=True)
