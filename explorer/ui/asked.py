"""Answers about experiments for pages: quick ones at once, slow ones from a process of their own, known ones again."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import streamlit as st
import xarray as xr

from explorer.answers import Question, answer, seconds
from explorer.building import DeviceError
from explorer.experiment import Experiment
from explorer.instruments import InstrumentError
from explorer.workers.measuring import QUICK, MeasuringJob

KEPT = 64  # answers, shared by everybody on this server; nobody changes one
_JOB = "asked"
_known: OrderedDict[tuple[Question, str], xr.Dataset] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """What is known of a question so far.

    Attributes:
        dataset: the answer; None where there is none yet.
        waiting: seconds for which it has been awaited; None where nothing is under way.
        progress: the share done, where it is told.
        error: the sentence of why there will be none.
    """

    dataset: xr.Dataset | None = None
    waiting: float | None = None
    progress: float | None = None
    error: str | None = None


def ask(question: Question, experiment: Experiment) -> Answer:
    """The answer, where it is known or quick; else it is asked for, and is there in a later call."""
    key = (question, experiment.model_copy(update={"steps": 1}).model_dump_json())
    with _lock:
        if (known := _known.get(key)) is not None:
            _known.move_to_end(key)
    if known is not None:
        give_up()
        return Answer(known)
    job: MeasuringJob | None = st.session_state.get(_JOB)
    if job is not None and (job.question, job.experiment) != (question, experiment):
        give_up()
        job = None
    if job is None and seconds(question, experiment) <= QUICK:
        try:
            return Answer(_keep(key, answer(question, experiment, lambda share: None)))
        except (MemoryError, RuntimeError, DeviceError, InstrumentError) as error:
            return Answer(error=f"This could not be measured: {str(error).partition(chr(10))[0]}")
    if job is None:
        job = st.session_state[_JOB] = MeasuringJob(experiment, question)
    if not job.done:
        return Answer(waiting=job.elapsed, progress=job.progress)
    if job.answer is None:
        return Answer(error=job.error)  # as long as this is asked: it would only fail again
    del st.session_state[_JOB]
    return Answer(_keep(key, job.answer))


def give_up() -> None:
    """End what is under way."""
    job: MeasuringJob | None = st.session_state.pop(_JOB, None)
    if job is not None:
        job.cancel()


def _keep(key: tuple[Question, str], dataset: object) -> xr.Dataset:
    assert isinstance(dataset, xr.Dataset), "pages ask for Datasets"
    with _lock:
        _known[key] = dataset
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return dataset
