"""How the engine's tensors lie in memory: whatever their shape, the batch runs fastest.

Then one product W·[H, B] serves all gates of a step, and each gate's numbers are one block without gaps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

NEAR = 900_000  # multiplications in a product up to which NumPy's BLAS is the faster; from 10⁶ on it takes more threads


def room(like: Tensor, steps: int, models: int, batch: tuple[int, ...], *rest: int) -> Tensor:
    """An empty tensor [T, M, *batch, *rest] of the type of `like`, the batch's dimensions last in memory."""
    shape = (steps, models, *batch, *rest)
    first = 2 + len(batch)
    order = (0, 1, *range(first, len(shape)), *range(2, first))
    return torch.empty_permuted(shape, order, dtype=like.dtype, device=like.device)


@dataclass(frozen=True)
class Products:
    """How the products W·x of one pass are made: all alike, one for each time step.

    Attributes:
        near: whether by NumPy, which takes three quarters of torch's time for small matrices on a CPU.
        models: M.
    """

    near: bool
    models: int

    @classmethod
    def of(cls, weights: Tensor, columns: int) -> "Products":
        """For weights [M, P, Q], or their transposes, and matrices of so many columns."""
        small = weights.shape[0] == 1 and weights.numel() * columns <= NEAR
        return cls(small and weights.device.type == "cpu", weights.shape[0])

    def weights(self, weights: Tensor) -> Any:
        """The weights as `multiply` and `add` take them, a copy or not."""
        found = weights.contiguous()
        return self._as_taken(found.squeeze(0) if self.models == 1 else found)

    def columns(self, tensor: Tensor, batch: int = 1) -> list[Any]:
        """Step by step the matrices that are read and written: [M, K, N] of [T, M, *batch, *rest], one model [K, N].

        Args:
            tensor: laid out by `room`.
            batch: how many dimensions the batch has.
        """
        last = tuple(range(-batch, 0))
        matrices = tensor.movedim(tuple(range(2, 2 + batch)), last).flatten(-batch).flatten(2, -2)
        matrices = matrices.squeeze(1) if self.models == 1 else matrices
        return list(self._as_taken(matrices) if self.near else matrices.unbind(0))

    @property
    def multiply(self) -> Callable[..., Any]:
        """A function f(W, x, out=out), out = W·x."""
        return np.dot if self.near else torch.mm if self.models == 1 else torch.bmm

    @property
    def add(self) -> Callable[..., Any]:
        """A function f(out, W, x): out += W·x."""
        return _add if self.near else Tensor.addmm_ if self.models == 1 else Tensor.baddbmm_

    def _as_taken(self, tensor: Tensor) -> Any:
        return tensor.numpy() if self.near else tensor


def _add(out: Any, weights: Any, x: Any) -> None:
    out += np.dot(weights, x)
