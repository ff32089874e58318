"""Measurements for pages, kept so that going back costs nothing."""

from functools import lru_cache

import torch
import xarray as xr

from explorer.building import DeviceError
from explorer.experiment import Experiment
from explorer.problems import ExperimentError
from explorer.training import measure

BESIDE = ("tanh", "lstm", "gru")
torch.set_num_threads(1)  # at these sizes one thread is faster than two, and others are measuring beside


def measured(experiment: Experiment) -> xr.Dataset:
    """The gradient flow at the experiment's start.

    Raises:
        DeviceError: where its device is not here.
    """
    return _measure(experiment.model_dump_json())


def beside(experiment: Experiment) -> list[xr.Dataset]:
    """The same experiment with the other cells, measured; a cell that the budget does not allow is left out.

    PyTorch's start is one thing: where the weights start so, the other cells' biases do too.
    """
    found, start = [], {"bias": "pytorch"} if experiment.cell.weights.kind == "pytorch" else {}
    for kind in BESIDE:
        if kind == experiment.cell.kind:
            continue
        try:
            found.append(measured(experiment.changed(cell=kind, **start)))
        except (ExperimentError, DeviceError):
            continue
    return found


@lru_cache(maxsize=256)  # shared by everybody on this server; nobody changes a measurement
def _measure(text: str) -> xr.Dataset:
    return measure(Experiment.model_validate_json(text))
