"""What one backward pass found, and the gradients of the weights that follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from explorer.bptt.layout import add_product, one
from explorer.cells.base import State
from explorer.memory import empty

NUMBERS = 2**18  # entries of ∂L/∂W_hh by step that are computed together: few enough to stay in the cache
STEPS = 16  # time steps whose products are summed together, for the same reason


@dataclass
class Flow:
    """What one backward pass found; T counts the steps of all its pieces.

    Attributes:
        states: total gradient of each state at the times 1…T, in the order of `Cell.states`, [T, M, B, H].
        u: gradient of the recurrent pre-activations, [T, M, B, G·H].
        v: gradient of the input pre-activations, [T, M, B, G·H].
        initial: gradient of the states at time 0, each [M, B, H].
        previous: h at the times 0…T−1, [T, M, B, H].
    """

    states: State
    u: Tensor
    v: Tensor
    initial: State
    previous: Tensor
    _weight_hh: Tensor | None = field(default=None, init=False, repr=False)
    _bias: Tensor | None = field(default=None, init=False, repr=False)

    def weight_hh(self) -> Tensor:
        """∂L/∂W_hh = Σ_t δu_t·h₍t₋₁₎ᵀ, [M, G·H, H]; a by-product where the contributions by step were asked for."""
        return _outer(self.u, self.previous) if self._weight_hh is None else self._weight_hh

    def weight_ih_and_bias(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """∂L/∂W_ih = Σ_t δv_t·x_tᵀ, [M, G·H, D], and ∂L/∂b_ih = Σ_t δv_t, [M, G·H], of inputs [T, M, B, D]."""
        both = _outer(self.v, torch.cat([inputs, torch.ones_like(inputs[..., :1])], dim=-1))
        self._bias = both[..., -1]
        return both[..., :-1], self._bias

    def bias_hh(self) -> Tensor:
        """∂L/∂b_hh = Σ_t δu_t, [M, G·H]."""
        return self._bias.clone() if self.v is self.u and self._bias is not None else self.u.sum(0).sum(1)

    def weight_hh_by_step(self) -> Iterator[Tensor]:
        """Blocks of δu_t·h₍t₋₁₎ᵀ, time t's own contribution to ∂L/∂W_hh, [steps, M, G·H, H], in the order of time.

        Each block is overwritten by the next.
        """
        steps, models, _, rows = self.u.shape
        size = self.previous.shape[-1]
        together = min(steps, max(1, NUMBERS // (models * rows * size)))
        total = self.u.new_zeros(models, rows, size)
        block = empty(self.u, (together, models, rows, size))
        for u, h in zip(self.u.split(together), self.previous.split(together), strict=True):
            own = torch.bmm(u.mT.flatten(0, 1), h.flatten(0, 1), out=block[: len(u)].flatten(0, 1))
            own = own.view(-1, models, rows, size)
            yield own
            total += own[0] if len(own) == 1 else own.sum(0)
        self._weight_hh = total


def _outer(left: Tensor, right: Tensor) -> Tensor:
    """Σ over time and batch of left·rightᵀ: [T, M, B, P], [T, M, B, Q] → [M, P, Q]."""
    models, rows, columns = left.shape[1], left.shape[3], right.shape[3]
    total = left.new_zeros(models, columns, rows)  # this way round: products with few columns are slow, few rows not
    add = add_product(models)
    for a, b in zip(left.split(STEPS), right.split(STEPS), strict=True):
        add(one(total), one(b.permute(1, 3, 0, 2).flatten(2)), one(a.permute(1, 3, 0, 2).flatten(2)).mT)
    return total.mT
