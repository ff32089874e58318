"""Slow, obvious gradients: plain autograd over hand-unrolled cells. Imports nothing of the explorer.

Every time step has a private copy of the parameters, so that G[s, t], the gradient of the loss of step s through the
parameters as used at step t, is found exactly. What a truncation means is then a sum of such pieces.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.autograd import grad

Weights = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Step = Callable[[Weights, Tensor, State], State]
Losses = Callable[[Tensor], Tensor]

RECURRENT = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
READOUT = ("weight", "bias")


def products(weights: Weights, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
    """W_hh·h + b_hh and W_ih·x + b_ih, each [B, G·H]."""
    recurrent = h @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
    return recurrent, x @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]


def tanh(weights: Weights, x: Tensor, state: State) -> State:
    """Elman's cell."""
    u, v = products(weights, x, state[0])
    return (torch.tanh(u + v),)


def relu(weights: Weights, x: Tensor, state: State) -> State:
    """Rectified units."""
    u, v = products(weights, x, state[0])
    return (torch.clamp(u + v, min=0.0),)


def lstm(weights: Weights, x: Tensor, state: State) -> State:
    """(c, h) of the LSTM, gates in the order i, f, g, o."""
    u, v = products(weights, x, state[1])
    i, f, g, o = torch.chunk(u + v, 4, dim=1)
    c = torch.sigmoid(f) * state[0] + torch.sigmoid(i) * torch.tanh(g)
    return c, torch.sigmoid(o) * torch.tanh(c)


def gru(weights: Weights, x: Tensor, state: State) -> State:
    """The GRU, gates in the order r, z, n."""
    u, v = (torch.chunk(p, 3, dim=1) for p in products(weights, x, state[0]))
    r, z = torch.sigmoid(u[0] + v[0]), torch.sigmoid(u[1] + v[1])
    n = torch.tanh(v[2] + r * u[2])
    return (n - z * n + z * state[0],)


STEPS: dict[str, Step] = {"tanh": tanh, "relu": relu, "lstm": lstm, "gru": gru}
STATES = {"tanh": 1, "relu": 1, "lstm": 2, "gru": 1}


@dataclass(frozen=True)
class Gradient:
    """A gradient and what is recorded of it.

    Attributes:
        loss: L, the mean over sequences of the sum over steps.
        parameters: parameter → ∂L/∂parameter.
        states: Σ_b ‖∂L/∂s_{b,t}‖, [T] for each state.
        weight: Frobenius norm of each step's own contribution to ∂L/∂W_hh, [T].
    """

    loss: float
    parameters: dict[str, Tensor]
    states: list[Tensor]
    weight: Tensor

    @property
    def norm(self) -> float:
        """2-norm of all parameters' gradients together."""
        return float(torch.cat([g.flatten() for g in self.parameters.values()]).norm())


@dataclass(frozen=True)
class Pieces:
    """Exact gradients of each step's loss, its mean over sequences.

    Attributes:
        losses: [T, B].
        recurrent: parameter → G[s, t], [T, T, …].
        readout: parameter → gradient of the loss of step s, [T, …].
        states: for each state the total derivative of the loss of step s by the state of step t, [T, T, B, H].
    """

    losses: Tensor
    recurrent: dict[str, Tensor]
    readout: dict[str, Tensor]
    states: list[Tensor]

    def under(self, mask: np.ndarray) -> Gradient:
        """The gradient that a truncation leaves: Σ over s and t of mask[s, t]·piece[s, t]."""
        chosen = torch.from_numpy(mask).double()
        by_time = {name: torch.einsum("st,st...->t...", chosen, piece) for name, piece in self.recurrent.items()}
        parameters = {f"rnn.{name}": g.sum(0) for name, g in by_time.items()}
        parameters |= {f"readout.{name}": piece.sum(0) for name, piece in self.readout.items()}
        norms = [torch.einsum("st,st...->t...", chosen, s).norm(dim=-1).sum(-1) for s in self.states]
        weight = by_time["weight_hh_l0"].flatten(1).norm(dim=1)
        return Gradient(float(self.losses.sum(0).mean()), parameters, norms, weight)


