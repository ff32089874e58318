"""The cliff: where the error of a one-unit recurrent network, seen over its two weights, has a wall."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from explorer.instruments.asked import interval, whole

START, TARGET = 0.5, 0.7  # x_0, and what σ(x_T) should be
LARGEST = 100.0  # weight, of either sign
FINEST, LONGEST = 1001, 200
BLOCK = 4096  # points whose arrays stay in cache

Values = NDArray[np.float64]


def cliff(
    w: Sequence[float] = (4, 6), b: Sequence[float] = (-3, -2), resolution: int = 201, steps: int = 50
) -> xr.Dataset:
    """The error of a recurrent network of one unit over its weight and bias, and the size of its gradient.

        x_t = w·σ(x₍t₋₁₎) + b,   x_0 = 0.5,   E = (σ(x_T) − 0.7)²
        ∂x_t/∂w = σ(x₍t₋₁₎) + w·σ′(x₍t₋₁₎)·∂x₍t₋₁₎/∂w,   ∂x_t/∂b = 1 + w·σ′(x₍t₋₁₎)·∂x₍t₋₁₎/∂b

    Where a change of the weights changes which fixed point the state settles in, E has a wall: over almost nothing it
    changes by as much as it ever does, and the gradient is as much larger. It lies along b = ½ − w·σ(½), where x_0 is
    the fixed point between two others: w·σ′(½) > 1, that is w > 4.26. Differentiated exactly, in float64.

    Cost: T steps at resolution² points; nothing of the past is kept.
    Source: Pascanu, Mikolov & Bengio 2013, section 2.3 and figure 6.

    Args:
        w: lowest and highest weight of the window, from −100 to 100.
        b: lowest and highest bias of the window, from −100 to 100.
        resolution: points along either side of it, 2 to 1001.
        steps: T, 1 to 200.

    Returns:
        `error` [w, b], a pure number, and `gradient_norm` [w, b], ‖(∂E/∂w, ∂E/∂b)‖₂, at evenly spaced points, both
        ends included.

    Raises:
        InstrumentError: where an argument is not as said above.
    """
    (w_low, w_high), (b_low, b_high) = interval("w", w, LARGEST), interval("b", b, LARGEST)
    amount, length = whole("resolution", resolution, 2, FINEST), whole("steps", steps, 1, LONGEST)
    ws, bs = np.linspace(w_low, w_high, amount), np.linspace(b_low, b_high, amount)
    rows = max(1, BLOCK // amount)
    blocks = [error_and_gradient(ws[i : i + rows, None], bs, length) for i in range(0, amount, rows)]
    error, by_w, by_b = (np.concatenate(found) for found in zip(*blocks, strict=True))
    return xr.Dataset(
        {
            "error": (("w", "b"), error, {"long_name": "E = (σ(x_T) − 0.7)²"}),
            "gradient_norm": (("w", "b"), np.hypot(by_w, by_b), {"long_name": "‖(∂E/∂w, ∂E/∂b)‖"}),
        },
        {"w": ws, "b": bs},
        {"steps": length},
    )


def error_and_gradient(w: ArrayLike, b: ArrayLike, steps: int) -> tuple[Values, Values, Values]:
    """E, ∂E/∂w and ∂E/∂b at each pair of a weight and a bias, which are broadcast; what overflows stays inf or nan."""
    weight, bias = np.broadcast_arrays(np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64))
    x = np.full(weight.shape, START)
    by_w, by_b = np.zeros(weight.shape), np.zeros(weight.shape)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for _ in range(steps):
            value, slope = _sigmoid(x)
            factor = weight * slope
            by_w, by_b = value + factor * by_w, 1 + factor * by_b
            x = weight * value + bias
        value, slope = _sigmoid(x)
        outer = 2 * (value - TARGET) * slope
        return np.square(value - TARGET), outer * by_w, outer * by_b


def _sigmoid(x: Values) -> tuple[Values, Values]:
    """σ(x) and σ′(x), neither of which loses digits where σ is near 0 or 1."""
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1.0) / (1 + small), small / np.square(1 + small)
