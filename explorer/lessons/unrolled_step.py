"""One training step of a network small enough to read, with every number in it."""

from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.bptt import Flow, Pass
from explorer.building import build
from explorer.experiment import Experiment


def training_step(experiment: Experiment) -> xr.Dataset:
    """All numbers of the first update of one sequence.

        θ ← θ − η·∂L/∂θ,   ∂L/∂W_hh = Σ_t G_t

    Args:
        experiment: of one sequence, full BPTT, without clipping.

    Returns:
        `h` (point, unit) at the times 0…T; `grad_h` (time, unit), the vectors ∂L/∂h_t; `grad_weight` (time), ‖G_t‖ of
        time t's own part of ∂L/∂W_hh; `weight`, `weight_gradient` and `weight_after` (unit, to), W_hh before, ∂L/∂W_hh,
        and W_hh after the update; `symbol` (time), the place of the 1 in each one-hot input; `loss` and `loss_after`,
        of the same sequence before and after it.
    """
    built, found = build(experiment), dict[str, Any]()
    model, batch = built.model, built.batch

    def take(flow: Flow) -> None:
        found["grad_h"] = flow.states[-1][:, 0, 0].clone()
        parts = torch.cat([block.flatten(1).clone() for block in flow.weight_hh_by_step()])
        found["grad_weight"] = parts.norm(dim=1)

    task = Pass(experiment.cell, on_flow=take)
    weight = model.rnn.weight_hh_l0
    before = weight.detach().clone()
    loss = built.step_losses(model(batch.inputs, task)).sum(0).mean()
    loss.backward()
    assert task.trajectory is not None and weight.grad is not None, "the pass has run both ways"
    gradient = weight.grad.clone()
    experiment.optimizer.build(model.parameters()).step()
    with torch.no_grad():
        after = built.step_losses(model(batch.inputs)).sum(0).mean()
    square, units = ("unit", "to"), np.arange(1, experiment.cell.hidden_size + 1)
    return xr.Dataset(
        {
            "h": (("point", "unit"), _array(task.trajectory.states[-1][:, 0, 0])),
            "grad_h": (("time", "unit"), _array(found["grad_h"])),
            "grad_weight": ("time", _array(found["grad_weight"])),
            "weight": (square, _array(before)),
            "weight_gradient": (square, _array(gradient)),
            "weight_after": (square, _array(weight)),
            "symbol": ("time", _array(batch.inputs[:, 0].argmax(-1))),
            "loss": float(loss.detach()),
            "loss_after": float(after),
        },
        {"time": np.arange(1, experiment.task.steps + 1), "unit": units, "to": units},
        {"experiment": experiment.model_dump_json(), "learning_rate": experiment.optimizer.learning_rate},
    )


def _array(tensor: Tensor) -> NDArray[Any]:
    """A copy of a tensor on whatever device."""
    return tensor.detach().cpu().numpy().copy()
