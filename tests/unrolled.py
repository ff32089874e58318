"""Torch's recurrent layers unrolled by hand, every state and every use of a weight a tensor of its own.

Built on the cells of `reference`; imports nothing of the explorer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import reference
import torch
from reference import State
from torch import Tensor, nn
from torch.autograd import grad

KINDS = ("tanh", "relu", "lstm", "gru")
Track = tuple[int, int]  # layer, direction


def layer(kind: str, *sizes: int, **options: object) -> nn.RNNBase:
    """torch.nn's layer of a kind, in float64."""
    if kind in ("tanh", "relu"):
        return nn.RNN(*sizes, nonlinearity=kind, dtype=torch.float64, **options)
    return {"lstm": nn.LSTM, "gru": nn.GRU}[kind](*sizes, dtype=torch.float64, **options)


def cell(kind: str, *sizes: int, **options: object) -> nn.RNNCellBase:
    """torch.nn's cell of a kind, in float64."""
    if kind in ("tanh", "relu"):
        return nn.RNNCell(*sizes, nonlinearity=kind, dtype=torch.float64, **options)
    return {"lstm": nn.LSTMCell, "gru": nn.GRUCell}[kind](*sizes, dtype=torch.float64, **options)


@dataclass
class Unrolled:
    """A forward pass: outputs [T, B, …], last states in torch's order, and by track and time the states and W_hh."""

    output: Tensor
    last: tuple[Tensor, ...]
    states: dict[Track, list[State]]
    weights: dict[Track, list[Tensor]]

    def norms(self, loss: Tensor, track: Track) -> dict[str, Tensor]:
        """Σ_b ‖∂L/∂s_{b,t}‖ for each state, and the norm of each time's own ∂L/∂W_hh, [T]."""
        states = self.states[track]
        names = ("grad_c", "grad_h")[-len(states[0]) :]
        found = {name: [] for name in names}
        for state in states:
            for name, g in zip(names, _grads(loss, list(state)), strict=True):
                found[name].append(g.norm(dim=-1).sum())
        found["grad_weight"] = [g.norm() for g in _grads(loss, self.weights[track])]
        return {name: torch.stack(values) for name, values in found.items()}


def unroll(kind: str, module: nn.Module, inputs: Tensor, initial: State | None = None) -> Unrolled:
    """Run a layer's weights over inputs [T, B, D] from initial states [L·directions, B, H] in torch's order."""
    weights = {name: w.detach().clone().requires_grad_() for name, w in module.named_parameters()}
    layers = 1 + max(int(name.removesuffix("_reverse").split("_l")[1]) for name in weights)
    directions = 2 if any(name.endswith("reverse") for name in weights) else 1
    shape = (layers * directions, inputs.shape[1], weights["weight_hh_l0"].shape[1])
    zeros = torch.zeros(shape, dtype=torch.float64).requires_grad_()
    start = [zeros] * reference.STATES[kind] if initial is None else list(reversed(initial))
    x, states, used, last = inputs, {}, {}, []
    for number in range(layers):
        outputs = []
        for direction in range(directions):
            suffix = f"_l{number}" + ("_reverse" if direction else "")
            copies = [_copies(weights, suffix) for _ in range(len(x))]
            state, visited = tuple(s[len(last)] for s in start), {}
            for t in reversed(range(len(x))) if direction else range(len(x)):
                state = visited[t] = reference.STEPS[kind](copies[t], x[t], state)
            last.append(state)
            states[number, direction] = [visited[t] for t in range(len(x))]
            used[number, direction] = [copy["weight_hh_l0"] for copy in copies]
            outputs.append(torch.stack([visited[t][-1] for t in range(len(x))]))
        x = torch.cat(outputs, -1)
    return Unrolled(x, tuple(torch.stack(s) for s in zip(*map(reversed, last), strict=True)), states, used)


def _copies(weights: dict[str, Tensor], suffix: str) -> dict[str, Tensor]:
    """Copies of one track's weights under the names that `reference` reads; no bias is zero."""
    zero = torch.zeros(len(weights[f"weight_hh{suffix}"]), dtype=torch.float64)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {f"{name}_l0": weights.get(f"{name}{suffix}", zero).clone() for name in names}


def loop(module: Callable, inputs: Tensor, state: object = None) -> tuple[list[Tensor], object]:
    """A user's own loop over one of torch's cells: h by time, and the last state."""
    found = []
    for x in inputs:
        state = module(x, state)
        found.append(state[0] if isinstance(state, tuple) else state)
    return found, state


def _grads(loss: Tensor, of: list[Tensor]) -> list[Tensor]:
    found = grad(loss, of, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, of, strict=True)]


def close(found: object, expected: object, what: str, tolerance: float = 1e-9) -> None:
    """Equal to `tolerance` of the largest entry, which is not zero."""
    found, expected = (torch.as_tensor(x).detach().double() for x in (found, expected))
    assert found.shape == expected.shape, f"{what}: {tuple(found.shape)}, expected {tuple(expected.shape)}"
    largest = float(expected.abs().max())
    assert largest > 1e-6, f"{what}: trivially zero"
    error = float((found - expected).abs().max())
    assert error <= tolerance * largest, f"{what}: off by {error / largest:.1e}"
