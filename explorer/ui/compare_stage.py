"""The stage of the Compare page: overlaid charts with one scrubber, training side by side, the table."""

import json
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from itertools import takewhile
from math import inf

import numpy as np
import streamlit as st
import xarray as xr

from explorer.boards import Board, Panel, Scrub, Section, Table
from explorer.collection import collected
from explorer.experiment import Experiment
from explorer.figures import gradient, losses, style
from explorer.figures.curves import LETTERS
from explorer.figures.updates import kept
from explorer.file_names import stem
from explorer.findings import VERDICTS, compared, differing, verdicts, with_loss
from explorer.settings import text
from explorer.several import Several
from explorer.ui import compared as comparison
from explorer.ui.board import Offer, show
from explorer.ui.costs import cost_of, find_out
from explorer.ui.everywhere import hidden
from explorer.ui.exports import export
from explorer.ui.look import duration, theme
from explorer.ui.measured import Measured, starts
from explorer.ui.presence import presence
from explorer.workers.side_by_side import SideBySide

LOOK = 0.25  # seconds between two looks at runs or measurements under way
AREAS = '"gradient loss" 400px "scrub ." 44px / 1.75fr 1fr'
NARROW = '"gradient loss" 330px "scrub ." 44px / 1.6fr 1fr'  # the table's first rows stay in sight
BOARD, _JOB = "compare", "compare job"


def compare_stage(experiments: Sequence[Experiment]) -> None:
    """Show the experiments in the same charts."""
    job = _job(experiments)
    running = job is not None and job.phase == "running"
    waiting = _waits(_datasets(experiments, job)[1]) or (not running and find_out(experiments))

    @st.fragment(run_every=LOOK if running or waiting else None)
    def live() -> None:
        job = _job(experiments)
        if job is not None:
            job.touch()
        datasets, found = _datasets(experiments, job)
        _charts(experiments, datasets, job, found, running=running)
        more = _waits(found) or (not running and find_out(experiments))
        if waiting != more or (running and (job is None or job.phase == "ended")):
            st.rerun()  # sets the timer anew

    @st.fragment(run_every=0.5 if running else None)
    def progress() -> None:
        _progress(experiments, _job(experiments))

    live()
    with st.container(horizontal=True, vertical_alignment="center", key="transport"):
        if not hidden("train"):
            _buttons(job, running=running)
        export(BOARD, json.dumps([experiment.model_dump(mode="json") for experiment in experiments], indent=2))
        progress()


def _job(experiments: Sequence[Experiment]) -> SideBySide | None:
    """The training of exactly these experiments; another one ends."""
    job: SideBySide | None = st.session_state.get(_JOB)
    if job is not None and job.several.experiments != list(experiments):
        job.stop()
        del st.session_state[_JOB]
        return None
    return job


def _datasets(experiments: Sequence[Experiment], job: SideBySide | None) -> tuple[list[xr.Dataset | None], Measured]:
    """The run of each so far, or its measured start, None while or where there is none; and what is waited for."""
    runs = [job.dataset(number) if job is not None else None for number in range(len(experiments))]
    flows, found = starts([e for e, run in zip(experiments, runs, strict=True) if run is None])
    rest = iter(flows)
    return [run if run is not None else next(rest) for run in runs], found


def _waits(found: Measured) -> bool:
    return found.waiting is not None


def _charts(
    experiments: Sequence[Experiment], each: Sequence[xr.Dataset | None], job: SideBySide | None, found: Measured,
    *, running: bool,
) -> None:  # fmt: skip
    look, said = theme(), found.error or "One letter for each experiment; the table says what differs between them."
    recorded = [d for d in takewhile(lambda d: d is not None, each) if d is not None]  # charts count the letters
    datasets = [with_loss(run) for run in recorded]
    whole = len(datasets) == len(each)
    if found.waiting is not None:
        said = f"Measuring {LETTERS[len(datasets)]}: {found.waiting:.0f} s so far."
    figures = {"gradient": gradient(datasets, theme=look, equals=True), "loss": losses(datasets, look)}
    shown = Board(
        [Panel(name, figure, str(figure.layout.meta["alt"])) for name, figure in figures.items()],
        AREAS,
        narrow=NARROW,
        headline=compared(datasets, LETTERS) if len(datasets) > 1 else said,
        subline=said if len(datasets) > 1 else "",
        scrub=_scrub(experiments, datasets) if job is not None and not running and whole else None,
        revision=" ".join(experiment.digest for experiment in experiments),
        file=f"compare-{stem(*experiments)}",
    )
    rows = _rows(experiments, [with_loss(run) if run is not None else None for run in each])
    table = _table_of_file(experiments, rows)

    def page() -> list[Section]:
        scrub = _scrub(experiments, datasets) if job is not None and whole else None
        return [replace(shown, scrub=scrub), table]

    show(BOARD, Offer(shown, look, (lambda: collected(recorded)) if recorded else None, page))
    st.html(_table(experiments, rows))


