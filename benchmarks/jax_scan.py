"""JAX, where it is installed: the same training step as one jitted program over `lax.scan`, with recording.

The total gradient of each state is the gradient of a zero that is added to it: the usual way to record in JAX.
"""

import importlib.util
import os
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestants import Update
from explorer import Experiment, build

# One thread, like everybody else; read when JAX starts.
os.environ.setdefault("PJRT_NPROC", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
HERE = importlib.util.find_spec("jax") is not None
MISSING = (
    "JAX is not installed, so its rows are left out; `.venv/bin/python -m pip install -r requirements-bench.txt` "
    "adds it."
)
BETAS, EPSILON = (0.9, 0.999), 1e-8
Tree = dict[str, Any]

if HERE:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # for the check in float64; float32 stays float32


def _tanh(u: Any, v: Any, previous: tuple[Any, ...], zeros: tuple[Any, ...]) -> tuple[Any, ...]:
    return (jnp.tanh(u + v) + zeros[0],)


def _lstm(u: Any, v: Any, previous: tuple[Any, ...], zeros: tuple[Any, ...]) -> tuple[Any, ...]:
    i, f, g, o = jnp.split(u + v, 4, axis=-1)
    c = jax.nn.sigmoid(f) * previous[1] + jax.nn.sigmoid(i) * jnp.tanh(g) + zeros[1]
    return jax.nn.sigmoid(o) * jnp.tanh(c) + zeros[0], c


def _gru(u: Any, v: Any, previous: tuple[Any, ...], zeros: tuple[Any, ...]) -> tuple[Any, ...]:
    (ur, uz, un), (vr, vz, vn) = jnp.split(u, 3, axis=-1), jnp.split(v, 3, axis=-1)
    r, z = jax.nn.sigmoid(ur + vr), jax.nn.sigmoid(uz + vz)
    return ((1 - z) * jnp.tanh(vn + r * un) + z * previous[0] + zeros[0],)


CELLS = {"tanh": _tanh, "lstm": _lstm, "gru": _gru}
STATES = {"tanh": ("grad_h",), "lstm": ("grad_h", "grad_c"), "gru": ("grad_h",)}


def _loss(kind: str, weights: Tree, zeros: tuple[Any, ...], inputs: Any, targets: Any) -> Any:
    """The adding problem's loss: mean over sequences of the squared error at the last step."""
    v = inputs @ weights["rnn.weight_ih_l0"] + weights["rnn.bias_ih_l0"]

    def step(previous: tuple[Any, ...], now: tuple[Any, tuple[Any, ...]]) -> tuple[tuple[Any, ...], Any]:
        u = previous[0] @ weights["rnn.weight_hh_l0"] + weights["rnn.bias_hh_l0"]
        new = CELLS[kind](u, now[0], previous, now[1])
        return new, new[0]

    _, h = jax.lax.scan(step, tuple(jnp.zeros_like(zero[0]) for zero in zeros), (v, zeros))
    outputs = h @ weights["readout.weight"] + weights["readout.bias"]
    return ((outputs[-1] - targets[-1]) ** 2).sum(-1).mean()


def first_curve(experiment: Experiment) -> dict[str, Any]:
    """Gradient norms by time at the seeded start, from a program compiled for nothing but this experiment."""
    built = build(experiment)
    program = jax.jit(partial(curve, experiment.cell.kind))
    _, _, norms = program(arrays(built.model.state_dict()), *arrays_of(built.batch))
    return {name: np.asarray(values) for name, values in norms.items()}


def curve(kind: str, weights: Tree, inputs: Any, targets: Any) -> tuple[Any, Tree, Tree]:
    """Loss, gradient by parameter, and gradient norms by time."""
    shape = (*inputs.shape[:2], weights["rnn.weight_hh_l0"].shape[0])
    zeros = tuple(jnp.zeros(shape, inputs.dtype) for _ in STATES[kind])
    loss, (gradients, states) = jax.value_and_grad(partial(_loss, kind), (0, 1))(weights, zeros, inputs, targets)
    norms = {n: jnp.linalg.norm(s, axis=-1).sum(-1) for n, s in zip(STATES[kind], states, strict=True)}
    return loss, gradients, norms


def _step(kind: str, threshold: float, rate: float, state: tuple[Any, ...], inputs: Any, targets: Any) -> Any:
    """One update: gradient, clipping by norm, Adam."""
    count, weights, first, second = state
    loss, gradients, norms = curve(kind, weights, inputs, targets)
    norm = jnp.sqrt(sum((g**2).sum() for g in gradients.values()))
    count, scale = count + 1, jnp.minimum(1.0, threshold / norm)
    gradients = {n: g * scale for n, g in gradients.items()}
    first = {n: BETAS[0] * m + (1 - BETAS[0]) * gradients[n] for n, m in first.items()}
    second = {n: BETAS[1] * m + (1 - BETAS[1]) * gradients[n] ** 2 for n, m in second.items()}
    corrections = [1 - beta**count for beta in BETAS]
    weights = {
        n: w - rate * (first[n] / corrections[0]) / (jnp.sqrt(second[n] / corrections[1]) + EPSILON)
        for n, w in weights.items()
    }
    return (count, weights, first, second), loss, norm, norms


class Scan:
    """A training run in JAX; `compile` must be called, or is, before the first step."""

    def __init__(self, experiment: Experiment) -> None:
        kind, threshold = experiment.cell.kind, float(getattr(experiment.clipping, "threshold", np.inf))
        built = build(experiment)
        self._batches, weights = built.batches, arrays(built.model.state_dict())
        zeros = {name: jnp.zeros_like(w) for name, w in weights.items()}
        self._state: Any = (jnp.zeros((), weights["readout.bias"].dtype), weights, zeros, zeros)
        self._step = jax.jit(partial(_step, kind, threshold, experiment.optimizer.learning_rate))
        self._sample = arrays_of(built.batch)
        self._program: Any = None

    def compile(self) -> None:
        """Trace and compile the step."""
        self._program = self._step.lower(self._state, *self._sample).compile()

    def step(self) -> Update:
        """Run the compiled step on the next batch."""
        if self._program is None:
            self.compile()
        self._state, loss, norm, norms = self._program(self._state, *arrays_of(next(self._batches)))
        return Update(float(loss), float(norm), {name: np.asarray(values) for name, values in norms.items()})

    def gradients(self) -> dict[str, Tensor]:
        """After one update Adam's first moment is (1 − β₁) times the clipped gradient."""
        moments = self._state[2].items()
        return {name: torch.from_numpy(np.array(m).T / (1 - BETAS[0])) for name, m in moments}


def arrays(state: dict[str, Tensor]) -> Tree:
    """Weights for JAX, each matrix transposed once and for all, so that it multiplies from the right."""
    return {name: jnp.asarray(np.ascontiguousarray(w.numpy().T)) for name, w in state.items()}


def arrays_of(batch: Any) -> tuple[Any, Any]:
    """Inputs and targets of a batch."""
    return jnp.asarray(batch.inputs.numpy()), jnp.asarray(batch.targets.numpy())
