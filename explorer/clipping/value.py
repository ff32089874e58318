"""Clipping by value (Mikolov 2012): every entry of its own."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from explorer.clipping.base import Clipping
from explorer.parts import quantity


class ValueClipping(Clipping):
    """Every entry of the gradient bounded on its own.

        gᵢ ← min(max(gᵢ, −threshold), threshold)

    Bias: the direction changes, for large entries lose more than small ones.
    Cost: one comparison of each entry.
    Source: Mikolov 2012.
    """

    kind: Literal["value"] = "value"
    threshold: float = quantity(
        1.0, "Largest size of one entry of the gradient.", label="Threshold", ge=1e-6, le=1e6, slider=(0.01, 100.0),
        log=True,
    )  # fmt: skip

    def clip(self, gradients: Sequence[Tensor], norm: float) -> bool:
        """Clamp every entry to ±threshold."""
        del norm
        for gradient in gradients:
            gradient.clamp_(-self.threshold, self.threshold)
        return True

    def clipped(self, gradient: Tensor, norm: Tensor) -> Tensor:
        """Every entry clamped to ±threshold where the norm is finite."""
        clamped = gradient.clamp(-self.threshold, self.threshold)
        return torch.where(norm.isfinite().unsqueeze(-1), clamped, gradient)
