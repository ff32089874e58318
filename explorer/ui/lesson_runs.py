"""The material of a lesson on the page: kept, measured at once, or trained live by this tab."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st

from explorer.findings import with_loss
from explorer.lessons import LESSONS, Material
from explorer.lessons.keeping import opened
from explorer.ui.costs import cost_of, find_out
from explorer.ui.lesson_place import Place
from explorer.ui.presence import presence
from explorer.workers.job import TrainingJob

_JOBS, _PRICED = "lesson jobs", "lesson prices"
Jobs = Mapping[str, TrainingJob]


def material(place: Place) -> Material:
    """What is known: of the live runs once each has begun, else what is kept, else measured here and now.

    Nothing where what is kept is missing and would take long to make.
    """
    for job in jobs(place).values():
        job.touch()
    found = {name: job.dataset() for name, job in jobs(place).items()}
    live = {name: with_loss(dataset) for name, dataset in found.items() if dataset is not None}
    if found and len(live) == len(found):
        return live
    if pricing(place):
        return place.lesson.priced(place.values, cost_of)
    return _at_rest(place.number, place.values)


def right(place: Place) -> int | None:
    """Which choice is true of the data, at the values first shown; None where there are none."""
    values = place.lesson.defaults
    found = _at_rest(place.number, values)
    return place.lesson.right(found, values) if found else None


def _at_rest(number: int, values: Mapping[str, Any]) -> Material:
    """What is kept, or else what is measured at once."""
    lesson = LESSONS[number]
    kept = opened(lesson, values)
    if kept is None and lesson.live == "measure":
        return _measured(number, tuple(values.items()))
    return kept or {}


@lru_cache(maxsize=64)  # shared by everybody; nobody changes one
def _measured(number: int, values: tuple[tuple[str, Any], ...]) -> Material:
    return LESSONS[number].material(dict(values))


def jobs(place: Place) -> Jobs:
    """The live runs of this place; those of another end."""
    about, found = st.session_state.get(_JOBS, (None, {}))
    if found and about != (place.number, place.values):
        _end(found)
        del st.session_state[_JOBS]
        return {}
    return dict(found)


def running(place: Place) -> bool:
    """Whether something is under way."""
    return any(job.phase == "running" for job in jobs(place).values()) or (pricing(place) and unpriced(place))


def train(place: Place) -> None:
    """Train all of the lesson's experiments here and now."""
    _end(jobs(place))
    each = place.lesson.experiments(place.values)
    started = {name: TrainingJob(experiment, present=presence()) for name, experiment in each.items()}
    st.session_state[_JOBS] = ((place.number, place.values), started)


def price(place: Place) -> None:
    """Measure all of the lesson's costs here and now."""
    st.session_state[_PRICED] = (place.number, place.values)


def stop(place: Place) -> None:
    """End what is under way; what was recorded stays."""
    _end(jobs(place))


def reset(place: Place) -> None:
    """Show what is kept again."""
    _end(jobs(place))
    st.session_state.pop(_JOBS, None)
    st.session_state.pop(_PRICED, None)


def pricing(place: Place) -> bool:
    """Whether the costs shown are those of this machine."""
    return bool(st.session_state.get(_PRICED) == (place.number, place.values))


def unpriced(place: Place) -> bool:
    """Whether a cost is still to be measured; measures one in each call."""
    return find_out(place.lesson.prices(place.values))


def _end(running: Jobs) -> None:
    for job in running.values():
        job.stop()
