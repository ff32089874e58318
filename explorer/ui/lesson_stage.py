"""The stage of a lesson: its controls, the charts under what was seen, and the buttons of a live run."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
import xarray as xr

from explorer.collection import collected
from explorer.figures import Theme, style
from explorer.figures.updates import kept
from explorer.lessons import Control, Material
from explorer.scripts import script
from explorer.ui import lesson_place, lesson_runs
from explorer.ui.board import Board, Offer, Panel, Rich, Scrub, show
from explorer.ui.everywhere import hidden
from explorer.ui.exports import export
from explorer.ui.given import put
from explorer.ui.lesson_place import Place
from explorer.ui.lesson_text import sections
from explorer.ui.look import duration, theme

BOARD = "lesson"
LOOK = 0.25  # seconds between two redraws while something is under way
FEW, WIDTH = 3, 260  # choices that stand side by side; px of a slider
MISSING = "The runs kept for this lesson are not here; make them with: python -m explorer lessons --make"
WAITING = "Choose what you expect, then reveal what is measured."


def lesson_stage(place: Place) -> None:
    """Show the lesson's experiment."""
    busy = lesson_runs.running(place)

    @st.fragment(run_every=LOOK if busy else None)
    def live() -> None:
        _charts(place, busy=busy)
        if busy != lesson_runs.running(place):
            st.rerun()  # sets the timers anew

    @st.fragment(run_every=LOOK if busy else None)
    def progress() -> None:
        _progress(place)

    with st.container(horizontal=True, vertical_alignment="bottom", key="lesson-row"):
        for control in place.lesson.controls:
            if not (hidden(control.key) or hidden("controls")):
                _control(place, control)
        if place.lesson.live != "measure" and not hidden("train"):
            _buttons(place, busy=busy)
        _export(place)
        if place.lesson.live != "measure":
            progress()
    live()


def _charts(place: Place, *, busy: bool) -> None:
    lesson, look = place.lesson, theme()
    found = lesson_runs.material(place)
    if not found:
        show(BOARD, Offer(Board(areas=lesson.areas, headline=MISSING), look))
        return
    figures = lesson.figures(found, place.values, look, revealed=place.revealed)
    drawn = Board(
        [Panel(area, figure, str(figure.layout.meta["alt"])) for area, figure in figures.items()],
        lesson.areas,
        headline=seen(place, found) if place.revealed else WAITING,
        scrub=_scrub(place, found) if place.revealed and not busy else None,
        revision=f"{lesson.name} {place.revealed} {place.values}",
        file=f"lesson-{place.number + 1}-{lesson.name}",
    )
    answer = _revealed(place, found, drawn, look)
    offer = Offer(drawn, look, lambda: numbers(found), lambda: sections(lesson, answer, look), lesson.title)
    show(BOARD, offer, _picked)


def _revealed(place: Place, found: Material, drawn: Board, look: Theme) -> Board:
    """The board with the answer, for a page that has it hidden."""
    if place.revealed:
        return drawn
    figures = place.lesson.figures(found, place.values, look, revealed=True)
    panels = [Panel(area, figure, str(figure.layout.meta["alt"])) for area, figure in figures.items()]
    return replace(drawn, panels=panels, headline=seen(place, found), scrub=_scrub(place, found))


def numbers(found: Material) -> xr.Dataset:
    """The material as one Dataset: runs side by side where it is of runs, else the one that it is about."""
    runs = list(found.values())
    return collected(runs) if all("status" in run.attrs for run in runs) else runs[0]


def _picked(panel: str, number: int) -> None:
    place = lesson_place.here()
    values = place.lesson.picked(panel, number) if place.revealed else {}
    if values:
        lesson_place.change(place, **values)


def seen(place: Place, found: Material) -> Rich:
    """What was seen, with the cells it names in their colours."""
    pieces = place.lesson.seen(found, place.values)
    return [(text, style(cell, theme()).colour if cell else None) for text, cell in pieces]


def _scrub(place: Place, found: Material) -> Scrub | None:
    """The updates to look back at, where the lesson trains."""
    most = max((dataset.sizes.get("step", 1) for dataset in found.values()), default=1)
    if place.lesson.live != "train" or most < 3:
        return None
    rows = kept(most)
    tracks = {
        f"grad_h {place}": dataset["grad_h"].values[np.minimum(rows, dataset.sizes["step"] - 1)]
        for place, dataset in enumerate(found.values())
    }
    longest = max(found.values(), key=lambda dataset: dataset.sizes["step"])
    said = {"headline": [seen(place, found)] * (len(rows) - 1) + [seen(place, found)]}
    return Scrub(longest["step"].values[rows], tracks, int(longest["step"].values[-1]) + 1, said)


def _control(place: Place, control: Control) -> None:
    key, value = f"lesson-{place.lesson.name}-{control.key}", place.values[control.key]
    off = not place.revealed

    def to(value: object) -> None:
        lesson_place.change(lesson_place.here(), **{control.key: value})

    at = list(control.values).index(value)
    if control.stepped:
        last = len(control.values) - 1
        st.button("Back", key="step-back", on_click=to, args=(control.values[max(0, at - 1)],), disabled=off or not at)
        st.button(
            "Next step", key="step-on", type="primary", on_click=to, args=(control.values[min(last, at + 1)],),
            disabled=off or at == last,
        )  # fmt: skip
    put(key, value)
    common: dict[str, Any] = {"key": key, "help": control.help, "disabled": off, "format_func": control.words}
    common["on_change"] = lambda: to(st.session_state[key])
    if len(control.values) <= FEW:
        st.segmented_control(control.label, control.values, required=True, **common)
    else:
        st.select_slider(control.label, control.values, width=WIDTH, **common)


def _export(place: Place) -> None:
    about = place.lesson.focus(place.values)
    told = json.dumps(place.values) if about is None else about.model_dump_json(indent=2)
    export(BOARD, told, None if about is None else partial(script, about))


def _buttons(place: Place, *, busy: bool) -> None:
    """Make the material anew, here and now."""
    started = bool(lesson_runs.jobs(place)) or lesson_runs.pricing(place)
    word, act = (
        ("Measure here", lesson_runs.price) if place.lesson.live == "cost" else ("Train live", lesson_runs.train)
    )
    st.button(word, key="lesson-live", type="primary", on_click=act, args=(place,), disabled=not place.revealed or busy)
    st.button("Stop", key="lesson-stop", on_click=lesson_runs.stop, args=(place,), disabled=not busy)
    st.button("Reset", key="lesson-reset", on_click=lesson_runs.reset, args=(place,), disabled=not started)


def _progress(place: Place) -> None:
    found = lesson_runs.jobs(place)
    if lesson_runs.pricing(place):
        st.progress(
            1.0 if not lesson_runs.running(place) else 0.5, "measured on this machine, one update after another"
        )
    elif found:
        made, total = sum(job.recorded for job in found.values()), sum(job.experiment.steps for job in found.values())
        rate = sum(job.rate for job in found.values() if job.phase == "running")
        parts = [f"{made} of {total} updates", *(job.error for job in found.values() if job.error)]
        if rate and lesson_runs.running(place):
            parts.append(f"{duration((total - made) / rate)} left")
        st.progress(min(1.0, made / total), " · ".join(parts))
    else:
        st.progress(0.0, "shown from the project's own run")
