"""What updates cost, for pages: each measured once for everybody, one after the other, in a process of its own."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import streamlit as st

from explorer.costs import Cost
from explorer.experiment import Experiment
from explorer.workers.measuring import MeasuringJob

KEPT = 1024
_JOB = "measuring cost"
_known: OrderedDict[str, Cost | None] = OrderedDict()  # None: it could not be measured
_lock = threading.Lock()


def cost_of(experiment: Experiment) -> Cost | None:
    """The cost of an update, where it is known."""
    with _lock:
        return _known.get(_key(experiment))


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


def _key(experiment: Experiment) -> str:
    """What the cost depends on; not the seed, nor how many updates are made."""
    return experiment.model_copy(update={"steps": 1, "seed": 0}).model_dump_json()
