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

    @abstractmethod
    def clipped(self, gradient: Tensor, norm: Tensor) -> Tensor:
        """The same where no number may be asked for before all is done, as on a GPU.

        Args:
            gradient: all entries of the gradient, [..., N].
            norm: its 2-norm, [...].

        Returns:
            The clipped gradient, [..., N]; unchanged where the norm is not finite.
        """
