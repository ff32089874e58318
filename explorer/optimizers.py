"""The optimisers: torch's own, with the settings that matter here."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch.nn import Parameter

from explorer.parts import Part, quantity


class Optimizer(Part):
    """Base of all optimisers."""

    kind: str
    learning_rate: float = quantity(
        0.01, "Size of the step along the gradient.", label="Learning rate", ge=1e-8, le=100.0, slider=(1e-4, 1.0),
        log=True,
    )  # fmt: skip

    @abstractmethod
    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """Torch's optimiser over the parameters; where `capturable`, in the form that a CUDA graph can hold."""


def _momentum() -> float:
    value: float = quantity(
        0.0, "Share of the last step that is kept.", label="Momentum", ge=0.0, le=0.9999, slider=(0.0, 0.99), step=0.01
    )
    return value


class Sgd(Optimizer):
    """Gradient descent with optional momentum, as torch.optim.SGD.

        b ← momentum·b + g,   θ ← θ − η·b

    η is the learning rate. A gradient twice as large moves the weights twice as far, so explosion shows at once.

    Cost: one copy of the parameters where there is momentum, else none.
    Source: torch.optim.SGD.
    """

    kind: Literal["sgd"] = "sgd"
    momentum: float = _momentum()

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.SGD, whose one form a graph can hold."""
        del capturable
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum, fused=True)


class Adam(Optimizer):
    """Each entry moves by about the learning rate, whatever the size of its gradient, as torch.optim.Adam.

        m ← 0.9·m + 0.1·g,   v ← 0.999·v + 0.001·g²
        θ ← θ − η·m̂ / (√v̂ + 1e-8),   m̂ = m / (1 − 0.9ⁿ),   v̂ = v / (1 − 0.999ⁿ)

    η is the learning rate and n counts updates. Tiny gradients move the weights as far as large ones do.

    Cost: two copies of the parameters.
    Source: Kingma & Ba 2015.
    """

    kind: Literal["adam"] = "adam"

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.Adam."""
        return torch.optim.Adam(parameters, lr=self.learning_rate, fused=True, capturable=capturable)


class RmsProp(Optimizer):
    """Gradients divided by their running size, as torch.optim.RMSprop.

        v ← 0.99·v + 0.01·g²,   b ← momentum·b + g / (√v + 1e-8),   θ ← θ − η·b

    η is the learning rate.

    Cost: one copy of the parameters, two where there is momentum.
    Source: Tieleman & Hinton 2012.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    momentum: float = _momentum()

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.RMSprop."""
        return torch.optim.RMSprop(parameters, lr=self.learning_rate, momentum=self.momentum, capturable=capturable)


AnyOptimizer = Annotated[Sgd | Adam | RmsProp, Field(discriminator="kind")]
