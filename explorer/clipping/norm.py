"""Clipping by norm (Pascanu, Mikolov & Bengio 2013, algorithm 1)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from explorer.clipping.base import Clipping
from explorer.parts import quantity


class NormClipping(Clipping):
    """The whole gradient made shorter, in the same direction.

        g ← g · threshold / ‖g‖ where ‖g‖ > threshold

    ‖g‖ is taken over all parameters together. It bounds explosion and does nothing for vanishing.

    Bias: the direction of each update is kept; the mean over updates leans to those that are not clipped.
    Cost: one norm and, where it is clipped, one product of each entry.
    Source: Pascanu, Mikolov & Bengio 2013, algorithm 1; they suggest 0.5 to 10 times the running average of the norm.
    """

    kind: Literal["norm"] = "norm"
    threshold: float = quantity(
        1.0, "Largest norm of the whole gradient.", label="Threshold", ge=1e-6, le=1e6, slider=(0.01, 100.0), log=True
    )

    def clip(self, gradients: Sequence[Tensor], norm: float) -> bool:
        """Scale all gradients by threshold / norm where the norm is larger."""
        if norm <= self.threshold:
            return False
        for gradient in gradients:
            gradient.mul_(self.threshold / norm)
        return True

    def clipped(self, gradient: Tensor, norm: Tensor) -> Tensor:
        """The gradient times threshold / norm where the norm is larger, times exactly 1 elsewhere."""
        larger = (norm > self.threshold) & norm.isfinite()
        factor = torch.where(larger, self.threshold / norm, 1.0)
        return gradient * factor.to(gradient.dtype).unsqueeze(-1)
