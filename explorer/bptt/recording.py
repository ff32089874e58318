"""What is recorded of each backward pass: norms by time step, in float64.

Norms are taken in float64 also of float32 gradients: their squares leave float32's range long before they do. Those of
float64 gradients are scaled by their largest entry first, for the same reason. Where all norms lie far from the ends
of the range, they are taken as they are, which is several times as fast.
"""

from collections.abc import Sequence
from math import inf

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.linalg import vector_norm
from torch.nn.functional import pad

from explorer.bptt.flow import NUMBERS, Flow
from explorer.cells import Cell

Array = NDArray[np.float64]
# Norms within which squares neither overflow nor lose anything that counts: ten to the powers of half the range.
SAFE = {torch.float32: (1e-12, 1e18), torch.float64: (1e-140, 1e150)}


def recorded_names(cell: Cell) -> tuple[str, ...]:
    """The variables that `norms_by_time` finds for a cell."""
    return (*(f"grad_{name}" for name in cell.states), "grad_weight")


def norms_by_time(cell: Cell, flow: Flow) -> dict[str, Array]:
    """The recorded norms of one backward pass.

    Returns:
        `grad_h`, `grad_c` …: Σ_b ‖∂L/∂s_{b,t}‖₂, [M, T]; with a loss that is the mean over sequences this is the
        average over sequences of the per-sequence gradient norm. `grad_weight`: Frobenius norm of time t's own
        contribution to ∂L/∂W_hh, summed over the batch before the norm, [M, T]. T counts the steps before, too.
    """
    together = norms_on_device(cell, flow).cpu().numpy()  # one copy from the device
    return dict(zip(recorded_names(cell), together, strict=True))


def norms_on_device(cell: Cell, flow: Flow) -> Tensor:
    """The same in the order of `recorded_names`, where the gradients are, [names, M, T]."""
    found = [_over_units(state) for state in flow.states]
    found.append(torch.cat([norm(block.flatten(-2)) for block in flow.weight_hh_by_step()]))
    return pad(torch.stack(found).mT, (flow.before, 0))


def joint_norm(tensors: Sequence[Tensor]) -> float:
    """2-norm of all entries of all tensors together, in float64."""
    return float(norm(torch.cat([t.flatten() for t in tensors])))


def joint_norms(tensors: Sequence[Tensor]) -> Tensor:
    """The same for each of M models, of tensors with a leading dimension of models, [M]."""
    return norm(torch.cat([t.flatten(1) for t in tensors], dim=1))


def _over_units(state: Tensor) -> Tensor:
    """[T, M, B, H] → [T, M], in blocks that stay in the cache."""
    if not state.numel():  # a batch of no sequences
        return state.new_zeros(state.shape[:2], dtype=torch.float64)
    steps = max(1, NUMBERS // state[0].numel())
    blocks = (state[start : start + steps] for start in range(0, len(state), steps))
    return torch.cat([norm(block).sum(-1) for block in blocks])


def norm(tensor: Tensor) -> Tensor:
    """2-norm over the last dimension, in float64 and over its whole range."""
    if tensor.device.type != "cpu":
        return _careful(tensor)
    quick, (low, high) = _plain(tensor), SAFE[tensor.dtype]
    found, values = quick.double(), quick.numpy()  # looked at by NumPy, which is quicker to begin than torch
    if not (low < values.min(initial=inf) and values.max(initial=0.0) < high):  # or one is nan
        doubtful = np.asarray(~((low < values) & (values < high)))
        every = doubtful.all() and tensor.dim() > 1  # a gradient that fades: no need to pick and copy
        rest = tensor if every else torch.from_numpy(tensor.numpy()[doubtful])
        if rest.numpy().any():  # beyond a cut, and before a state that is zero, all is zero
            rows = max(1, NUMBERS // 4 // rest[0].numel())  # in float64, too, they are to stay in the cache
            careful = torch.cat([_careful(part) for part in rest.split(rows)])
            if every:
                return careful
            found[torch.from_numpy(doubtful)] = careful
    return found


def _careful(tensor: Tensor) -> Tensor:
    """The norm where squares may leave the range."""
    if tensor.dtype != torch.float64:
        return _plain(tensor.double())
    largest = tensor.abs().amax(-1, keepdim=True)
    scale = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
    return _plain(tensor / scale) * scale.squeeze(-1)


def _plain(tensor: Tensor) -> Tensor:
    """2-norm over the last dimension as the type of number holds it."""
    if tensor.stride(-1) != 1:
        return (tensor * tensor).sum(-1).sqrt_()  # the others are slow across memory
    if tensor.device.type != "cpu":
        found: Tensor = vector_norm(tensor, dim=-1)
        return found
    numbers = tensor.numpy()
    with np.errstate(all="ignore"):  # what leaves the range is looked for afterwards
        return torch.from_numpy(np.asarray(np.sqrt(np.vecdot(numbers, numbers))))
