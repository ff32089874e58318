"""The training runs of one browser tab, by experiment; at most one is under way."""

from collections.abc import Callable

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer import budget
from explorer.experiment import Experiment
from explorer.workers.job import TrainingJob
from explorer.workers.processes import BusyError

_REFUSED, _RESETS = "refused", "resets"
KEPT = 6  # runs that stay with their tab, the newest …
KEPT_SHARE = 0.1  # … as long as they fill less than this share of the memory budget together


def of(experiment: Experiment) -> TrainingJob | None:
    """The run of an experiment, if this tab has one; looking at another experiment stops the runs of the others."""
    jobs = _jobs()
    for digest, job in jobs.items():
        if digest != experiment.digest and job.phase != "ended":
            job.stop()
    return jobs.get(experiment.digest)


def train(experiment: Experiment) -> None:
    """Start, or go on; a run that has ended is kept until it is reset."""
    job = of(experiment)
    if job is None:
        _start(experiment)
    else:
        job.resume()


def pause(experiment: Experiment) -> None:
    """Wait after the update under way."""
    job = of(experiment)
    if job is not None:
        job.pause()


def step(experiment: Experiment) -> None:
    """Make one update and wait."""
    job = of(experiment) or _start(experiment, paused=True)
    if job is not None:
        job.step()


def stop(experiment: Experiment) -> None:
    """End the run and keep what it recorded."""
    job = of(experiment)
    if job is not None:
        job.stop()


def reset(experiment: Experiment) -> None:
    """End the run and show the start again."""
    job = _jobs().pop(experiment.digest, None)
    if job is not None:
        job.stop()
        st.session_state[_RESETS] = resets() + 1


def resets() -> int:
    """How often this tab went back to the start."""
    return int(st.session_state.get(_RESETS, 0))


def refusal() -> str | None:
    """Why the last run could not be started, said once."""
    sentence: str | None = st.session_state.pop(_REFUSED, None)
    return sentence


def _start(experiment: Experiment, *, paused: bool = False) -> TrainingJob | None:
    jobs = _jobs()
    room = KEPT_SHARE * budget.limits().memory
    while len(jobs) >= KEPT or sum(job.recording.nbytes for job in jobs.values()) > room:
        jobs.pop(next(iter(jobs))).stop()
    try:
        jobs[experiment.digest] = TrainingJob(experiment, paused=paused, present=_presence())
    except BusyError as error:
        st.session_state[_REFUSED] = str(error)
    except (OSError, MemoryError) as error:
        why = str(error) or "the memory of this server is used up"
        st.session_state[_REFUSED] = f"The run could not be started: {why}; try again later."
    return jobs.get(experiment.digest)


def _presence() -> Callable[[], bool]:
    """Whether this tab is still connected, as a function that any thread may ask."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    session, server = context.session_id, runtime.get_instance()
    return lambda: server.is_active_session(session)


def _jobs() -> dict[str, TrainingJob]:
    found: dict[str, TrainingJob] = st.session_state.setdefault("runs", {})
    return found