def pieces(step: Step, states: int, weights: Weights, inputs: Tensor, step_losses: Losses) -> Pieces:
    """All exact pieces of one batch.

    Args:
        step: one time step.
        states: how many states it has; h is the last.
        weights: parameters under the model's names, `rnn.…` and `readout.…`.
        inputs: [T, B, D].
        step_losses: readout outputs [T, B, C] to losses [T, B].
    """
    steps, batch = inputs.shape[:2]
    copies = [_copy(weights, "rnn", RECURRENT) for _ in range(steps)]
    readouts = [_copy(weights, "readout", READOUT) for _ in range(steps)]
    visited = _run(step, copies, inputs, _zeros(states, weights, batch))
    outputs = torch.stack([_read(r, s[-1]) for r, s in zip(readouts, visited, strict=True)])
    losses = step_losses(outputs)
    recurrent = {n: torch.zeros(steps, steps, *c.shape, dtype=torch.float64) for n, c in copies[0].items()}
    readout = {n: torch.zeros(steps, *c.shape, dtype=torch.float64) for n, c in readouts[0].items()}
    by_state = [torch.zeros(steps, steps, *s.shape, dtype=torch.float64) for s in visited[0]]
    for s in range(steps):
        if not losses[s].requires_grad:
            continue
        earlier = [p for copy in copies[: s + 1] for p in copy.values()]
        reached = [state for visit in visited[: s + 1] for state in visit]
        found = iter(_grads(losses[s].mean(), [*readouts[s].values(), *earlier, *reached]))
        for name in READOUT:
            readout[name][s] = next(found)
        for t in range(s + 1):
            for name in RECURRENT:
                recurrent[name][s, t] = next(found)
        for t in range(s + 1):
            for k in range(states):
                by_state[k][s, t] = next(found)
    return Pieces(losses.detach(), recurrent, readout, by_state)


def segment_updates(
    step: Step,
    states: int,
    weights: Weights,
    batches: Sequence[tuple[Tensor, Losses]],
    segments: Sequence[tuple[int, int, int]],
    learning_rate: float,
) -> list[Gradient]:
    """Gradient descent with an update after each segment (first, last, oldest), steps counted from 1.

    The state is carried on as it is and the graph of earlier steps is kept: the gradient flows through older steps with
    the weights that were in force there. Weights are replaced, never changed in place.
    """
    weights, found = dict(weights), []
    for inputs, step_losses in batches:
        state, copies, visited = _zeros(states, weights, inputs.shape[1]), [], []
        for first, last, oldest in segments:
            new = [_copy(weights, "rnn", RECURRENT) for _ in range(first, last + 1)]
            visited += _run(step, new, inputs[first - 1 : last], visited[-1] if visited else state)
            copies += new
            readout = _copy(weights, "readout", READOUT)
            outputs = torch.zeros(len(inputs), *_read(readout, visited[-1][-1]).shape, dtype=torch.float64)
            outputs = torch.cat(
                [
                    outputs[: first - 1],
                    torch.stack([_read(readout, s[-1]) for s in visited[first - 1 :]]),
                    outputs[last:],
                ]
            )
            loss = step_losses(outputs)[first - 1 : last].sum(0).mean()
            gradient = _of_segment(loss, copies, visited, readout, oldest, len(inputs))
            weights = {n: w - learning_rate * gradient.parameters[n] for n, w in weights.items()}
            found.append(gradient)
    return found


def _of_segment(
    loss: Tensor, copies: list[dict[str, Tensor]], visited: list[State], readout: Weights, oldest: int, steps: int
) -> Gradient:
    recurrent = {n: torch.zeros_like(c) for n, c in copies[0].items()}
    norms, weight = (
        [torch.zeros(steps, dtype=torch.float64) for _ in visited[0]],
        torch.zeros(steps, dtype=torch.float64),
    )
    for t in range(oldest, len(copies)):
        for name, g in zip(RECURRENT, _grads(loss, list(copies[t].values())), strict=True):
            recurrent[name] += g
            if name == "weight_hh_l0":
                weight[t] = g.norm()
        for k, g in enumerate(_grads(loss, list(visited[t]))):
            norms[k][t] = g.norm(dim=-1).sum()
    parameters = {f"rnn.{n}": g for n, g in recurrent.items()}
    parameters |= {f"readout.{n}": g for n, g in zip(READOUT, _grads(loss, list(readout.values())), strict=True)}
    return Gradient(float(loss.detach()), parameters, norms, weight)


def _run(step: Step, copies: Sequence[Weights], inputs: Tensor, state: State) -> list[State]:
    visited = []
    for copy, x in zip(copies, inputs, strict=True):
        state = step(copy, x, state)
        visited.append(state)
    return visited


def _read(readout: Weights, h: Tensor) -> Tensor:
    return h @ readout["weight"].T + readout["bias"]


def _copy(weights: Weights, owner: str, names: Sequence[str]) -> dict[str, Tensor]:
    return {name: weights[f"{owner}.{name}"].detach().clone().requires_grad_() for name in names}


def _zeros(states: int, weights: Weights, batch: int) -> State:
    size = weights["rnn.weight_hh_l0"].shape[1]
    return tuple(torch.zeros(batch, size, dtype=torch.float64) for _ in range(states))


def _grads(loss: Tensor, of: Sequence[Tensor]) -> list[Tensor]:
    if not loss.requires_grad:
        return [torch.zeros_like(x) for x in of]
    found = grad(loss, list(of), retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, of, strict=True)]
