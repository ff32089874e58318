"""The engine run on a plan, and what it must agree on with the reference."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import reference
import torch
import xarray as xr
from pydantic import TypeAdapter
from reference import Gradient
from torch import Tensor

from explorer.bptt import Flow, Network, Pass, joint_norm, norms_by_time
from explorer.cells import AnyCell, Cell
from explorer.truncation import Plan

EXACT = 1e-8
CELLS = sorted(reference.STEPS)


def cell_of(kind: str, hidden: int) -> Cell:
    weights = {"kind": "orthogonal", "gain": 1.1}
    cell: Cell = TypeAdapter(AnyCell).validate_python({"kind": kind, "hidden_size": hidden, "weights": weights})
    return cell


@dataclass(frozen=True)
class Problem:
    """Inputs [T, B, D] and targets [T, B, C] in float64; every step has a loss, of a weight of its own."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor

    @classmethod
    def of(cls, steps: int, batch: int, seed: int = 0, inputs: int = 3, outputs: int = 2) -> "Problem":
        generator = torch.Generator().manual_seed(seed)
        shapes = (steps, batch, inputs), (steps, batch, outputs), (steps, 1)
        return cls(*(torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes))

    def step_losses(self, outputs: Tensor) -> Tensor:
        """[T, B]."""
        return (self.weights.abs() + 0.5) * (outputs - self.targets).square().sum(-1)

    def network(self, cell: Cell, seed: int = 0) -> Network:
        """A float64 network for this problem, with biases that are not zero."""
        generator = torch.Generator().manual_seed(seed)
        network = Network(cell, self.inputs.shape[-1], self.targets.shape[-1], generator)
        with torch.no_grad():
            for bias in (network.rnn.bias_ih_l0, network.rnn.bias_hh_l0):
                bias.add_(0.3 * torch.randn(bias.shape, generator=generator, dtype=torch.float64))
        return network


def engine(network: Network, inputs: Tensor, step_losses: Callable[[Tensor], Tensor], plan: Plan | None) -> Gradient:
    """The engine's gradient of L = step_losses.sum(0).mean() under a plan, and its records."""
    flows: list[Flow] = []
    network.zero_grad()
    outputs = network(inputs, Pass(network.rnn.cell, plan, on_flow=flows.append))
    loss = step_losses(outputs).sum(0).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    (flow,) = flows
    norms = {name: torch.from_numpy(norm[0]) for name, norm in norms_by_time(network.rnn.cell, flow).items()}
    weight = norms.pop("grad_weight")
    parameters = {n: torch.zeros_like(p) if p.grad is None else p.grad.clone() for n, p in network.named_parameters()}
    return Gradient(float(loss.detach()), parameters, [norms[f"grad_{s}"] for s in network.rnn.cell.states], weight)


def agree(found: Gradient, expected: Gradient) -> None:
    """Everything equal to 1e-8, relative to the largest entry of each quantity."""
    close(torch.tensor(found.loss), torch.tensor(expected.loss), "loss")
    assert found.parameters.keys() == expected.parameters.keys()
    for name, gradient in found.parameters.items():
        close(gradient, expected.parameters[name], name)
    for k, (state, other) in enumerate(zip(found.states, expected.states, strict=True)):
        close(state, other, f"state {k}")
    close(found.weight, expected.weight, "grad_weight")
    joint = joint_norm([p for p in found.parameters.values()])
    assert abs(joint - expected.norm) <= EXACT * expected.norm


def row_agrees(dataset: xr.Dataset, row: int, expected: Gradient) -> None:
    """One row of a dataset equals the reference's gradient."""
    states = [f"grad_{s}" for s in (["c", "h"] if "grad_c" in dataset else ["h"])]
    for name, norms in zip([*states, "grad_weight"], [*expected.states, expected.weight], strict=True):
        close(torch.from_numpy(dataset[name].values[row].copy()), norms, name)
    for name, number in (("loss", expected.loss), ("grad_norm", expected.norm)):
        assert abs(float(dataset[name][row]) - number) <= EXACT * max(abs(number), 1e-300), name


def close(found: Tensor, expected: Tensor, name: str) -> None:
    """Equal to 1e-8 of the largest entry."""
    assert found.shape == expected.shape, name
    error = float((found - expected).detach().abs().max())
    assert error <= EXACT * float(expected.detach().abs().max()), f"{name}: {error}"


def is_not_trivial(expected: Gradient, mask: np.ndarray | None = None) -> None:
    """Every parameter has a gradient far above the tolerance, and so has every state that the mask lets one reach."""
    for name, gradient in expected.parameters.items():
        assert float(gradient.abs().max()) > 1e-4, f"{name} is trivially zero"
    reached = slice(None) if mask is None else torch.from_numpy(mask.any(0))
    assert float(expected.states[-1][reached].min()) > 1e-6, "a state's gradient is trivially zero"
