"""Long short-term memory with forget gates (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import ForgetBias, LstmBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Lstm(Cell):
    """c_t = f·c₍t₋₁₎ + i·g and h_t = o·tanh(c_t), as torch.nn.LSTM computes them.

    i, f, o = σ(u + v) and g = tanh(u + v), each of its own gate. The cell state is computed first and h from it.
    """

    states: ClassVar = ("c", "h")
    gates: ClassVar = ("i", "f", "g", "o")
    candidate: ClassVar = 2
    drives: ClassVar[Mapping[str, slice]] = {"c": slice(0, 3), "h": slice(3, 4)}

    kind: Literal["lstm"] = "lstm"
    weights: AnyWeights = quantity(
        OrthogonalWeights(),
        "How the recurrent weights start; they multiply the gradient at each step back.",
        label="Recurrent weights",
    )
    bias: LstmBias = quantity(ForgetBias(), "How the biases start.", label="Biases")

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """c_t = f·c₍t₋₁₎ + i·g; h_t = o·tanh(c_t)."""
        i, f, g, o = _activate(u + v)
        c = f * previous[0] + i * g
        return c, o * torch.tanh(c)

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """Closed forms.

        ∂c/∂uᵢ = g·i(1−i), ∂c/∂u_f = c₍t₋₁₎·f(1−f), ∂c/∂u_g = i(1−g²), ∂c/∂c₍t₋₁₎ = f,
        ∂h/∂u_o = tanh(c)·o(1−o), ∂h/∂c = o(1−tanh²c).
        """
        i, f, g, o = _activate(u + v)
        tanh_c = torch.tanh(new[0])
        to_c = torch.stack([g * i * (1 - i), previous[0] * f * (1 - f), i * (1 - g * g)], dim=-2)
        to_h = (tanh_c * o * (1 - o)).unsqueeze(-2)
        return Partials({"c": to_c, "h": to_h}, kept={("c", "c"): f}, within={("h", "c"): o * (1 - tanh_c * tanh_c)})


def _activate(a: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four gates from their pre-activations [..., 4, H]."""
    i, f, g, o = a.unbind(-2)
    return torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
