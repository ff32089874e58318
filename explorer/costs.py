"""What one update costs: its time, and the memory that it takes."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from statistics import median

from explorer.building import device_of
from explorer.experiment import Experiment
from explorer.training import Training

WARM, TIMED = 2, 7  # updates before those that are timed: the first ones fetch memory from the system
LONGEST = 2.0  # seconds after which no further update is timed


@dataclass(frozen=True)
class Cost:
    """What one update of an experiment costs that trains alone, on one thread.

    Attributes:
        seconds: median time of batch, forward pass, backward pass with recording, clipping and update; on the CPU that
            of the processor, in which waiting for others on the same machine does not count. Where an update follows
            each piece of a sequence, that of the last pieces, which look back the farthest.
        memory: bytes of all tensors at the fullest moment, weights, optimiser and what is recorded included, as the
            allocator counts them.
    """

    seconds: float
    memory: float


def cost(experiment: Experiment) -> Cost:
    """Measure the cost of an update, by making a few."""
    segments = experiment.truncation.updates_per_segment
    pieces = len(experiment.truncation.plan(experiment.task.steps)) if segments else 1
    now = time.process_time if device_of(experiment).type == "cpu" else time.perf_counter
    training = Training(experiment.model_copy(update={"steps": max(pieces, WARM + TIMED) + 1}))
    updates, times = iter(training), list[float]()
    warm = max(WARM, pieces - TIMED)
    for number in range(warm + TIMED):
        began = now()
        if next(updates, None) is None:
            break
        took = now() - began
        times += [took] if number >= warm or took > LONGEST else []
        if sum(times) > LONGEST:
            break
    del training, updates
    return Cost(median(times) if times else nan, _fullest(experiment, max(2, pieces)))


def _fullest(experiment: Experiment, count: int) -> float:
    """Bytes held at the fullest moment of so many updates, from nothing on."""
    from torch.profiler import ProfilerActivity, profile  # here, for it takes a while and few processes need it

    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=False) as profiler:
        updates = iter(Training(experiment.model_copy(update={"steps": count})))
        while next(updates, None) is not None:
            pass
    found = profiler.profiler
    assert found is not None and found.kineto_results is not None, "a profile that has ended has results"
    held = fullest = 0
    changes = (event for event in found.kineto_results.events() if event.name() == "[memory]")
    for event in sorted(changes, key=lambda event: event.start_ns()):
        held += event.nbytes()
        fullest = max(fullest, held)
    return float(fullest)


@contextmanager
def _quiet() -> Iterator[None]:
    """The profiler's library writes of its own start and end to the process's standard error; nobody asked for that."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
