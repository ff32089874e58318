"""Training, update by update, against a hand-written PyTorch loop in float64."""

from typing import Any

import pytest
import torch
import torch_loop
import xarray as xr

from explorer import Experiment, Training, build

STEPS = 12
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.7},
    "adam": {"kind": "adam", "learning_rate": 0.02},
    "rmsprop": {"kind": "rmsprop", "learning_rate": 0.005, "momentum": 0.5},
}
CLIPPINGS: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "norm": {"kind": "norm", "threshold": 0.3},
    "value": {"kind": "value", "threshold": 0.05},
}


def config(cell: str, optimizer: str, clipping: str, task: str = "adding") -> dict[str, Any]:
    return {
        "task": {"kind": task, "length": 11},
        "cell": {"kind": cell, "hidden_size": 6, "bias": {"kind": "pytorch"}},
        "optimizer": OPTIMIZERS[optimizer],
        "clipping": CLIPPINGS[clipping],
        "batch_size": 4,
        "steps": STEPS,
        "seed": 2,
        "dtype": "float64",
        "device": "cpu",
    }


def follow(config: dict[str, Any]) -> xr.Dataset:
    """Train both ways side by side, comparing loss, norms and all weights after every update."""
    experiment = Experiment.model_validate(config)
    built = build(experiment)
    start = {n: w.clone() for n, w in built.model.state_dict().items()}
    batches = ((b.inputs, lambda o, b=b: experiment.task.step_losses(o, b)) for b in built.batches)
    expected = torch_loop.train(torch_loop.Model(config["cell"]["kind"], start), batches, config, STEPS)
    training = Training(experiment)
    for row, (_, update) in enumerate(zip(training, expected, strict=True)):
        found = training.dataset().isel(step=row)
        assert float(found.loss) == pytest.approx(update.loss, rel=1e-9)
        assert float(found.grad_norm) == pytest.approx(update.norm, rel=1e-9)
        assert float(found.grad_norm_clipped) == pytest.approx(update.clipped, rel=1e-9)
        for name, weight in training._built.model.state_dict().items():
            torch.testing.assert_close(weight, update.weights[name], rtol=1e-8, atol=1e-10)
    moved = [(training._built.model.state_dict()[n] - w).abs().max() for n, w in start.items()]
    assert min(moved) > 1e-4
    return training.dataset()


@pytest.mark.parametrize("clipping", CLIPPINGS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimisers_and_clipping(optimizer: str, clipping: str) -> None:
    found = follow(config("tanh", optimizer, clipping))
    acted = found.grad_norm_clipped.values < found.grad_norm.values * (1 - 1e-6)
    assert acted.any() == (clipping != "none")


@pytest.mark.parametrize("task", ["copying", "temporal_order", "recall"])
@pytest.mark.parametrize("cell", ["relu", "lstm", "gru"])
def test_cells_and_tasks(cell: str, task: str) -> None:
    follow(config(cell, "adam", "norm", task))
