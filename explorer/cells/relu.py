"""The simple recurrent network with rectified units (IRNN: Le, Jaitly & Hinton 2015)."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import PlainBias, ZeroBias
from explorer.cells.weights import AnyWeights, IdentityWeights
from explorer.parts import quantity


class Relu(Cell):
    """h_t = max(0, u + v), as torch.nn.RNN(nonlinearity="relu") computes it; ∂h/∂u is 1 where h > 0, else 0."""

    gates: ClassVar = ("h",)
    apart: ClassVar = slice(0)

    kind: Literal["relu"] = "relu"
    weights: AnyWeights = quantity(
        IdentityWeights(),
        "How the recurrent weights start; they multiply the gradient at each step back.",
        label="Recurrent weights",
    )
    bias: PlainBias = quantity(ZeroBias(), "How the biases start.", label="Biases")

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """h_t = max(0, u + v)."""
        del previous
        return (torch.relu(u + v).squeeze(-2),)

    def run(self, u: Tensor, v: Tensor, states: State) -> Iterator[None]:
        """h_t = max(0, u), where u holds the sum."""
        del v
        for a, h in zip(u.squeeze(-2).unbind(0), states[0][1:].unbind(0), strict=True):
            torch.clamp_min(a, 0, out=h)
            yield

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """∂h/∂u = ∂h/∂v = 1 where h > 0, else 0."""
        del u, v, previous
        (h,) = new
        return Partials({"h": (h > 0).to(h.dtype).unsqueeze(-2)})
