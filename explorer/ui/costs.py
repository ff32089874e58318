"""What updates cost, for pages: each measured once for everybody, one after the other, in a process of its own."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from math import nan

import numpy as np
import streamlit as st

from explorer.costs import Cost
from explorer.experiment import Experiment
from explorer.grid import Grid
from explorer.workers.measuring import MeasuringJob

KEPT = 1024
_JOB = "measuring cost"
_known: OrderedDict[str, Cost | None] = OrderedDict()  # None: it could not be measured
_lock = threading.Lock()


def cost_of(experiment: Experiment) -> Cost | None:
    """The cost of an update, where it is known."""
    with _lock:
        return _known.get(_key(experiment))


def give_up() -> None:
    """End what is being measured."""
    job: MeasuringJob | None = st.session_state.pop(_JOB, None)
    if job is not None:
        job.cancel()


def find_out(experiments: Sequence[Experiment]) -> bool:
    """Measure what is not known yet, one in each call; whether there is more to come."""
    job: MeasuringJob | None = st.session_state.get(_JOB)
    if job is not None and not job.done:
        return True
    if job is not None:
        del st.session_state[_JOB]
        with _lock:
            _known[_key(job.experiment)] = job.answer
            while len(_known) > KEPT:
                _known.popitem(last=False)
    with _lock:
        unknown = next((e for e in experiments if _key(e) not in _known), None)
    if unknown is not None:
        st.session_state[_JOB] = MeasuringJob(unknown, "cost")
    return unknown is not None


def distinct(grid: Grid) -> list[Experiment]:
    """One experiment of a grid for each cell and truncation, for nothing else changes what an update costs much."""
    first: dict[str, Experiment] = {}
    for experiment in grid.experiments:
        first.setdefault(_shape(experiment), experiment)
    return list(first.values())


def grid_costs(grid: Grid) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """`seconds` and `memory` of one update at each place of a grid; nan where they are not measured."""
    first = {_shape(experiment): cost_of(experiment) for experiment in distinct(grid)}
    found = [first[_shape(experiment)] for experiment in grid.experiments]
    shape = [len(labels) for labels in grid.axes.values()]
    return {
        name: (tuple(grid.axes), np.reshape([getattr(cost, name) if cost else nan for cost in found], shape))
        for name in ("seconds", "memory")
    }


def _shape(experiment: Experiment) -> str:
    """What decides the cost: all but seed, weights, clipping and learning rate."""
    cell = experiment.cell
    parts = (cell.kind, cell.hidden_size, experiment.truncation, experiment.task, experiment.optimizer.kind)
    return repr((*parts, experiment.batch_size, experiment.dtype, experiment.device))


def _key(experiment: Experiment) -> str:
    """What the cost depends on; not the seed, nor how many updates are made."""
    return experiment.model_copy(update={"steps": 1, "seed": 0}).model_dump_json()
