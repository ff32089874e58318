"""Measurements for pages: quick ones at once, slow ones from a process of their own while the page goes on."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st
import torch
import xarray as xr

from explorer import budget
from explorer.building import DeviceError
from explorer.clipping import NoClipping, NormClipping
from explorer.experiment import Experiment
from explorer.findings import facts
from explorer.optimizers import Adam
from explorer.problems import ExperimentError
from explorer.training import measure
from explorer.workers.measuring import QUICK, MeasuringJob

BESIDE = ("tanh", "lstm", "gru")
_REASONS = (MemoryError, RuntimeError, DeviceError)  # torch tells of used-up memory as a RuntimeError
_FAILED = "not measured"
KEPT = 256  # measurements, shared by everybody on this server; nobody changes one
torch.set_num_threads(1)  # at these sizes one thread is faster than two, and others are measuring beside

_known: OrderedDict[str, xr.Dataset] = OrderedDict()
_lock = threading.Lock()  # of what is known: pages of many people look at once


@dataclass
class Measured:
    """What is known of an experiment's start so far.

    Attributes:
        start: its gradient flow; None while it is being measured.
        beside: those of the other cells, as they become known.
        left_out: names of the cells that the budget does not allow.
        waiting: seconds for which the page has been waiting for a measurement; None where it waits for none.
        error: the sentence of why there is no measurement.
    """

    start: xr.Dataset | None = None
    beside: list[xr.Dataset] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    waiting: float | None = None
    error: str | None = None


def measured(experiment: Experiment, *, compare: bool = True) -> Measured:
    """The gradient flow at the experiment's start, and, to `compare`, at those with the other cells.

    What takes long is asked for one after the other, this cell first, and is there in a later call.
    """
    others, left_out = companions(experiment) if compare else ([], [])
    found = Measured(left_out=left_out)
    try:
        found.start = _known_or_asked(experiment, found)
        for other in others:
            if (dataset := _known_or_asked(other, found)) is not None:
                found.beside.append(dataset)
    except _REASONS as error:
        found.error = _sentence(error)
    _give_up_others([experiment, *others])
    return found


def starts(experiments: Sequence[Experiment]) -> tuple[list[xr.Dataset | None], Measured]:
    """The gradient flows at the starts of several experiments, as far as they are known, and what is waited for.

    What takes long is asked for one after the other, in their order; what could not be measured is not tried again.
    """
    found, before = Measured(), st.session_state.get(_FAILED, {})
    failed: dict[str, str] = {key: before[key] for key in map(_key, experiments) if key in before}
    each: list[xr.Dataset | None] = []
    for experiment in experiments:
        flow = None
        try:
            flow = None if _key(experiment) in failed else _known_or_asked(experiment, found)
        except _REASONS as error:
            failed[_key(experiment)] = _sentence(error)
        each.append(flow)
    found.error = next(iter(failed.values()), None)
    st.session_state[_FAILED] = failed
    _give_up_others(experiments)
    return each, found


def _sentence(error: BaseException) -> str:
    return f"This could not be measured: {str(error).partition(chr(10))[0] or type(error).__name__}"


def companions(experiment: Experiment) -> tuple[list[Experiment], list[str]]:
    """The same experiment with the other cells, and the names of those that the budget does not allow.

    PyTorch's start is one thing: where the weights start so, the other cells' biases do too.
    """
    found, left_out = list[Experiment](), list[str]()
    start = {"bias": "pytorch"} if experiment.cell.weights.kind == "pytorch" else {}
    for kind in BESIDE:
        if kind == experiment.cell.kind:
            continue
        try:
            found.append(experiment.changed(cell=kind, clipping="none", **start))
        except ExperimentError:
            left_out.append(facts.name(kind))
    return found, left_out


def _known_or_asked(experiment: Experiment, found: Measured) -> xr.Dataset | None:
    """The measurement where it is known or quick; else it is asked for, unless the page waits for another."""
    key = _key(experiment)
    job: MeasuringJob | None = st.session_state.get("measuring")
    if job is not None and _key(job.experiment) == key and job.done:
        if job.answer is None:
            raise RuntimeError(job.error)  # as long as this experiment is looked at: it would only fail again
        _keep(key, job.answer)
        del st.session_state["measuring"]
        job = None
    if (dataset := _look_up(key)) is not None:
        return _clipped(dataset, experiment).assign_attrs(experiment=experiment.model_dump_json())
    if found.waiting is not None:
        return None
    if budget.seconds(experiment) <= QUICK:
        return _keep(key, measure(experiment))
    if job is None or _key(job.experiment) != key:
        _give_up_others([])
        job = st.session_state["measuring"] = MeasuringJob(experiment)
    found.waiting = job.elapsed
    return None


def _give_up_others(wanted: Sequence[Experiment]) -> None:
    """End the measurement under way where it is not of what is wanted."""
    job: MeasuringJob | None = st.session_state.get("measuring")
    if job is not None and _key(job.experiment) not in map(_key, wanted):
        job.cancel()
        del st.session_state["measuring"]


def _key(experiment: Experiment) -> str:
    """What a measurement depends on: the number of updates and the optimiser come after it.

    Clipping comes after it as well; by value it needs the gradient itself, which is not kept.
    """
    after: dict[str, object] = {"steps": 1, "optimizer": Adam()}
    if isinstance(experiment.clipping, NormClipping):
        after["clipping"] = NoClipping()
    return experiment.model_copy(update=after).model_dump_json()


def _clipped(dataset: xr.Dataset, experiment: Experiment) -> xr.Dataset:
    """The measurement of one clipping by norm, or of none, as that of another."""
    rule = experiment.clipping
    if not isinstance(rule, NoClipping | NormClipping):
        return dataset
    norm = dataset["grad_norm"]
    longer = np.isfinite(norm) & (norm > (rule.threshold if isinstance(rule, NormClipping) else np.inf))
    return dataset.assign(grad_norm_clipped=norm.where(~longer, getattr(rule, "threshold", np.nan)))


def _look_up(key: str) -> xr.Dataset | None:
    with _lock:
        if key in _known:
            _known.move_to_end(key)
        return _known.get(key)


def _keep(key: str, dataset: xr.Dataset) -> xr.Dataset:
    with _lock:
        _known[key] = dataset
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return dataset
