"""The gated recurrent unit (Cho et al. 2014), in the form that PyTorch and cuDNN compute."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from explorer.cells.base import Cell, Partials, State
from explorer.cells.biases import GruBias, UpdateBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Gru(Cell):
    """h_t = (1 − z)·n + z·h₍t₋₁₎ with n = tanh(v_n + r·u_n), r = σ(u_r + v_r), z = σ(u_z + v_z), as torch.nn.GRU.

    The reset gate multiplies u_n = W_hn·h + b_hn after the product; Cho et al. apply it to h before.
    """

    gates: ClassVar = ("r", "z", "n")
    candidate: ClassVar = 2

    kind: Literal["gru"] = "gru"
    weights: AnyWeights = quantity(
        OrthogonalWeights(),
        "How the recurrent weights start; they multiply the gradient at each step back.",
        label="Recurrent weights",
    )
    bias: GruBias = quantity(UpdateBias(), "How the biases start.", label="Biases")

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        """h_t = (1 − z)·n + z·h₍t₋₁₎."""
        _, z, n = _activate(u, v)
        return ((1 - z) * n + z * previous[0],)

    def partials(self, u: Tensor, v: Tensor, previous: State, new: State) -> Partials:
        """Closed forms.

        ∂h/∂v_n = (1−z)(1−n²), ∂h/∂u_n = r·∂h/∂v_n, ∂h/∂u_r = u_n·r(1−r)·∂h/∂v_n, ∂h/∂u_z = (h₍t₋₁₎−n)·z(1−z),
        ∂h/∂h₍t₋₁₎ = z; r and z take u and v by their sum.
        """
        del new
        r, z, n = _activate(u, v)
        to_n = (1 - z) * (1 - n * n)
        to_r = u[..., 2, :] * r * (1 - r) * to_n
        to_z = (previous[0] - n) * z * (1 - z)
        return Partials(
            {"h": torch.stack([to_r, to_z, r * to_n], dim=-2)},
            inputs={"h": torch.stack([to_r, to_z, to_n], dim=-2)},
            kept={("h", "h"): z},
        )


def _activate(u: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The gates r and z and the candidate n from pre-activations [..., 3, H]."""
    r, z = torch.sigmoid(u[..., :2, :] + v[..., :2, :]).unbind(-2)
    return r, z, torch.tanh(v[..., 2, :] + r * u[..., 2, :])
