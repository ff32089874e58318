"""The simple recurrent network (Elman 1990)."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.activations import by_time, tangent
from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import PlainBias, PytorchBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Tanh(Cell):
    """The simple recurrent network, as torch.nn.RNN computes it.

        h_t = tanh(u_t + v_t),   u_t = W_hh·h₍t₋₁₎ + b_hh,   v_t = W_ih·x_t + b_ih
        ∂h_t/∂h₍t₋₁₎ = diag(1 − h_t²)·W_hh

    Gradient: each step back multiplies it by 1 − h² ≤ 1 and by W_hh. Where the largest singular value of W_hh is below
    1 it vanishes; only where that is above 1 can it explode (Pascanu, Mikolov & Bengio 2013).
    Cost: H(H + D) multiply-adds a step and sequence forward, H(2H + D) back; H(H + D + 2) parameters.
    Source: Elman 1990.
    """

    gates: ClassVar = ("h",)
    apart: ClassVar = slice(0)

    kind: Literal["tanh"] = "tanh"
    weights: AnyWeights = quantity(
        OrthogonalWeights(),
        "How the recurrent weights start; they multiply the gradient at each step back.",
        label="Recurrent weights",
    )
    bias: PlainBias = quantity(PytorchBias(), "How the biases start.", label="Biases")

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """h_t = tanh(u + v)."""
        del previous
        return (torch.tanh(u + v).squeeze(-2),)

    def run(self, u: Tensor, v: Tensor, states: State) -> Iterator[None]:
        """h_t = tanh(u), where u holds the sum."""
        del v
        tanh = tangent(u)
        for a, h in zip(by_time(u.squeeze(-2)), by_time(states[0][1:]), strict=True):
            tanh(a, out=h)
            yield

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """∂h/∂u = ∂h/∂v = 1 − h²."""
        del u, v, previous
        (h,) = new
        one = torch.ones((), dtype=h.dtype, device=h.device)
        return Partials({"h": torch.addcmul(one, h, h, value=-1).unsqueeze(-2)})
