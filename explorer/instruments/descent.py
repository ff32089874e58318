"""Gradient descent on the cliff, step by step, with the gradient clipped or not."""

from collections.abc import Sequence
from math import hypot, isfinite

import numpy as np
import torch
import xarray as xr

from explorer.clipping import NormClipping
from explorer.instruments.asked import pair, real, whole
from explorer.instruments.cliff import LARGEST, LONGEST, error_and_gradient

MOST = 10_000  # updates
RATES, THRESHOLDS = (1e-6, 1e3), (1e-6, 1e6)  # smallest and largest; a threshold as clipping's own


def descent(
    start: Sequence[float] = (5.0, -2.2),
    learning_rate: float = 0.1,
    threshold: float | None = None,
    updates: int = 100,
    steps: int = 50,
) -> xr.Dataset:
    """Plain gradient descent on the error of `cliff`, from one point, with the gradient's norm clipped or not.

        g = (∂E/∂w, ∂E/∂b),   (w, b) ← (w, b) − η·g·min(1, threshold / ‖g‖)

    One step from the wall is as long as the wall is steep. Nothing keeps the path in the window that `cliff` shows:
    where it goes is recorded, inf and nan included.

    Cost: T steps an update.
    Source: Pascanu, Mikolov & Bengio 2013, figure 6 and algorithm 1.

    Args:
        start: w and b, each from −100 to 100.
        learning_rate: η, 1e-6 to 1000.
        threshold: largest norm of the gradient, 1e-6 to 1e6; None for no clipping.
        updates: 1 to 10000.
        steps: T, 1 to 200.

    Returns:
        `w` and `b` [update], 0…updates, before that update; `error` and `gradient_norm` there, before clipping;
        `clipped`, whether a step from there is shortened.

    Raises:
        InstrumentError: where an argument is not as said above.
    """
    w, b = pair("start", start, LARGEST)
    rate = real("learning_rate", learning_rate, *RATES)
    rule = None if threshold is None else NormClipping(threshold=real("threshold", threshold, *THRESHOLDS, " or None"))
    amount, length = whole("updates", updates, 1, MOST), whole("steps", steps, 1, LONGEST)
    rows: list[tuple[float, float, float, float, bool]] = []
    for _ in range(amount + 1):
        error, *parts = (float(value) for value in error_and_gradient(w, b, length))
        norm, gradient = hypot(*parts), torch.tensor(parts, dtype=torch.float64)
        clipped = rule is not None and isfinite(norm) and rule.clip([gradient], norm)
        rows.append((w, b, error, norm, clipped))
        by_w, by_b = gradient.tolist()
        w, b = w - rate * by_w, b - rate * by_b
    names = {
        "w": "weight", "b": "bias", "error": "E = (σ(x_T) − 0.7)²",
        "gradient_norm": "‖(∂E/∂w, ∂E/∂b)‖ before clipping", "clipped": "whether the step from here is shortened",
    }  # fmt: skip
    columns = zip(names.items(), zip(*rows, strict=True), strict=True)
    said = {"learning_rate": rate, "steps": length} | ({} if rule is None else {"threshold": rule.threshold})
    return xr.Dataset(
        {name: ("update", np.array(values), {"long_name": words}) for (name, words), values in columns},
        {"update": np.arange(amount + 1)},
        said,
    )
