"""Influence balancing: a linear system on which a truncated gradient points the wrong way."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice

import numpy as np
import xarray as xr

from explorer.instruments.asked import integers

PLUS, MINUS = 10, 13  # units that θ drives up, and down
LONGEST = 10_000
STYLES = ("end", "every")


def influence_balancing(lengths: Sequence[int]) -> xr.Dataset:
    """By what (s¹ − 1) is multiplied in the truncated gradient of θ, in the steady state of a linear system.

        s_t = A·s₍t₋₁₎ + θ·v,   A = ½·(1 + shift),   v = (+1 ten times, −1 thirteen times),   L_t = ½·(s_t¹ − 1)²
        ∂L_t/∂θ through the m newest steps = (s¹ − 1)·C_m,   C_m = Σ_{j<m} e₁ᵀ·Aʲ·v

    The near units, driven up, speak first, the far ones outweigh them: C_m begins at +1 and ends at C_∞ = −6, the
    coefficient of full BPTT. With blocks of K steps the loss at the block's end alone has C_K (`end`); a loss at every
    step, whose m-th flows back m steps, has on average (C_1 + … + C_K)/K (`every`). Nothing is sampled: the values are
    exact before they are rounded to float64.

    Args:
        lengths: the block lengths K.

    Returns:
        `coefficient` [style, length], a pure number: negative is the right direction; `diverges` [style, length],
        whether descent drives θ away from its optimum −1/6, that is coefficient > 0.

    Raises:
        InstrumentError: unless the lengths are different integers from 1 to 10000, at least one.

    Source: Tallec & Ollivier 2017, "Unbiasing truncated backpropagation through time".
    """
    asked = integers("lengths", lengths, 1, LONGEST)
    ends = list(islice(_coefficients(), max(asked)))
    sums = np.cumsum(np.array(ends, dtype=object))
    exact = [[ends[k - 1] for k in asked], [Fraction(sums[k - 1], k) for k in asked]]
    return xr.Dataset(
        {
            "coefficient": (
                ("style", "length"),
                np.array([[float(value) for value in row] for row in exact]),
                {"long_name": "factor of (s¹ − 1) in the truncated gradient of θ"},
            ),
            "diverges": (
                ("style", "length"),
                np.array([[value > 0 for value in row] for row in exact]),
                {"long_name": "whether descent drives θ away"},
            ),
        },
        {"style": list(STYLES), "length": asked},
        {"full": 2.0 * (PLUS - MINUS)},
    )


def _coefficients() -> Iterator[Fraction]:
    """C_1, C_2, …: the row e₁ᵀ·(2A)ʲ holds binomial coefficients, integers, and walks along the units."""
    row, total = [1] + [0] * (PLUS + MINUS - 1), Fraction(0)
    scale = 1
    while True:
        total += Fraction(sum(row[:PLUS]) - sum(row[PLUS:]), scale)
        yield total
        row = [here + before for here, before in zip(row, [0, *row], strict=False)]
        scale *= 2
