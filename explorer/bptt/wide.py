"""Gradients near the end of float32's range, made in float64 where a CPU would be slow.

CPUs multiply subnormal numbers (below 2⁻¹²⁶) many times slower than others, a product of 64 × 64 by 64 × 32 in 290 µs
instead of 2 µs, but convert them at full speed. A gradient that vanishes spends hundreds of steps there. Each step's
result is rounded to float32 as everywhere; only the sums on the way to it are not.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

FAINT = 2.0**-90  # from here on a block of steps may reach subnormal numbers


class Arithmetic(NamedTuple):
    """How one step back is made: a·b and the same into `out`, entry by entry; W·x into `out`, and added to it."""

    times: Callable[..., Any]
    multiply: Callable[..., Any]
    product: Callable[..., Any]
    add: Callable[..., Any]


def faint(*gradients: Any) -> bool:
    """Whether gradients are not zero, and all so small that the next steps back are better made in float64.

    Only the first entries and the largest are looked at, not the most negative: nothing but time depends on the answer.
    """
    found = [x.numpy() if isinstance(x, Tensor) and x.device.type == "cpu" else x for x in gradients]
    if not all(isinstance(x, np.ndarray) and x.dtype == np.float32 and x.size for x in found):
        return False
    if any(abs(x.flat[0]) >= FAINT for x in found):  # as mostly, and quickly known
        return False
    return bool(0 < max(x.max() for x in found) < FAINT)


def wide(x: Any) -> Any:
    """The same in float64."""
    return x.double() if isinstance(x, Tensor) else x.astype(np.float64)


def _times(a: Any, b: Any) -> Any:
    return wide(a) * wide(b)


def _multiply(a: Any, b: Any, out: Any) -> None:
    out[...] = wide(a) * wide(b)


def _product(weights: Any, x: Any, out: Any) -> None:
    out[...] = wide(weights) @ wide(x)


def _add(out: Any, weights: Any, x: Any) -> None:
    out += wide(weights) @ wide(x)


WIDE = Arithmetic(_times, _multiply, _product, _add)
