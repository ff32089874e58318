"""The seeded start of an experiment: its model, its batches and its losses."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.bptt import Network
from explorer.experiment import Experiment
from explorer.memory import keep_freed_memory
from explorer.tasks import Batch

_BATCH_STREAM = 2**31  # added to the seed, so that weights and batches come from different streams


class DeviceError(Exception):
    """The device asked for is not here."""


@dataclass(frozen=True)
class Built:
    """The seeded start of an experiment.

    Attributes:
        experiment: the config.
        model: the network; `model(inputs)` gives the readout outputs [T, B, C].
        batch: the first batch.
        batches: the batches of all updates, the first one included; drawn as they are asked for.
    """

    experiment: Experiment
    model: Network
    batch: Batch
    batches: Iterator[Batch]

    def step_losses(self, outputs: Tensor) -> Tensor:
        """Losses [T, B] of readout outputs [T, B, C] on the first batch; L = step_losses.sum(0).mean()."""
        return self.experiment.task.step_losses(outputs, self.batch)


def device_of(experiment: Experiment) -> torch.device:
    """The device an experiment runs on here; `auto` takes CUDA where there is one.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
    """
    here = torch.cuda.is_available()
    if experiment.device == "cuda" and not here:
        raise DeviceError("device: 'cuda' was asked for, but there is no CUDA device here; give cpu or auto.")
    return torch.device("cuda" if here and experiment.device != "cpu" else "cpu")


def build(experiment: Experiment) -> Built:
    """The model with its starting weights and the first batch.

    All numbers are drawn in float64 on the CPU from the experiment's seed, and are therefore the same for each device
    and, up to rounding, each precision; batches are the same for every cell.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
    """
    keep_freed_memory()  # whoever builds goes on to train or to measure
    device, dtype = device_of(experiment), getattr(torch, experiment.dtype)
    task = experiment.task
    weights = torch.Generator().manual_seed(experiment.seed)
    model = Network(experiment.cell, task.input_size, task.output_size, weights).to(device, dtype)
    batches = _batches(experiment, device, dtype)
    first = next(batches)
    return Built(experiment, model, first, _chain(first, batches))


def _batches(experiment: Experiment, device: torch.device, dtype: torch.dtype) -> Iterator[Batch]:
    generator = torch.Generator().manual_seed(experiment.seed + _BATCH_STREAM)
    while True:
        yield experiment.task.draw(experiment.batch_size, generator).to(device, dtype)


def _chain(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from rest