def _scrub(experiments: Sequence[Experiment], datasets: Sequence[xr.Dataset]) -> Scrub | None:
    """The updates of the longest run to look back at; a shorter one stays at its last."""
    most = max(dataset.sizes["step"] for dataset in datasets)
    if most < 2:
        return None
    rows = kept(most)
    tracks = {
        f"grad_h {i}": dataset["grad_h"].values[np.minimum(rows, dataset.sizes["step"] - 1)]
        for i, dataset in enumerate(datasets)
    }
    longest = max(datasets, key=lambda dataset: dataset.sizes["step"])
    says = [
        compared([d.isel(step=slice(0, min(int(row), d.sizes["step"] - 1) + 1)) for d in datasets], LETTERS)
        for row in rows
    ]
    steps = longest["step"].values[rows]
    return Scrub(steps, tracks, max(experiment.steps for experiment in experiments), {"headline": says})


def _buttons(job: SideBySide | None, *, running: bool) -> None:
    def train() -> None:
        several = Several(comparison.now(), lambda number: LETTERS[number])
        st.session_state[_JOB] = SideBySide(several, whole=True, lease=inf, present=presence())

    def stop() -> None:
        if job is not None:
            job.stop()

    def reset() -> None:
        stop()
        st.session_state.pop(_JOB, None)

    done = job is not None and not running
    st.button("Train all", key="train-all", type="primary", on_click=train, disabled=running or done, shortcut="T")
    st.button("Stop", key="stop-all", on_click=stop, disabled=not running)
    st.button("Reset", key="reset-all", on_click=reset, disabled=job is None)


def _progress(experiments: Sequence[Experiment], job: SideBySide | None) -> None:
    if job is None:
        st.progress(0.0, f"{sum(e.steps for e in experiments)} updates in all; runs in the library are not made again")
        return
    parts = [f"{job.made} of {job.total} updates"]
    if job.error is not None:
        parts.append(job.error)
    elif job.phase == "running":
        parts.append(f"{duration(job.left)} left" if job.left is not None else "starting")
    else:
        parts.append("stopped" if job.stopped and job.made < job.total else "finished")
    st.progress(min(1.0, job.made / job.total), " · ".join(parts))


def _rows(experiments: Sequence[Experiment], datasets: Sequence[xr.Dataset | None]) -> list[list[str]]:
    """What differs, and what each came to: names of columns, then a row for each experiment."""
    keys = differing([experiment.explicit() for experiment in experiments])
    rows = [[""] + [key.replace("_", " ") for key in keys] + list(VERDICTS)]
    for letter, experiment, dataset in zip(LETTERS, experiments, datasets, strict=False):
        flat, cost = experiment.flat(), cost_of(experiment)
        said = {} if dataset is None else verdicts(dataset, *((cost.seconds, cost.memory) if cost else ()))
        rows.append([letter, *(text(flat.get(key, "")) for key in keys), *(said.get(name, "") for name in VERDICTS)])
    return rows


def _colours(experiments: Sequence[Experiment]) -> list[str]:
    return [style(experiment.cell.kind, theme()).colour for experiment in experiments]


def _table(experiments: Sequence[Experiment], rows: Sequence[Sequence[str]]) -> str:
    """The rows in the page."""
    head, *lines = [_line(row, colour) for row, colour in zip(rows, [None, *_colours(experiments)], strict=True)]
    table = f'<table class="compared"><thead>{head}</thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<div class="compared-room">{table}</div>'


def _table_of_file(experiments: Sequence[Experiment], rows: Sequence[Sequence[str]]) -> Table:
    """The rows in a file."""
    lines = zip(rows[1:], _colours(experiments), strict=True)
    return Table(rows[0], [[[(letter, colour)], *rest] for (letter, *rest), colour in lines])


def _line(cells: Sequence[str], colour: str | None) -> str:
    """A row of the table: headings, or an experiment under its letter."""
    first, *rest = map(escape, cells)
    if colour is None:
        heads = "".join(f'<th scope="col">{cell}</th>' for cell in rest)
        return f"<tr><td></td>{heads}</tr>"
    body = "".join(f"<td>{cell}</td>" for cell in rest)
    return f'<tr><th scope="row" style="color:{colour}">{first}</th>{body}</tr>'
