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
    """Gradient descent with optional momentum (torch.optim.SGD)."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = _momentum()

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.SGD, whose one form a graph can hold."""
        del capturable
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum, fused=True)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015; torch.optim.Adam): each entry moves by about the learning rate, whatever its gradient."""

    kind: Literal["adam"] = "adam"

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.Adam."""
        return torch.optim.Adam(parameters, lr=self.learning_rate, fused=True, capturable=capturable)


class RmsProp(Optimizer):
    """RMSprop (Tieleman & Hinton 2012; torch.optim.RMSprop): gradients divided by their running size."""

    kind: Literal["rmsprop"] = "rmsprop"
    momentum: float = _momentum()

    def build(self, parameters: Iterable[Parameter], capturable: bool = False) -> torch.optim.Optimizer:
        """torch.optim.RMSprop."""
        return torch.optim.RMSprop(parameters, lr=self.learning_rate, momentum=self.momentum, capturable=capturable)


AnyOptimizer = Annotated[Sgd | Adam | RmsProp, Field(discriminator="kind")]
