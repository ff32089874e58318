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
    """The simple recurrent network with rectified units, as torch.nn.RNN(nonlinearity="relu") computes it.

        h_t = max(0, u_t + v_t),   u_t = W_hh·h₍t₋₁₎ + b_hh,   v_t = W_ih·x_t + b_ih
        ∂h_t/∂h₍t₋₁₎ = diag(1 where h_t > 0, else 0)·W_hh

    Gradient: a unit that is on passes it unchanged, one that is off not at all; what shrinks or grows it is W_hh alone.
    With the identity and zero biases (IRNN) units that stay on neither shrink nor grow it. Nothing bounds h.
    Cost: H(H + D) multiply-adds a step and sequence forward, H(2H + D) back; H(H + D + 2) parameters.
    Source: Le, Jaitly & Hinton 2015.
    """

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
