"""The gated recurrent unit (Cho et al. 2014), in the form that PyTorch and cuDNN compute."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.activations import by_time, sigmoid_steps, subtract, tangent
from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import GruBias, UpdateBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Gru(Cell):
    """The gated recurrent unit, as torch.nn.GRU computes it.

        r = σ(u_r + v_r),   z = σ(u_z + v_z),   n = tanh(v_n + r·u_n)
        h_t = (1 − z)·n + z·h₍t₋₁₎
        ∂h_t/∂h₍t₋₁₎ = z with the gates held fixed

    u = W_hh·h₍t₋₁₎ + b_hh and v = W_ih·x_t + b_ih. The reset gate multiplies u_n = W_hn·h + b_hn after the product; Cho
    et al. apply it to h before.

    Gradient: where the update gate z is near 1, most of it passes by the weights.
    Cost: 3H(H + D) multiply-adds a step and sequence forward, 3H(2H + D) back; 3H(H + D + 2) parameters.
    Source: Cho et al. 2014, in the form of PyTorch and cuDNN.
    """

    gates: ClassVar = ("r", "z", "n")
    candidate: ClassVar = 2
    apart: ClassVar = slice(2, 3)

    kind: Literal["gru"] = "gru"
    weights: AnyWeights = quantity(
        OrthogonalWeights(),
        "How the recurrent weights start; they multiply the gradient at each step back.",
        label="Recurrent weights",
    )
    bias: GruBias = quantity(UpdateBias(), "How the biases start.", label="Biases")

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """h_t = (1 − z)·n + z·h₍t₋₁₎."""
        r, z = torch.sigmoid(u[..., :2, :] + v[..., :2, :]).unbind(-2)
        n = torch.tanh(v[..., 2, :] + r * u[..., 2, :])
        return ((1 - z) * n + z * previous[0],)

    def run(self, u: Tensor, v: Tensor, states: State) -> Iterator[None]:
        """The same in place: r and z take the sum's place in u, which keeps u_n; n takes that of v_n."""
        (h,) = states
        (r, z, u_n), n = u.unbind(-2), v.squeeze(-2)
        sigmoid_r_z, tanh, minus = sigmoid_steps(u[..., :2, :]), tangent(u), subtract(u)
        before, *after = by_time(h)
        for r_t, z_t, u_n_t, n_t, h_t in zip(*map(by_time, (r, z, u_n, n)), after, strict=True):
            next(sigmoid_r_z)
            n_t += r_t * u_n_t
            tanh(n_t, out=n_t)
            minus(before, n_t, out=h_t)  # h = n + z·(h₍t₋₁₎ − n)
            h_t *= z_t
            h_t += n_t
            before = h_t
            yield

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """Closed forms, from the gates that `run` left in u and v.

        ∂h/∂v_n = (1−z)(1−n²), ∂h/∂u_n = r·∂h/∂v_n, ∂h/∂u_r = u_n·r(1−r)·∂h/∂v_n, ∂h/∂u_z = (h₍t₋₁₎−n)·z(1−z),
        ∂h/∂h₍t₋₁₎ = z; r and z take u and v by their sum.
        """
        del new
        r, z, u_n = u.unbind(-2)
        n = v.squeeze(-2)
        one = torch.ones((), dtype=u.dtype, device=u.device)
        to_v = torch.addcmul(one, n, n, value=-1).mul_(1 - z)
        found = torch.empty_like(u)
        to_r, to_z, to_n = found.unbind(-2)
        torch.mul(r, to_v, out=to_n)
        torch.mul(to_n, 1 - r, out=to_r).mul_(u_n)
        torch.addcmul(z, z, z, value=-1, out=to_z).mul_(previous[0] - n)
        return Partials({"h": found}, inputs={"h": to_v.unsqueeze(-2)}, kept={("h", "h"): z})
