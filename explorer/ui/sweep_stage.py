"""The stage of the Sweep page: how much is asked for, a picture that fills in, progress, and a stop that works."""

import json
import re
from dataclasses import dataclass
from math import inf

import numpy as np
import streamlit as st

from explorer.experiment import Experiment
from explorer.figures import cost_by_length, decay_by_gain, learned_map, norm_spread, reach_by_length, untitled
from explorer.grid import Grid
from explorer.groups import seconds
from explorer.problems import ExperimentError
from explorer.several import SweepError
from explorer.summaries import summaries
from explorer.ui import address, notices, runs
from explorer.ui.board import Panel, board
from explorer.ui.costs import distinct, find_out, grid_costs
from explorer.ui.everywhere import hidden, projecting
from explorer.ui.exports import export
from explorer.ui.look import duration, theme
from explorer.ui.presence import presence
from explorer.ui.sweep_plan import KEYS, PICTURE, SWEEP, choose, plan
from explorer.workers.processes import CORES
from explorer.workers.side_by_side import SideBySide

__all__ = ["KEYS", "SWEEP", "leave_for_a_run", "sweep_stage"]
COST = "cost"
PICTURES = {
    "reach": ("Gradient", reach_by_length),
    "learned": ("Learned", learned_map),
    "norms": ("Norm", norm_spread),
    "decay": ("Decay", decay_by_gain),
    COST: ("Cost", cost_by_length),
}
LOOK = 0.5  # seconds between two looks at runs under way
AREAS = '"picture" 440px "scrub" 4px / 1fr'
OPEN = 360  # px, of the list of runs
BOARD, _JOB, _GO = "sweep", "sweep job", "open run"


@dataclass
class _Job:
    grid: Grid
    runs: SideBySide


def leave_for_a_run() -> None:
    """Go to the Explore page where a point was clicked."""
    if st.session_state.pop(_GO, False):
        st.switch_page("explorer/ui/explore.py")


def sweep_stage(experiment: Experiment) -> None:
    """Show the sweep around an experiment: its plan, its progress, its pictures."""
    job: _Job | None = st.session_state.get(_JOB)
    asked = plan()
    if not hidden("vary"):
        with st.expander(f"What varies: {asked.words}", expanded=job is None and not projecting()):
            choose(asked)
    try:
        grid = asked.grid(experiment)
    except (SweepError, ExperimentError) as error:
        st.error(notices.plain(str(error)))
        grid = None
    mine = job if job is not None and grid is not None and job.grid.experiments == grid.experiments else None
    running = job is not None and job.runs.phase == "running"

    measuring = grid is not None and not running and _shown() == COST and find_out(distinct(grid))

    often = max(LOOK, 1e-3 * len(grid.experiments)) if grid is not None else LOOK  # drawing many takes its time

    @st.fragment(run_every=often if running or measuring else None)
    def live() -> None:
        if job is not None:
            job.runs.touch()
        _progress(grid, mine, job)  # above the picture, where it is seen beside an open plan, too
        if grid is not None:
            _picture(grid, mine)
        ended = job is not None and running != (job.runs.phase == "running")
        if ended or (measuring and grid is not None and not find_out(distinct(grid))):
            st.rerun()  # sets the timer anew

    with st.container(horizontal=True, vertical_alignment="center", key="transport"):
        if not hidden("train"):
            _buttons(grid, job, mine, running=running)
        if not hidden("picture"):
            put_picture()
        if grid is not None:
            export(BOARD, json.dumps({"config": grid.config.model_dump(mode="json"), "over": grid.over}, indent=2))
    live()
    if mine is not None and mine.runs.summaries and not projecting():
        _open_one(mine)


def put_picture() -> None:
    """The choice of the picture."""

    def changed() -> None:
        others = {key: values for key, values in address.own(SWEEP).items() if key != PICTURE}
        name = st.session_state["picture"]
        address.change_own(SWEEP, {**others, PICTURE: [name]} if name != next(iter(PICTURES)) else others)

    st.session_state["picture"] = _shown()
    st.segmented_control(
        "Picture", list(PICTURES), format_func=lambda name: PICTURES[name][0], key="picture", required=True,
        on_change=changed, label_visibility="collapsed",
    )  # fmt: skip


def _shown() -> str:
    return address.choice(SWEEP, PICTURE, PICTURES)


