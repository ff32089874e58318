"""How the engine's tensors lie in memory: whatever their shape, the batch runs fastest.

Then one product W·[H, B] serves all gates of a step, and each gate's numbers are one block without gaps.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def room(like: Tensor, steps: int, models: int, batch: tuple[int, ...], *rest: int) -> Tensor:
    """An empty tensor [T, M, *batch, *rest] of the type of `like`, the batch's dimensions last in memory."""
    shape = (steps, models, *batch, *rest)
    first = 2 + len(batch)
    order = (0, 1, *range(first, len(shape)), *range(2, first))
    return torch.empty_permuted(shape, order, dtype=like.dtype, device=like.device)


def columns(tensor: Tensor, batch: int = 1) -> tuple[Tensor, ...]:
    """Step by step the matrices that products read and write: [M, K, N] of [T, M, *batch, *rest], one model [K, N].

    Args:
        tensor: laid out by `room`.
        batch: how many dimensions the batch has.
    """
    last = tuple(range(-batch, 0))
    matrices = tensor.movedim(tuple(range(2, 2 + batch)), last).flatten(-batch).flatten(2, -2)
    return (matrices.squeeze(1) if matrices.shape[1] == 1 else matrices).unbind(0)


def one(weights: Tensor) -> Tensor:
    """The matrices of [M, P, Q] as a product with `columns` takes them."""
    return weights.squeeze(0) if weights.shape[0] == 1 else weights


def product(models: int) -> Callable[..., Tensor]:
    """A function f(W, x, out=out), out = W·x, for matrices as `columns` gives them."""
    return torch.mm if models == 1 else torch.bmm


def add_product(models: int) -> Callable[..., Tensor]:
    """A function f(out, W, x): out += W·x, for matrices as `columns` gives them."""
    return Tensor.addmm_ if models == 1 else Tensor.baddbmm_
