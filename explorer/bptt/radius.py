"""The spectral radius of the recurrent weights, found at each update."""

from math import exp, log, nan

import torch
from torch import Tensor
from torch.linalg import vector_norm

from explorer.cells import Cell

ROUNDS = 11  # of two squarings: what is left of the first norm is its 4¹¹th part, below float32's rounding
SMALLEST = 1e-15  # norm of a fourth power above which float32 loses none of its entries that count


def spectral_radius(cell: Cell, weight_hh: Tensor) -> float:
    """Largest absolute eigenvalue of W_hh, with gates of the candidate's block; nan where W_hh is not finite."""
    block = weight_hh.detach()[cell.block(cell.candidate)]
    block = block.cpu()  # eigenvalues of small matrices are slow on a GPU
    if not bool(torch.isfinite(block).all()):
        return nan
    found = _by_squaring(block) if block.dtype == torch.float32 else None
    return _by_eigenvalues(block) if found is None else found


def _by_squaring(matrix: Tensor) -> float | None:
    """Gelfand's limit of ‖Wⁿ‖^(1/n), at n = 4, 16, 64, …: products alone, faster and closer than float32 eigenvalues.

    ln‖Wⁿ‖ is n·ln ρ and a rest that stays bounded, or grows as ln n; the difference of the last two norms leaves most
    of it out. None where a power all but vanishes beside the one before.
    """
    size = float(matrix.abs().max())
    if size == 0.0:
        return 0.0
    power, square = matrix / size, torch.empty_like(matrix)
    last, size = log(size), float(vector_norm(power))
    total = last + log(size)
    for n in (4**i for i in range(1, ROUNDS + 1)):
        torch.addmm(square, power, power, beta=0, alpha=1 / size**2, out=square)
        torch.mm(square, square, out=power)  # Wⁿ, but for a factor
        size = float(vector_norm(power))
        if not size > SMALLEST:
            return None
        last, total = total, total + log(size) / n  # ln‖Wⁿ‖ / n
    return exp((4 * total - last) / 3)


def _by_eigenvalues(matrix: Tensor) -> float:
    try:
        return float(torch.linalg.eigvals(matrix).abs().max())
    except RuntimeError:  # did not converge: unknown, which must not end the run
        return nan
