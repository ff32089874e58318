"""How the recurrent weights start, by the distribution that they are drawn from.

Each gate's H×H block of W_hh is drawn on its own. Input weights always start as PyTorch's do, uniform in ±1/√H.
"""

from abc import abstractmethod
from math import sqrt
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from explorer.parts import Part, quantity

GAIN: dict[str, Any] = {"label": "Gain", "ge": 0.0, "le": 10.0, "slider": (0.5, 1.5), "step": 0.05}


class Weights(Part):
    """Base: the distribution of one gate's recurrent block."""

    kind: str

    @abstractmethod
    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """One block of recurrent weights, float64 [H, H]."""


class PytorchWeights(Weights):
    """Uniform in ±1/√H, as torch.nn does; the spectral radius is near 1/√3 = 0.58."""

    kind: Literal["pytorch"] = "pytorch"

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """One block of recurrent weights, float64 [H, H]."""
        return uniform((size, size), size, generator)


class GaussianWeights(Weights):
    """Normal numbers, N(0, gain²/H).

    An infinite matrix of this kind has the spectral radius `gain`.

    Source: circular law, Girko 1984.
    """

    kind: Literal["gaussian"] = "gaussian"
    gain: float = quantity(
        1.0, "Spectral radius of a very large W_hh: above 1 the gradient can grow, below 1 it shrinks.", **GAIN
    )

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """One block of recurrent weights, float64 [H, H]."""
        return torch.randn(size, size, generator=generator, dtype=torch.float64) * (self.gain / sqrt(size))


class OrthogonalWeights(Weights):
    """`gain` times a random orthogonal matrix: every singular value equals `gain`.

    Source: Saxe, McClelland & Ganguli 2014.
    """

    kind: Literal["orthogonal"] = "orthogonal"
    gain: float = quantity(
        1.0,
        "Every singular value of each gate's block of W_hh at the start: below 1 a plain network's gradient shrinks.",
        **GAIN,
    )

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """One block of recurrent weights, float64 [H, H]."""
        q, r = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
        drawn: Tensor = self.gain * q * torch.sign(torch.diagonal(r))  # the signs make the distribution uniform
        return drawn


class IdentityWeights(Weights):
    """`scale` times the identity; with relu and zero biases the IRNN.

    Source: Le, Jaitly & Hinton 2015.
    """

    kind: Literal["identity"] = "identity"
    scale: float = quantity(
        1.0,
        "Factor on the identity matrix: what one step back multiplies the gradient by in a ReLU unit that is on.",
        label="Scale",
        ge=0.0,
        le=10.0,
        slider=(0.5, 1.5),
        step=0.01,
    )

    def draw(self, size: int, generator: torch.Generator) -> Tensor:
        """One block of recurrent weights, float64 [H, H]."""
        del generator
        return self.scale * torch.eye(size, dtype=torch.float64)


def uniform(shape: tuple[int, ...], size: int, generator: torch.Generator) -> Tensor:
    """PyTorch's default for everything recurrent: uniform in ±1/√size, float64."""
    return (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1) / sqrt(size)


AnyWeights = Annotated[
    PytorchWeights | GaussianWeights | OrthogonalWeights | IdentityWeights, Field(discriminator="kind")
]
