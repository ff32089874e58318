"""Updates as they are made on a device, run here, and what they must agree with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from explorer import Experiment
from explorer.bptt import Networks
from explorer.building import build
from explorer.captured import Updates
from explorer.device_step import DeviceStep
from explorer.recording import Recording

BASE: dict[str, Any] = {
    "task": {"kind": "adding", "length": 20},
    "cell": {"kind": "lstm", "hidden_size": 5},
    "batch_size": 3,
    "steps": 6,
    "dtype": "float64",
    "device": "cpu",
}
CELLS = ("tanh", "relu", "lstm", "gru")
CLIPPINGS = (
    {"kind": "none"},
    {"kind": "norm", "threshold": 0.05},
    {"kind": "norm", "threshold": 1000.0},
    {"kind": "value", "threshold": 0.01},
)
OPTIMIZERS = (
    {"kind": "adam", "learning_rate": 0.02},
    {"kind": "sgd", "learning_rate": 0.1, "momentum": 0.5},
    {"kind": "sgd", "learning_rate": 0.1},
    {"kind": "rmsprop", "learning_rate": 0.01, "momentum": 0.3},
)


def config(base: dict[str, Any] = BASE, **other: Any) -> Experiment:
    return Experiment.model_validate({**base, **other})


def weights_of(networks: Networks) -> list[Tensor]:
    return [weight.detach().clone() for weight in networks.weights]


def run(experiments: list[Experiment]) -> tuple[list[xr.Dataset], list[list[Tensor]]]:
    """Recordings of updates made together, and the weights before each update and after the last."""
    started = [build(experiment) for experiment in experiments]
    networks = Networks([built.model for built in started])
    updates, recordings = Updates(experiments, networks), [Recording(experiment) for experiment in experiments]
    weights = [weights_of(networks)]
    while any(kept.status == "running" for kept in recordings):
        drawn = [next(built.batches) for built in started]
        tensors = (torch.cat([getattr(b, name) for b in drawn], dim=1) for name in ("inputs", "targets"))
        rows = updates(type(drawn[0])(*tensors))
        weights.append(weights_of(networks))
        for kept, row in zip(recordings, rows, strict=True):
            if kept.status == "running":
                kept.keep(row)
    return [kept.dataset() for kept in recordings], weights


def agree(found: xr.Dataset, expected: xr.Dataset) -> None:
    assert found.attrs == expected.attrs
    assert expected.grad_norm.max() > 1e-4 and expected.grad_h.max() > 1e-6
    for name, variable in expected.data_vars.items():
        values = variable.values
        assert np.isfinite(values).all() or expected.attrs["status"] == "diverged"
        scale = np.abs(values[np.isfinite(values)]).max()
        np.testing.assert_allclose(found[name].values, values, rtol=1e-8, atol=1e-8 * scale, err_msg=str(name))


def fails(step: DeviceStep) -> Callable[[], Tensor]:
    for _ in range(3):
        step()
    raise RuntimeError("operation not permitted when stream is capturing")
