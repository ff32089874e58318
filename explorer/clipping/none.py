"""No clipping."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from explorer.clipping.base import Clipping


class NoClipping(Clipping):
    """The gradient as it is.

        g ← g

    Bias: none. One exploding gradient moves the weights as far as the optimiser lets it.
    Cost: nothing.
    """

    kind: Literal["none"] = "none"

    def clip(self, gradients: Sequence[Tensor], norm: float) -> bool:
        """Leave the gradients alone."""
        return False

    def clipped(self, gradient: Tensor, norm: Tensor) -> Tensor:
        """The gradient itself."""
        del norm
        return gradient
