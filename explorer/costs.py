"""What one update costs: its time, and the memory that it holds."""

import gc
import time
from dataclasses import dataclass
from math import nan
from statistics import median

import torch
from torch.nn import Module
from torch.nn.modules.module import register_module_forward_hook

from explorer.experiment import Experiment
from explorer.training import Training

WARM, TIMED = 2, 7  # updates before those that are timed: the first ones fetch memory from the system
LONGEST = 2.0  # seconds after which no further update is timed


@dataclass(frozen=True)
class Cost:
    """What one update of an experiment costs that trains alone, on one thread.

    Attributes:
        seconds: median time of batch, forward pass, backward pass with recording, clipping and update.
        memory: bytes of all tensors, weights and optimiser included, when the forward pass ends and all that the
            backward pass needs is held; each storage counted once.
    """

    seconds: float
    memory: float


def cost(experiment: Experiment) -> Cost:
    """Measure the cost of an update, by making a few."""
    before, held = _storages(), [0]

    def look(module: Module, *_: object) -> None:
        held.append(sum(size for key, size in _storages().items() if key not in before))

    training = Training(experiment.model_copy(update={"steps": WARM + TIMED + 1}))
    updates, times = iter(training), list[float]()
    for number in range(WARM + TIMED):
        began = time.perf_counter()
        if next(updates, None) is None:
            break
        took = time.perf_counter() - began
        times += [took] if number >= WARM or took > LONGEST else []
        if sum(times) > LONGEST:
            break
    hook = register_module_forward_hook(look)  # looking takes long, so that update is not timed
    try:
        next(updates, None)
    finally:
        hook.remove()
    return Cost(median(times) if times else nan, float(max(held)))


def _storages() -> dict[int, int]:
    """Address → bytes of the memory behind every tensor that is alive."""
    found = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), torch.Tensor):
            storage = thing.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
    return found