def _buttons(grid: Grid | None, job: _Job | None, mine: _Job | None, *, running: bool) -> None:
    """Start and stop."""

    def start() -> None:
        if grid is not None:
            if job is not None:
                job.runs.stop()
            # Leaving the page for a run does not end the sweep, closing the tab does.
            st.session_state[_JOB] = _Job(grid, SideBySide(grid, lease=inf, present=presence()))

    def stop() -> None:
        if job is not None:
            job.runs.stop()

    whole = mine is not None and len(mine.runs.summaries) == len(mine.grid.experiments)
    st.button(
        "Go on" if mine is not None and not whole else "Start", key="start", type="primary", on_click=start,
        disabled=grid is None or running or whole,
    )  # fmt: skip
    st.button("Stop", key="stop-sweep", on_click=stop, disabled=not running)


def _picture(grid: Grid, mine: _Job | None) -> None:
    found = dict(mine.runs.summaries) if mine is not None else {}
    name = _shown()
    shown = summaries(grid, found)
    if name == COST:
        shown = shown.assign(grid_costs(grid))
    figure = untitled(PICTURES[name][1](shown, theme()))
    meta = figure.layout.meta
    note = f" ({meta['note']})" if meta["note"] else ""

    known = bool(found) if name != COST else bool(np.isfinite(shown["seconds"]).any())
    board(
        BOARD,
        [Panel("picture", figure, str(meta["alt"]))],
        areas=AREAS,
        headline=meta["said"],
        subline=f"{_amount(grid)}{note}.",
        revision=f"{name} {hash(tuple(experiment.digest for experiment in grid.experiments))}",
        picked=lambda _panel, place: _go(grid.experiments[place]),
        numbers=(lambda: shown) if known else None,
        file=f"{PICTURES[name][0].lower()}-by-{'-'.join(_varied(grid))}",
    )
    if st.session_state.get(_GO):
        st.rerun()


def _go(experiment: Experiment) -> None:
    """Show a run on the Explore page."""
    runs.show_kept(experiment)
    address.show(experiment)
    st.session_state[_GO] = True


def _open_one(job: _Job) -> None:
    """The runs that are done, by name: the way to them without a mouse."""
    grid = job.grid

    def chosen() -> None:
        number = st.session_state.pop("open-one")
        if number is not None:
            _go(grid.experiments[number])

    st.selectbox(
        "Open a run", sorted(job.runs.summaries), index=None, format_func=lambda number: _name(grid, number),
        key="open-one", on_change=chosen, placeholder="Open a run", label_visibility="collapsed", width=OPEN,
    )  # fmt: skip


def _name(grid: Grid, number: int) -> str:
    """A run by its place on each axis that has more than one, such as "lstm, window 5 5, seed 3"."""
    places = np.unravel_index(number, [len(values) for values in grid.axes.values()])
    own = [
        (name, values[place])
        for (name, values), place in zip(grid.axes.items(), places, strict=True)
        if len(values) > 1
    ]
    said = [value if isinstance(value, str) else f"{name.replace('_', ' ')} {value}" for name, value in own]
    return ", ".join(" ".join(re.sub(r"[(),]|\w+=", " ", part).split()) for part in said) or "the run"


def _varied(grid: Grid) -> list[str]:
    """Names of the axes with more than one value, in letters of a file name."""
    varied = [name for name, values in grid.axes.items() if len(values) > 1]
    return [re.sub(r"[^a-z0-9]+", "-", name) for name in varied or ["run"]]


def _amount(grid: Grid) -> str:
    axes = [f"{len(values)} {_plural(name)}" for name, values in grid.axes.items() if len(values) > 1]
    return f"{len(grid.experiments)} runs: {' × '.join(axes)}" if axes else "1 run"


def _plural(name: str) -> str:
    words = name.replace("_", " ").removesuffix(".kind")
    return words if words.endswith("ing") else f"{words}s"


def _progress(grid: Grid | None, mine: _Job | None, job: _Job | None) -> None:
    """How far it is, or how long it would take."""
    if job is not None and mine is None and job.runs.phase == "running":
        st.progress(job.runs.made / job.runs.total, "the sweep asked for before is still under way; Stop ends it")
    elif mine is not None:
        done, total = len(mine.runs.summaries), len(mine.grid.experiments)
        parts = [f"{done} of {total} runs"]
        if mine.runs.error is not None:
            parts.append(mine.runs.error)
        elif mine.runs.phase == "running":
            left = mine.runs.left
            parts.append(f"{duration(left)} left" if left is not None else "starting")
        else:
            parts.append("stopped; what is done is kept" if mine.runs.stopped and done < total else "done")
            parts += ["click on a point to open its run"] * bool(done)
        st.progress(min(1.0, mine.runs.made / mine.runs.total), " · ".join(parts))
    elif grid is not None:
        updates = sum(experiment.steps for experiment in grid.experiments)
        st.progress(
            0.0,
            f"{len(grid.experiments)} run{'s' * (len(grid.experiments) > 1)}, {updates} updates, "
            f"about {duration(seconds(grid.experiments, CORES))}; "
            "runs in the library are not made again",
        )
