"""The runs of one browser tab, by experiment; at most one is under way, and the run library keeps what it was."""

import streamlit as st

from explorer import budget
from explorer.entries import Entry
from explorer.experiment import Experiment
from explorer.library import library
from explorer.ui.presence import presence
from explorer.ui.replay import Replay
from explorer.workers.job import TrainingJob

Run = TrainingJob | Replay
_RESETS, _OPEN = "resets", "open runs"
IN_MEMORY = 6  # runs that stay in memory for their tab, the newest …
SHARE = 0.1  # … as long as they fill less than this share of the memory budget together; the others are on disk


def of(experiment: Experiment) -> Run | None:
    """The run of an experiment, if this tab has one; looking at another experiment stops the runs of the others."""
    jobs = _jobs()
    for digest, job in jobs.items():
        if digest != experiment.digest and job.phase != "ended":
            job.stop()
    if experiment.digest in _open() and experiment.digest not in jobs:
        show_kept(experiment)
    return jobs.get(experiment.digest)


def kept(experiment: Experiment) -> Entry | None:
    """What the run library has of an experiment."""
    return library().entry(experiment)


def show_kept(experiment: Experiment) -> None:
    """Show the kept run of an experiment, if there is one, all of it at once."""
    known, run = kept(experiment), library().open(experiment)
    if known is None or run is None:
        _open().discard(experiment.digest)
        return
    _make_room()
    _jobs()[experiment.digest] = Replay(run, known.seconds, whole=True)
    _open().add(experiment.digest)


def in_link(experiment: Experiment) -> bool:
    """Whether a link to this page should show the run: it has ended, and whoever opens the link can be shown it."""
    job = of(experiment)
    return job is not None and job.phase == "ended" and kept(experiment) is not None


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
    (of(experiment) or _start(experiment, paused=True)).step()


def stop(experiment: Experiment) -> None:
    """End the run and keep what it recorded."""
    job = of(experiment)
    if job is not None:
        job.stop()


def reset(experiment: Experiment) -> None:
    """End the run, which stays in the library, and show the start again."""
    job = _jobs().pop(experiment.digest, None)
    _open().discard(experiment.digest)
    if job is not None:
        job.stop()
        st.session_state[_RESETS] = resets() + 1


def resets() -> int:
    """How often this tab went back to the start."""
    return int(st.session_state.get(_RESETS, 0))


def _start(experiment: Experiment, *, paused: bool = False) -> Run:
    """Train; what was trained to its end before is shown again instead, row by row."""
    jobs, known = _jobs(), kept(experiment)
    run = library().open(experiment) if known is not None and known.status != "stopped" else None
    _make_room()
    if known is not None and run is not None:
        jobs[experiment.digest] = Replay(run, known.seconds, paused=paused)
    else:
        jobs[experiment.digest] = TrainingJob(experiment, paused=paused, present=presence(), keep=library().keep)
    _open().add(experiment.digest)
    return jobs[experiment.digest]


def _make_room() -> None:
    """Leave the oldest runs to the library where the newest need their memory."""
    jobs, room = _jobs(), SHARE * budget.limits().memory
    while len(jobs) >= IN_MEMORY or sum(job.nbytes for job in jobs.values()) > room:
        jobs.pop(next(iter(jobs))).stop()


def _jobs() -> dict[str, Run]:
    found: dict[str, Run] = st.session_state.setdefault("runs", {})
    return found


def _open() -> set[str]:
    """Digests of the experiments whose run this tab shows, in memory or not."""
    found: set[str] = st.session_state.setdefault(_OPEN, set())
    return found
