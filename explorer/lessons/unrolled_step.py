"""One training step of a network small enough to read, with every number in it."""

from typing import Any

import numpy as np
import torch
import xarray as xr

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
            "h": (("point", "unit"), task.trajectory.states[-1][:, 0, 0].numpy().copy()),
            "grad_h": (("time", "unit"), found["grad_h"].numpy()),
            "grad_weight": ("time", found["grad_weight"].numpy()),
            "weight": (square, before.numpy()),
            "weight_gradient": (square, gradient.numpy()),
            "weight_after": (square, weight.detach().numpy().copy()),
            "symbol": ("time", batch.inputs[:, 0].argmax(-1).numpy()),
            "loss": float(loss.detach()),
            "loss_after": float(after),
        },
        {"time": np.arange(1, experiment.task.steps + 1), "unit": units, "to": units},
        {"experiment": experiment.model_dump_json(), "learning_rate": experiment.optimizer.learning_rate},
    )
