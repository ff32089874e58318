"""Experiments in groups that train as one tensor program, and what comes of a group, update by update."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil

import xarray as xr

from explorer import budget
from explorer.experiment import Experiment
from explorer.recording import Recording, Row
from explorer.together import Together, same_shape
from explorer.training import Training
from explorer.truncation import with_loss

MOST_MODELS = 16  # in one program: more save next to nothing, and differ more in how far they flow back

TOGETHER = 0.5  # time of one run among many in a group, over its time alone


def grouped(experiments: Sequence[Experiment], places: int = 1) -> list[list[int]]:
    """Numbers of experiments that train together; where there are several places, the largest work first.

    Args:
        experiments: any; those of one shape come together, as long as the memory budget and MOST_MODELS allow.
        places: how many groups train at the same time; what fits into one group is shared out among them.
    """
    shapes: dict[tuple[object, ...], list[int]] = {}
    for number, experiment in enumerate(experiments):
        shapes.setdefault(same_shape(experiment), []).append(number)
    found = []
    for numbers in shapes.values():
        most = max(1, min(MOST_MODELS, int(budget.limits().memory / budget.need(experiments[numbers[0]]).memory)))
        count = max(ceil(len(numbers) / most), min(places, len(numbers)))
        # Neighbours flow back about as far: a program goes back as far as the farthest of its models.
        numbers.sort(key=lambda number: _reach(experiments[number]))
        ends = [len(numbers) * place // count for place in range(count + 1)]
        found += [numbers[start:end] for start, end in pairwise(ends)]
    if places > 1:  # so that none is left to train alone at the end
        found.sort(key=lambda group: -sum(_weight(experiments[number]) for number in group))
    return found


def _reach(experiment: Experiment) -> int:
    """How many steps the backward pass goes back."""
    plan = with_loss(experiment.truncation.plan(experiment.task.steps), experiment.task.asked)
    return experiment.task.steps - min(s.oldest for s in plan)


def _weight(experiment: Experiment) -> float:
    """Work of a run; the backward pass is two thirds of a whole one."""
    return budget.need(experiment).work * (1 + 2 * _reach(experiment) / experiment.task.steps) / 3


def seconds(experiments: Sequence[Experiment], places: int) -> float:
    """Time that experiments will take together in so many places at once, about."""
    apart = sum(
        sum(budget.seconds(experiments[number]) * experiments[number].steps for number in group)
        * (TOGETHER + (1 - TOGETHER) / len(group))
        for group in grouped(experiments, places)
    )
    return apart / max(1, min(places, len(experiments)))


def updates(experiments: Sequence[Experiment]) -> Iterator[dict[int, Row]]:
    """Train a group; after each update, the rows of those still under way, by their place in the group."""
    if len(experiments) > 1:
        yield from Together(experiments)
    else:
        for row in Training(experiments[0]):
            yield {0: row}


def train_group(
    experiments: Sequence[Experiment], go_on: Callable[[dict[int, Row]], bool] | None = None
) -> list[xr.Dataset]:
    """Train a group, wherever this runs: to its end, or until `go_on` is false, which gets the rows of each update."""
    recordings = [Recording(experiment) for experiment in experiments]
    for rows in updates(experiments):
        for place, row in rows.items():
            recordings[place].keep(row)
        if go_on is not None and not go_on(rows):
            break
    for recording in recordings:
        if recording.status == "running":
            recording.status = "stopped"
    return [recording.dataset() for recording in recordings]
