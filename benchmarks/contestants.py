"""Who takes part: ways to make the same training steps, each with weights and batches of its own from one seed.

A step draws a batch, goes forward and backward, clips the gradient by its norm and updates with Adam; contestants that
record also find the gradient norm of every time step. What the explorer records beyond the others (each step's share
of the weight gradient, accuracy, spectral radius) is in its time and not in theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer import Experiment, Training, build
from explorer.bptt import Pass

LAYERS: dict[str, Callable[..., nn.Module]] = {"tanh": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
CELLS: dict[str, Callable[..., nn.Module]] = {"tanh": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
KINDS = tuple(LAYERS)


@dataclass(frozen=True)
class Update:
    """What one step found: loss and gradient norm before the update, and recorded norms by time, each [T]."""

    loss: float
    grad_norm: float
    by_time: Mapping[str, NDArray[np.floating[Any]]] = field(default_factory=dict)


class Contestant(Protocol):
    """One way to train."""

    def step(self) -> Update:
        """Make one training step."""

    def gradients(self) -> dict[str, Tensor]:
        """The clipped gradient of the first step, by the names of `torch.nn`; asked for after that step."""


def experiment(kind: str = "lstm", **flat: Any) -> Experiment:
    """The experiment of all comparisons: T = 100, B = 32, H = 64, float32, unless said.

    The learning rate is the smallest there is: however many steps each contestant makes, all work on the same weights.
    """
    sizes = {"length": 100, "batch_size": 32, "hidden_size": 64, "steps": 20_000}
    fixed = {"task": "adding", "device": "cpu", "optimizer": "adam", "learning_rate": 1e-8}
    return Experiment().changed(cell=kind, **{**fixed, **sizes, **flat})


class Recorded:
    """The explorer: a training run, everything recorded."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._rows = iter(Training(experiment))

    def step(self) -> Update:
        """The next row of the run."""
        row = next(self._rows)
        states = {name: norms for name, norms in row.by_time.items() if name != "grad_weight"}
        return Update(row.numbers["loss"], row.numbers["grad_norm"], states)

    def gradients(self) -> dict[str, Tensor]:
        """Found beside the run, which does not show them."""
        beside = Unrecorded(self._experiment)
        beside.step()
        return beside.gradients()


class _Torch:
    """A module trained the usual way."""

    def __init__(self, experiment: Experiment) -> None:
        built = build(experiment)
        self.experiment, self.batches = experiment, built.batches
        self.module = self.made_from(built.model)
        self._optimizer = self.optimizer()
        self._threshold = float(getattr(experiment.clipping, "threshold", torch.inf))

    def made_from(self, model: nn.Module) -> nn.Module:
        """The module to train, with the weights of the explorer's model."""
        raise NotImplementedError

    def outputs(self, inputs: Tensor) -> Tensor:
        """Readout outputs, [T, B, C]."""
        raise NotImplementedError

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam as torch gives it to everybody."""
        return torch.optim.Adam(self.module.parameters(), lr=self.experiment.optimizer.learning_rate)

    def recorded(self) -> dict[str, NDArray[np.floating[Any]]]:
        """Norms by time of the backward pass just made."""
        return {}

    def step(self) -> Update:
        """Batch, forward, backward, clip, update."""
        batch = next(self.batches)
        self._optimizer.zero_grad()
        loss = self.experiment.task.step_losses(self.outputs(batch.inputs), batch).sum(0).mean()
        loss.backward()
        # Not clip_grad_norm_, which adds 1e-6 to the norm: all contestants clip alike, to rounding.
        gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
        norm = float(nn.utils.get_total_norm(gradients))
        if norm > self._threshold:
            for gradient in gradients:
                gradient.mul_(self._threshold / norm)
        self._optimizer.step()
        return Update(float(loss.detach()), norm, self.recorded())

    def gradients(self) -> dict[str, Tensor]:
        """The parameters' own."""
        found = {name: p.grad for name, p in self.module.named_parameters()}
        return {_torch_name(name): grad.clone() for name, grad in found.items() if grad is not None}


class Unrecorded(_Torch):
    """The explorer's model, truncation and optimiser, nothing recorded."""

    def made_from(self, model: nn.Module) -> nn.Module:
        """The model itself."""
        return model

    def outputs(self, inputs: Tensor) -> Tensor:
        """The model's."""
        experiment = self.experiment
        found: Tensor = self.module(inputs, Pass(experiment.cell, experiment.truncation.plan(len(inputs))))
        return found

    def optimizer(self) -> torch.optim.Optimizer:
        """The explorer's."""
        return self.experiment.optimizer.build(self.module.parameters())


class _Copied(_Torch):
    """A layer or a cell of `torch.nn` with a linear readout."""

    classes: Mapping[str, Callable[..., nn.Module]]

    def made_from(self, model: nn.Module) -> nn.Module:
        """`rnn` and `readout`."""
        state = model.state_dict()
        hidden, inputs = state["rnn.weight_hh_l0"].shape[1], state["rnn.weight_ih_l0"].shape[1]
        rnn = self.classes[self.experiment.cell.kind](inputs, hidden)
        module = nn.ModuleDict({"rnn": rnn, "readout": nn.Linear(hidden, len(state["readout.bias"]))})
        module.to(state["readout.bias"])
        own = {_torch_name(name): name for name in module.state_dict()}
        module.load_state_dict({own[name]: weights for name, weights in state.items()})
        return module


class Fused(_Copied):
    """`torch.nn.RNN`, `LSTM` or `GRU`: nothing recorded."""

    classes = LAYERS

    def outputs(self, inputs: Tensor) -> Tensor:
        """Readout of the layer."""
        found: Tensor = self.module["readout"](self.module["rnn"](inputs)[0])  # type: ignore[index]
        return found


class Loop(_Copied):
    """A loop over `torch.nn`'s cell, with `retain_grad()` on every state; windows k1 = k2 by `detach()`."""

    classes = CELLS

    def outputs(self, inputs: Tensor) -> Tensor:
        """Unroll by hand; the states stay for `recorded`."""
        cell, window = self.module["rnn"], getattr(self.experiment.truncation, "k1", len(inputs))  # type: ignore[index]
        state: Any = None
        self._states: list[tuple[Tensor, ...]] = []
        for t, x in enumerate(inputs):
            if t and t % window == 0:
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            state = cell(x, state)
            self._states.append(state if isinstance(state, tuple) else (state,))
            for s in self._states[-1]:
                s.retain_grad()
        found: Tensor = self.module["readout"](torch.stack([s[0] for s in self._states]))  # type: ignore[index]
        return found

    def recorded(self) -> dict[str, NDArray[np.floating[Any]]]:
        """Σ over the batch of the states' gradient norms; zero where none arrived."""
        zero = torch.zeros_like(self._states[0][0])
        found = {}
        for name, states in zip(("grad_h", "grad_c"), zip(*self._states, strict=True), strict=False):
            by_step = torch.stack([zero if s.grad is None else s.grad for s in states])
            found[name] = by_step.norm(dim=-1).sum(-1).cpu().numpy()
        return found


def _torch_name(name: str) -> str:
    """The layer's name of a parameter; cells leave out `_l0`."""
    return f"{name}_l0" if name.startswith("rnn.") and not name.endswith("_l0") else name
