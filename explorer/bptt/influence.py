"""Real-time recurrent learning: the derivative of the states by the weights, carried forward in time.

With P_t = ∂s_t/∂θ for each state s of a cell, θ being a row of [W_hh, b_hh, W_ih, b_ih] for each gate's unit,

    ∂u_t/∂θ = W_hh·P^h₍t₋₁₎ + (h₍t₋₁₎, 1 in the row's own place),    ∂v_t/∂θ = (x_t, 1 in the row's own place)
    P^s_t   = Σ_gates ∂s_t/∂u_t·∂u_t/∂θ + ∂s_t/∂v_t·∂v_t/∂θ + Σ ∂s_t/∂s′₍t₋₁₎·P^s′₍t₋₁₎ + Σ ∂s_t/∂s′_t·P^s′_t

and ∂L/∂θ = Σ_t Σ_s ∂L_t/∂s_t·P^s_t (Williams & Zipser 1989), for any cell through its partial derivatives.
"""

import torch
from torch import Tensor

from explorer.bptt.flow import LayerGradient
from explorer.bptt.trajectory import Trajectory
from explorer.cells import Cell, Partials


class Influence:
    """P of one model, from zero at the start of its sequences; it grows by the pieces of a trajectory.

    Needs B·G·H·(H + D + 2) numbers for each unit of each state, whatever the number of steps.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._by: dict[str, Tensor] = {}  # state → P, [B, H, G·H, H + D + 2]

    @torch.no_grad()
    def gradient(self, piece: Trajectory, direct: tuple[Tensor | None, ...], first: int) -> LayerGradient:
        """Go on through a piece, and gather the gradient of its losses.

        Args:
            piece: one piece of the trajectory of one model, that begins where the one before ended.
            direct: for each state ∂L_t/∂s_t at the times from `first` on, [≤T, 1, B, H], or None for zero.
            first: the time, counted from 1 in this piece, at which these begin.
        """
        cell, hidden = self.cell, self.cell.hidden_size
        rows, inputs = len(cell.gates) * hidden, piece.read.shape[-1] - hidden - 1
        batch, columns = piece.read.shape[2], hidden + inputs + 2
        if not self._by:
            self._by = {name: piece.read.new_zeros(batch, hidden, rows, columns) for name in cell.states}
        found = piece.read.new_zeros(rows, columns)
        for t in range(len(piece)):
            step = slice(t, t + 1)
            before, after = tuple(s[step] for s in piece.states), tuple(s[t + 1 : t + 2] for s in piece.states)
            self._step(piece, t, cell.partials(piece.u[step], piece.v[step], before, after))
            at = t + 1 - first
            for name, gradient in zip(cell.states, direct, strict=True):
                if gradient is not None and 0 <= at < len(gradient):
                    found += torch.einsum("bh,bhrc->rc", gradient[at, 0], self._by[name])
        split = found.unsqueeze(0).split([hidden, 1, inputs, 1], dim=-1)
        return LayerGradient(split[2], split[0], split[3].squeeze(-1), split[1].squeeze(-1))

    def _step(self, piece: Trajectory, t: int, partials: Partials) -> None:
        cell, hidden, gates = self.cell, self.cell.hidden_size, len(self.cell.gates)
        old = self._by
        batch, _, rows, columns = old["h"].shape
        h, x = piece.read[t, 0, :, :hidden], piece.read[t, 0, :, hidden:-1]
        one = h.new_ones(batch, 1)
        of_u, of_v = torch.cat([h, one], 1), torch.cat([x, one], 1)
        u = (piece.weight_hh[0] @ old["h"].flatten(2)).view(batch, gates, hidden, rows, columns)
        apart = range(gates)[cell.apart]
        own = u.view(batch, rows, rows, columns).diagonal(dim1=1, dim2=2).movedim(-1, 1).unflatten(1, (gates, hidden))
        own[..., : hidden + 1] += of_u[:, None, None]
        for gate in range(gates):
            if gate not in apart:  # it takes u + v, so the inputs' weights count as those of u do
                own[:, gate, :, hidden + 1 :] += of_v[:, None]
        new: dict[str, Tensor] = {}
        for name in cell.states:
            driven = u[:, cell.drives[name]]
            found = torch.einsum("bgh,bghrc->bhrc", partials.recurrent[name][0, 0], driven)
            for (state, other), partial in partials.kept.items():
                if state == name:
                    found += partial[0, 0][..., None, None] * old[other]
            for (state, other), partial in partials.within.items():
                if state == name:
                    found += partial[0, 0][..., None, None] * new[other]
            if partials.inputs is not None and name in partials.inputs:
                by_gate = found.view(batch, hidden, gates, hidden, columns)
                for i, gate in enumerate(apart):
                    to_own = by_gate[:, :, gate].diagonal(dim1=1, dim2=2)[:, hidden + 1 :]  # [B, D + 1, H]
                    to_own += partials.inputs[name][0, 0][:, None, i] * of_v[:, :, None]
            new[name] = found
        self._by = new
