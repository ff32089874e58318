"""What a worker of a Dask cluster does: trains a group, tells of its updates, and sees whether it is still wanted."""

from collections.abc import Mapping, Sequence
from time import monotonic

import numpy as np
import torch
import xarray as xr

from explorer.clusters.connecting import looking
from explorer.experiment import Experiment
from explorer.groups import train_group
from explorer.recording import NUMBERS, Row

TOPIC = "explorer"  # of all sweeps: a scheduler keeps the last messages of every topic that it ever had
EVERY = 0.2  # seconds between two messages, and between two looks whether the sweep was stopped

# Sweep, number of the run, number of the first update told, and NUMBERS of each update as float64, [updates, 6].
Told = tuple[str, int, int, bytes]


def train(
    sweep: str, numbers: Sequence[int], experiments: Sequence[str], versions: Mapping[str, str]
) -> list[xr.Dataset]:
    """Train a group to its end, or until its sweep is stopped.

    Args:
        sweep: its name, under which it is told of and stopped.
        numbers: of the runs.
        experiments: the same runs, as JSON.
        versions: what `looking` tells where the sweep was started.

    Returns:
        The runs; none where the sweep was stopped before the first update.

    Raises:
        RuntimeError: where this worker, which may have joined in mid-sweep, would compute something else.
    """
    if looking()() != versions:
        raise RuntimeError(
            "a worker has another version of this project or of its requirements; install the same there"
        )
    torch.set_num_threads(1)  # at these sizes one thread is faster than two
    place = _Place(sweep, numbers)
    return [] if place.over() else train_group([Experiment.model_validate_json(e) for e in experiments], place.go_on)


class _Place:
    """The worker's side of a sweep, for one group."""

    def __init__(self, sweep: str, numbers: Sequence[int]) -> None:
        from distributed import Event, get_worker

        self._sweep, self._numbers = sweep, numbers
        self._worker, self._stop = get_worker(), Event(sweep)
        self._key = self._worker.get_current_task()
        self._told = [0 for _ in numbers]
        self._rows: list[list[list[float]]] = [[] for _ in numbers]
        self._looked = monotonic()

    def over(self) -> bool:
        """Whether the sweep was stopped, or nobody waits for this group any more."""
        task = self._worker.state.tasks.get(self._key)
        return task is None or task.state == "cancelled" or bool(self._stop.is_set())

    def go_on(self, rows: dict[int, Row]) -> bool:
        """Take in an update; whether there is to be another."""
        for place, row in rows.items():
            self._rows[place].append([row.numbers[name] for name in NUMBERS])
        if monotonic() - self._looked < EVERY:
            return True
        self._tell()
        self._looked = monotonic()
        return not self.over()

    def _tell(self) -> None:
        for place, rows in enumerate(self._rows):
            if rows:
                told: Told = (self._sweep, self._numbers[place], self._told[place], np.array(rows).tobytes())
                self._worker.log_event(TOPIC, told)
                self._told[place] += len(rows)
                rows.clear()
