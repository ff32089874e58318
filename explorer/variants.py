"""The variants of backpropagation through time that are put beside one another, for an experiment as it stands."""

import numpy as np
import xarray as xr

from explorer import budget
from explorer.experiment import Experiment
from explorer.problems import ExperimentError
from explorer.schemes import truncation_of
from explorer.training import train
from explorer.truncation import (
    Adaptive,
    Full,
    Online,
    Rtrl,
    Stochastic,
    Subsequence,
    Truncation,
    Window,
)

SLOW = 0.2  # seconds for one gradient
STEPS = 20  # truncation length, where the experiment has none of its own


def length_of(experiment: Experiment) -> int:
    """The truncation length that the variants share: the experiment's own, or a fifth of the sequence."""
    steps = experiment.task.steps
    own = int(experiment.truncation.reach(steps))
    return own if own < steps else max(2, min(STEPS, steps // 5))


def variants(experiment: Experiment) -> list[Truncation]:
    """Schemes of one truncation length whose gradients can be measured on one trajectory.

    Left out are online updates, whose gradient with the weights held fixed is that of a window of the same k2, and RTRL
    where it would take so long that everything else waits for it.
    """
    k, steps = length_of(experiment), experiment.task.steps
    found: list[Truncation] = [
        Window(k1=k, k2=k),
        Window(k1=1, k2=k),
        Stochastic(mean_length=max(2, k)),
        Stochastic(mean_length=max(2, k), compensated=False),
        Subsequence(window=k),
        Adaptive(max_length=steps),
        Rtrl(),
    ]
    return [scheme for scheme in found if affordable(experiment, scheme) and not _slow(experiment, scheme)]


def priced(experiment: Experiment) -> list[Truncation]:
    """Schemes whose costs are put beside one another."""
    k = length_of(experiment)
    return [
        Full(), Window(k1=k, k2=k), Window(k1=1, k2=k), Online(k2=k), Stochastic(mean_length=max(2, k)),
        Subsequence(window=k), Adaptive(max_length=k), Rtrl(),
    ]  # fmt: skip


def affordable(experiment: Experiment, scheme: Truncation) -> bool:
    """Whether the budget allows an experiment with this scheme."""
    try:
        truncation_of(experiment, scheme)
    except ExperimentError:
        return False
    return True


def _slow(experiment: Experiment, scheme: Truncation) -> bool:
    return scheme.forward and budget.seconds(experiment.model_copy(update={"truncation": scheme})) > SLOW


def at_start(experiment: Experiment) -> xr.Dataset:
    """What the variants find on the first batch, before anything is trained: one row."""
    beside = variants(experiment)
    if experiment.truncation.updates_per_segment or experiment.truncation.partial:
        experiment = experiment.changed(truncation="full")
    return train(experiment.model_copy(update={"steps": 1}), beside=beside)


def spread(steps: int) -> list[int]:
    """Up to twelve truncation lengths from 1 to T, evenly on a logarithmic axis."""
    return sorted({round(length) for length in np.geomspace(1, min(steps, 10_000), 12)})
