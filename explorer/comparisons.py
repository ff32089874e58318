"""What is measured beside published numbers: nothing here is looked up."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr

from explorer.instruments import influence_balancing
from explorer.instruments.cliff import error_and_gradient
from explorer.presets import Preset
from explorer.published import INFLUENCE, OPTIMUM, WALL, Published
from explorer.tasks import Task
from explorer.tasks.base import Classes
from explorer.training import measure

CLASSES, VALUES = 4096, 65_536  # sequences scored: losses of values spread more
AT_ONCE = 4096


@dataclass(frozen=True)
class Known:
    """A number of a small system that no experiment is needed for.

    Attributes:
        name: for people.
        command: that measures more of it.
        published: the number to compare with.
        measure: the same, measured.
    """

    name: str
    command: str
    published: Published
    measure: Callable[[], float]


def without_memory(task: Task, sequences: int | None = None, seed: int = 0) -> xr.Dataset:
    """The loss of the best constant answer at each step: fitted to so many drawn sequences, scored on as many others.

    Classes are answered with their frequencies, values with their mean.

    Args:
        task: what is drawn from.
        sequences: how many, twice; None for as many as four digits or so need.
        seed: of the drawing.

    Returns:
        `loss_without_memory` and its `standard_error`; the attribute `sequences` is the number of those scored.
    """
    generator = torch.Generator().manual_seed(seed)
    sequences = sequences or (CLASSES if isinstance(task, Classes) else VALUES)
    seen, other = (_targets(task, sequences, generator) for _ in range(2))
    if isinstance(task, Classes):
        counts = torch.stack([torch.bincount(step, minlength=task.output_size) for step in seen])
        answers = (counts / sequences).double().log()
    else:
        answers = seen.mean(dim=1)
    losses = task.losses(answers.unsqueeze(1).expand(-1, sequences, -1), other).sum(0)
    return xr.Dataset(
        {
            "loss_without_memory": ((), float(losses.mean())),
            "standard_error": ((), float(losses.std() / sequences**0.5)),
        },
        attrs={"sequences": sequences},
    )


def _targets(task: Task, sequences: int, generator: torch.Generator) -> torch.Tensor:
    """Those of the steps with a loss, of so many drawn sequences; inputs, which are large, are let go."""
    first, last = task.asked
    amounts = (min(AT_ONCE, sequences - done) for done in range(0, sequences, AT_ONCE))
    return torch.cat([task.draw(amount, generator).targets[first - 1 : last] for amount in amounts], dim=1)


def measured(preset: Preset) -> xr.Dataset:
    """What stands beside the preset's published number, measured without training."""
    experiment = preset.experiment
    return without_memory(experiment.task) if preset.quantity == "loss_without_memory" else measure(experiment)


def _influence() -> float:
    found = influence_balancing([1000])["coefficient"]
    return float(found.sel(style="end", length=1000))


def _wall() -> float:
    """The steepest of a thousand points around the wall at w = 5."""
    biases = np.linspace(-2.65, -2.55, 1001)
    _, *slopes = error_and_gradient(5.0, biases, 50)
    return float(biases[int(np.hypot(*slopes).argmax())])


KNOWN = (
    Known("Influence balancing", "influence", INFLUENCE, _influence),
    Known("Influence balancing, the optimum", "influence", OPTIMUM, lambda: 1 / _influence()),
    Known("The cliff", "cliff", WALL, _wall),
)
