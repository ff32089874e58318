"""What one backward pass found, and the gradients of the weights that follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from explorer.bptt.wide import faint, wide
from explorer.cells.base import State

NUMBERS = 2**19  # entries of the products by step that are computed together: few calls, and still in the cache


@dataclass(frozen=True)
class LayerGradient:
    """Gradients of one layer's parameters: weight_ih [M, G·H, D], weight_hh [M, G·H, H], biases [M, G·H]."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor

    def vector(self) -> Tensor:
        """All of them in one row for each model, in float64, [M, G·H·(D + H + 2)]."""
        parts = self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        return torch.cat([part.flatten(1) for part in parts], dim=1).double()


@dataclass
class Flow:
    """What one backward pass found; T counts the steps of all its pieces.

    Attributes:
        states: total gradient of each state at the times 1…T, in the order of `Cell.states`, [T, M, B, H].
        u: gradient of the recurrent pre-activations, [T, M, B, G·H].
        v_apart: gradient of the input pre-activations of the gates `apart`, [T, M, B, ≤G·H], or None where they, too,
            are those of u.
        initial: gradient of the states at time 0, each [M, B, H].
        read: what the weights multiplied: h at the times 0…T−1, x at 1…T, and 1 for the bias, [T, M, B, H + D + 1].
        apart: the columns of u for which v is not the same.
        before: how many steps lie before these T, to which no gradient flows.
    """

    states: State
    u: Tensor
    v_apart: Tensor | None
    initial: State
    read: Tensor
    apart: slice
    before: int = 0
    _total: Tensor | None = field(default=None, init=False, repr=False)

    @property
    def hidden(self) -> int:
        """H."""
        return self.states[-1].shape[-1]

    @property
    def v(self) -> Tensor:
        """Gradient of the input pre-activations, [T, M, B, G·H]."""
        if self.v_apart is None:
            return self.u
        found = self.u.clone()
        found[..., self.apart] = self.v_apart
        return found

    def weights_hh(self) -> tuple[Tensor, Tensor]:
        """∂L/∂W_hh = Σ_t δu_t·h₍t₋₁₎ᵀ, [M, G·H, H], and ∂L/∂b_hh = Σ_t δu_t, [M, G·H]."""
        total = self._sum()
        return total[:, : self.hidden].mT, total[:, -1]

    def weights_ih(self) -> tuple[Tensor, Tensor]:
        """∂L/∂W_ih = Σ_t δv_t·x_tᵀ, [M, G·H, D], and ∂L/∂b_ih = Σ_t δv_t, [M, G·H]."""
        total = self._sum()[:, self.hidden :]
        if self.v_apart is not None:
            total = total.clone()
            total[..., self.apart] = _outer(self.read[..., self.hidden :], self.v_apart)
        return total[:, :-1].mT, total[:, -1].clone()

    def layer(self) -> LayerGradient:
        """All of them."""
        (weight_ih, bias_ih), (weight_hh, bias_hh) = self.weights_ih(), self.weights_hh()
        return LayerGradient(weight_ih, weight_hh, bias_ih, bias_hh)

    def weight_hh_by_step(self) -> Iterator[Tensor]:
        """Blocks of h₍t₋₁₎·δu_tᵀ, time t's own contribution to ∂L/∂W_hhᵀ, [steps, M, H, G·H], in the order of time.

        Each block is overwritten by the next.
        """
        total = self.u.new_zeros(self.u.shape[1], self.read.shape[3], self.u.shape[3])
        for block in _by_step(self.read, self.u):
            yield block[:, :, : self.hidden]
            total += block[0] if len(block) == 1 else block.sum(0)
        self._total = total

    def _sum(self) -> Tensor:
        """Σ_t of all that the weights multiplied with δu_tᵀ, [M, H + D + 1, G·H].

        It is a by-product where the contributions by step were asked for.
        """
        if self._total is None:
            self._total = _outer(self.read, self.u)
        return self._total


def _outer(left: Tensor, right: Tensor) -> Tensor:
    """Σ over time and batch of left·rightᵀ: [T, M, B, P], [T, M, B, Q] → [M, P, Q]."""
    total = left.new_zeros(left.shape[1], left.shape[3], right.shape[3])
    for block in _by_step(left, right):
        total += block.sum(0)
    return total


def _by_step(left: Tensor, right: Tensor) -> Iterator[Tensor]:
    """Blocks of Σ over the batch of left·rightᵀ, [steps, M, P, Q]; each is overwritten by the next."""
    steps, models, _, rows = left.shape
    numbers = models * rows * right.shape[3]
    together = min(steps, max(1, NUMBERS // numbers))
    room = left.new_empty(together, models, rows, right.shape[3])
    for start in range(0, steps, together):
        a, b = left[start : start + together], right[start : start + together]
        block = room[: len(a)]
        pair = a.mT.flatten(0, 1), b.flatten(0, 1)
        if faint(b[-1]):  # the largest, where it fades
            block.flatten(0, 1).copy_(torch.bmm(*(wide(one) for one in pair)))
        else:
            torch.bmm(*pair, out=block.flatten(0, 1))
        yield block
