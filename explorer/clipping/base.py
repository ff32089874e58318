"""What a clipping rule is: gradient in, gradient out."""

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor

from explorer.parts import Part


class Clipping(Part):
    """Base of all rules, applied to the gradient of all parameters together before the optimiser sees it."""

    kind: str

    @abstractmethod
    def clip(self, gradients: Sequence[Tensor], norm: float) -> bool:
        """Change the gradients in place.

        Args:
            gradients: one tensor for each parameter.
            norm: their joint 2-norm, finite.

        Returns:
            Whether they may have changed, and with them their norm.
        """
