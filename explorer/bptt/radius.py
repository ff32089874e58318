"""The spectral radius of the recurrent weights, found at each update."""

from math import exp, isfinite, log, nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.cells import Cell

Matrix = NDArray[np.floating[Any]]
ROUNDS = 11  # of two squarings: what is left of the first norm is its 4¹¹th part, below float32's rounding
SMALLEST = 1e-15  # norm of a fourth power above which float32 loses none of its entries that count


def spectral_radius(cell: Cell, weight_hh: Tensor) -> float:
    """Largest absolute eigenvalue of W_hh, with gates of the candidate's block; nan where W_hh is not finite."""
    block = weight_hh.detach()[cell.block(cell.candidate)].cpu().numpy()  # small matrices are slow on a GPU
    largest = float(np.abs(block).max())
    if not isfinite(largest):
        return nan
    if largest == 0.0:
        return 0.0
    found = _by_squaring(block, largest) if block.dtype == np.float32 else None
    return _by_eigenvalues(block) if found is None else found


def _by_squaring(matrix: Matrix, largest: float) -> float | None:
    """Gelfand's limit of ‖Wⁿ‖^(1/n), at n = 4, 16, 64, …: products alone, faster and closer than float32 eigenvalues.

    ln‖Wⁿ‖ is n·ln ρ and a rest that stays bounded, or grows as ln n; the difference of the last two norms leaves most
    of it out. None where a power all but vanishes beside the one before.
    """
    power = np.ascontiguousarray(matrix / np.float32(largest))
    square = np.empty_like(power)
    last, size = log(largest), _norm(power)
    total = last + log(size)
    for n in (4**i for i in range(1, ROUNDS + 1)):
        np.dot(power, power, out=square)
        square *= np.float32(1 / size**2)
        np.dot(square, square, out=power)  # Wⁿ, but for a factor
        size = _norm(power)
        if not size > SMALLEST:
            return None
        last, total = total, total + log(size) / n  # ln‖Wⁿ‖ / n
    return exp((4 * total - last) / 3)


def _norm(matrix: Matrix) -> float:
    return sqrt(np.vdot(matrix, matrix))


def _by_eigenvalues(matrix: Matrix) -> float:
    try:
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    except np.linalg.LinAlgError:  # did not converge: unknown, which must not end the run
        return nan
