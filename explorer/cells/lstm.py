"""Long short-term memory with forget gates (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000)."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.activations import by_time, multiply, sigmoid_steps, tangent
from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import ForgetBias, LstmBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Lstm(Cell):
    """Long short-term memory with forget gates, as torch.nn.LSTM computes it.

        i, f, o = σ(u + v) and g = tanh(u + v), each of its own gate
        c_t = f·c₍t₋₁₎ + i·g,   h_t = o·tanh(c_t)
        ∂c_t/∂c₍t₋₁₎ = f with the gates held fixed

    u = W_hh·h₍t₋₁₎ + b_hh and v = W_ih·x_t + b_ih. The cell state is computed first and h from it.

    Gradient: through the cell state it is multiplied by the forget gate and by no weights; through the gates, by W_hh
    too. ∂L/∂h and ∂L/∂c tell different stories, so both are recorded.
    Cost: 4H(H + D) multiply-adds a step and sequence forward, 4H(2H + D) back; 4H(H + D + 2) parameters.
    Source: Hochreiter & Schmidhuber 1997; the forget gate is that of Gers, Schmidhuber & Cummins 2000.
    """

    states: ClassVar = ("c", "h")
    gates: ClassVar = ("i", "f", "g", "o")
    candidate: ClassVar = 2
    apart: ClassVar = slice(0)
    keeps: ClassVar = 1
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
        i, f, g, o = (u + v).unbind(-2)
        c = torch.sigmoid(f) * previous[0] + torch.sigmoid(i) * torch.tanh(g)
        return c, torch.sigmoid(o) * torch.tanh(c)

    def run(self, u: Tensor, v: Tensor, states: State) -> Iterator[None]:
        """The same in place: u holds the sum, and then the gates i, f, g, o; v keeps tanh(c)."""
        (c, h), tanh_c = states, v.squeeze(-2)
        i, f, g, o = u.unbind(-2)
        sigmoid_i_f, sigmoid_o, tanh, mul = sigmoid_steps(u[..., :2, :]), sigmoid_steps(o), tangent(u), multiply(u)
        before, *after = by_time(c)
        by_step = zip(*map(by_time, (i, f, g, o)), after, by_time(tanh_c), by_time(h[1:]), strict=True)
        for i_t, f_t, g_t, o_t, c_t, tanh_c_t, h_t in by_step:
            next(sigmoid_i_f)
            next(sigmoid_o)
            tanh(g_t, out=g_t)
            mul(f_t, before, out=c_t)
            c_t += i_t * g_t
            tanh(c_t, out=tanh_c_t)
            mul(o_t, tanh_c_t, out=h_t)
            before = c_t
            yield

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """Closed forms, from the gates that `run` left in u and tanh(c) in v.

        ∂c/∂uᵢ = g·i(1−i), ∂c/∂u_f = c₍t₋₁₎·f(1−f), ∂c/∂u_g = i(1−g²), ∂c/∂c₍t₋₁₎ = f,
        ∂h/∂u_o = tanh(c)·o(1−o), ∂h/∂c = o(1−tanh²c).
        """
        del new
        (i, f, g, o), tanh_c = u.unbind(-2), v.squeeze(-2)
        found = torch.addcmul(u, u, u, value=-1)  # σ′ = σ(1−σ); for g, 1−g² stands in its place
        to_i, to_f, to_g, to_o = found.unbind(-2)
        to_i *= g
        to_f *= previous[0]
        torch.addcmul(i, i * g, g, value=-1, out=to_g)
        to_o *= tanh_c
        to_c = torch.addcmul(o, o * tanh_c, tanh_c, value=-1)
        return Partials(
            {"c": found[..., :3, :], "h": found[..., 3:, :]}, kept={("c", "c"): f}, within={("h", "c"): to_c}
        )
