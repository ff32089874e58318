"""Pointwise operations of one time step after another, as the engine takes them, outside autograd.

On a CPU they are NumPy's: its views and operations begin in half of torch's time, and its vectorised hyperbolic
tangent, exact to the last digits, takes an eighth of torch's. Arrays and tensors have the operators `+=` and `*` alike.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor


def by_time(tensor: Tensor) -> list[Any]:
    """The entries along time, the first dimension: arrays on a CPU, tensors elsewhere."""
    return list(tensor.numpy()) if tensor.device.type == "cpu" else list(tensor.unbind(0))


def multiply(like: Tensor) -> Callable[..., Any]:
    """The function f(a, b, out=c), c = a·b, for entries of such a tensor."""
    return np.multiply if like.device.type == "cpu" else torch.mul


def subtract(like: Tensor) -> Callable[..., Any]:
    """The function f(a, b, out=c), c = a − b, for entries of such a tensor."""
    return np.subtract if like.device.type == "cpu" else torch.sub


def tangent(like: Tensor) -> Callable[..., Any]:
    """The function f(a, out=c), c = tanh(a), for entries of such a tensor."""
    return np.tanh if like.device.type == "cpu" else torch.tanh


def sigmoid_steps(x: Tensor) -> Iterator[None]:
    """σ in place, one time step each time it is resumed; torch's everywhere, for NumPy has none."""
    for entry in x.unbind(0):
        entry.sigmoid_()
        yield
