"""The stage: the board with its charts, and the controls of the training run under it, redrawn while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from explorer import findings
from explorer.experiment import Experiment
from explorer.findings import with_loss
from explorer.scripts import script
from explorer.ui import address, compared, runs
from explorer.ui.board import Board, Offer, show
from explorer.ui.everywhere import hidden
from explorer.ui.explored import AREAS, PANELS, SCRUB, Explored
from explorer.ui.exports import export
from explorer.ui.look import duration, theme
from explorer.ui.measured import Measured, measured
from explorer.workers.job import Phase
from explorer.workers.processes import PROCESSES

REDRAW = 0.115  # seconds between two redraws while training; the large chart is in each, the others take turns
COUNT = 0.5  # seconds between two counts of the updates
HEARTBEAT = 10.0  # seconds between two polls while paused, so that the run knows its page is there
LOOK = 0.25  # seconds between two looks at a measurement under way
TURNS = (("gradient", "heat"), ("gradient", "loss", "norms", "share"))
SCRUB_EVERY = 8  # redraws between two that bring the updates to look back at
BOARD, _LAST, _TURN = "explore", "last drawn", "turn"
BUTTON = 120  # px; the same for Train, Pause and Resume, so that nothing beside them moves
PROJECTED = '"gradient loss" 210px "gradient norms" 210px "scrub ." 44px / 1.9fr 1fr'


def stage(experiment: Experiment) -> None:
    """Show the experiment: its run if there is one, else the measurement at its start."""
    job = runs.of(experiment)
    phase = job.phase if job is not None else None
    pace = _pace(job)
    waiting = _measured(experiment, job).waiting is not None

    # Fragments for what changes by itself. The buttons are outside: a click then runs the page, timers and all; within
    # a fragment that ticks, it was now and then lost between two ticks.
    @st.fragment(run_every=pace.redraw or (LOOK if waiting else None))
    def live() -> None:
        job = runs.of(experiment)
        found = _measured(experiment, job)
        _charts(experiment, job, found)
        if waiting and found.waiting is None:
            st.rerun()  # sets the timer anew

    @st.fragment(run_every=pace.count)
    def progress() -> None:
        job = runs.of(experiment)
        if job is not None:
            job.touch()
        _progress(experiment, job)
        if (job.phase if job is not None else None) != phase or _pace(job) != pace:
            st.rerun()  # sets both timers anew

    live()
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="transport"):
        if not hidden("train"):
            _buttons(experiment, phase, began=job is not None)
        if not hidden("pin"):
            st.button(
                "Pin", key="pin", on_click=lambda: _pin(address.now()), help="Put this experiment on the Compare page."
            )
        export(BOARD, experiment.model_dump_json(indent=2), partial(script, experiment))
        _open(experiment, began=job is not None)
        progress()


@dataclass(frozen=True)
class _Pace:
    """Seconds between two redraws and between two counts of the updates; None for never."""

    redraw: float | None
    count: float | None


def _pace(job: runs.Run | None) -> _Pace:
    """The timers of a page: where several people train, each is drawn less often, and all pages go on answering."""
    if job is None or job.phase == "ended":
        return _Pace(None, None)
    if job.stepping:
        return _Pace(REDRAW, REDRAW)
    if job.phase == "paused":
        return _Pace(None, HEARTBEAT)
    people = max(1, PROCESSES.at_work)
    return _Pace(None if job.place else REDRAW * people, COUNT * people)


def _measured(experiment: Experiment, job: runs.Run | None) -> Measured:
    """The start; beside a trained cell, untrained ones would mislead."""
    return measured(experiment, compare=job is None or job.recorded == 0)


def _charts(experiment: Experiment, job: runs.Run | None, found: Measured) -> None:
    recorded = job.dataset() if job is not None else None
    run = with_loss(recorded) if recorded is not None else None
    shown = run if run is not None else found.start
    if shown is None:
        _without(experiment, found)
        return
    look = theme()
    explored = Explored(
        experiment, shown, found.start, () if run is not None else tuple(found.beside), look,
        f"{experiment.digest} {runs.resets()}", [] if run is not None else _missing(found),
    )  # fmt: skip
    streams = job is not None and job.phase == "running" and run is not None
    due = _due(f"{explored.revision} {look}") if streams else (*PANELS, SCRUB)
    last = st.session_state.get(_LAST)
    drawn = explored.board(due, last.panels if last is not None else (), done=not streams)
    numbers = recorded if recorded is not None else shown
    show(BOARD, Offer(drawn, look, lambda: numbers, lambda: [explored.board()]), projected=PROJECTED)
    st.session_state[_LAST] = drawn


def _due(run: str) -> Sequence[str]:
    """What this redraw of a run brings; the rest stays in the browser as it is, which halves the work of both."""
    before, count = st.session_state.get(_TURN, ("", 0))
    count = count + 1 if before == run else 0
    st.session_state[_TURN] = run, count
    if count < 2:
        return (*TURNS[0], *TURNS[1], SCRUB)
    return (*TURNS[count % 2], *([SCRUB] if count % SCRUB_EVERY == 0 else []))


def _without(experiment: Experiment, found: Measured) -> None:
    """While the first measurement is under way, or where there is none: the last picture, dimmed, under a sentence."""
    name = findings.facts.name(experiment.cell.kind)
    said = f"Measuring this {name} network over {experiment.task.steps} time steps: {found.waiting or 0:.0f} s so far."
    last = st.session_state.get(_LAST) or Board(areas=AREAS)
    show(
        BOARD, Offer(replace(last, headline=found.error or said, subline="", dimmed=True), theme()), projected=PROJECTED
    )


def _missing(found: Measured) -> list[str]:
    """What is not beside the chosen cell yet, or never will be."""
    said = [" Measuring the other cells …"] if found.waiting is not None else []
    if found.error is not None:
        said.append(f" {found.error}")
    if found.left_out:
        said.append(f" {' and '.join(found.left_out)} would be beyond this server's budget.")
    return said


def _buttons(experiment: Experiment, phase: Phase | None, *, began: bool) -> None:
    """Train or pause, one step, stop, reset."""
    over = phase == "ended"
    word, act = ("Pause", runs.pause) if phase == "running" else ("Train", runs.train)

    def on(act: Callable[[Experiment], None]) -> dict[str, Any]:
        """Do it with what is asked for when it is clicked, which may be more than this page has drawn."""
        return {"on_click": lambda: act(address.now())}

    st.button(
        "Resume" if phase == "paused" else word,
        key="train",
        type="secondary" if phase == "running" else "primary",
        **on(act),
        width=BUTTON,
        shortcut="T",
        disabled=over,  # until Reset gives it up, what this run recorded stays
    )
    st.button("Step", key="step", **on(runs.step), disabled=phase == "running" or over)
    st.button("Stop", key="stop", **on(runs.stop), disabled=phase not in ("running", "paused"))
    st.button("Reset", key="reset", **on(runs.reset), disabled=not began)


def _open(experiment: Experiment, *, began: bool) -> None:
    """Show the kept run."""
    place = st.empty()  # always there, so that nothing after it moves
    if not began and runs.kept(experiment) is not None:
        place.button("Open", key="open", on_click=lambda: runs.show_kept(address.now()))


def _pin(experiment: Experiment) -> None:
    st.toast(compared.pin(experiment))


def _progress(experiment: Experiment, job: runs.Run | None) -> None:
    if job is None:
        known = runs.kept(experiment)
        told = f"a {known.status} run of {known.updates} is in the library" if known is not None else "not trained yet"
        st.progress(0.0, f"{experiment.steps} updates with {experiment.optimizer.kind}, {told}")
        return
    done, total = job.recorded, experiment.steps
    parts = [f"{done} of {total} updates"]
    if job.place:
        parts = [f"waiting for others to finish: place {job.place} in the queue"]
    elif job.phase == "running" and job.rate > 0:
        parts += [f"{job.rate:.0f}/s", f"{duration((total - done) / job.rate)} left", *filter(None, [job.origin])]
    elif job.error is not None:
        parts = [f"ended: {job.error}"]
    elif job.phase == "paused":
        parts.append("paused")
    elif job.phase == "ended":
        parts += [job.status, "Reset shows the start"]
    st.progress(min(1.0, done / total), " · ".join(parts))
