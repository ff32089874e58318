"""The stage of the Truncation page: a choice of pictures of the experiment at hand, each with what it says."""

from functools import partial

import plotly.graph_objects as go
import streamlit as st
import xarray as xr

from explorer.experiment import Experiment
from explorer.figures import bias_by_length, by_lag, credit_map, influence, untitled
from explorer.file_names import stem
from explorer.instruments import influence_balancing
from explorer.prices import SIZES
from explorer.scripts import script
from explorer.ui import address
from explorer.ui.board import Panel, board
from explorer.ui.everywhere import hidden
from explorer.ui.exports import export
from explorer.ui.look import theme
from explorer.ui.pictures import Instrument, Picture, Shown
from explorer.ui.truncation_cost import OVER, Costs
from explorer.ui.truncation_memory import Memory
from explorer.ui.truncation_training import Adapted, Beside

BOARD = TRUNCATION = "truncation"
PICTURE = "picture"
KEYS = (PICTURE, OVER)
LOOK = 0.5  # seconds between two looks at what is under way
AREAS, NARROW = '"picture" 560px "scrub" 4px / 1fr', '"picture" 440px "scrub" 4px / 1fr'
BLOCKS = [1, 2, 3, 5, 7, 10, 14, 20, 30, 40, 50, 70, 100, 140, 200]  # lengths at which influence balancing is shown


def _bias(found: xr.Dataset, experiment: Experiment) -> go.Figure:
    task = experiment.task
    return bias_by_length(found, theme(), lag=float(task.question[0] - task.signal[0][1]))


class _Influence(Picture):
    label = "Sign"

    def show(self, experiment: Experiment) -> Shown:
        """Draw a system in which truncation turns the gradient round, whatever the experiment."""
        del experiment
        found, claim = influence_balancing(BLOCKS), "shorter is only cheaper"
        return Shown(influence(found, theme()), claim=claim, numbers=found, file="influence-balancing")


PICTURES: dict[str, Picture] = {
    "credit": Instrument("Credit", "credit", lambda found, _: credit_map(found, theme())),
    "lags": Instrument("Lags", "lags", lambda found, _: by_lag(found, theme())),
    "bias": Instrument("Bias", "bias", _bias),
    "variants": Beside(),
    "adaptive": Adapted(),
    "memory": Memory(),
    "sign": _Influence(),
    "cost": Costs(TRUNCATION),
}
_LAST = "truncation picture"


def truncation_stage(experiment: Experiment) -> None:
    """Show one picture of the experiment, and what starts and stops it."""
    name = _shown()
    address.choice(TRUNCATION, OVER, list(SIZES))  # told also where another picture is shown
    picture = PICTURES[name]
    last = st.session_state.get(_LAST)
    if last is not None and last != name:
        PICTURES[last].leave()
    st.session_state[_LAST] = name
    busy = picture.busy(experiment)

    @st.fragment(run_every=LOOK if busy else None)
    def live() -> None:
        _draw(name, picture.show(experiment), experiment)
        picture.progress(experiment)
        if busy != picture.busy(experiment):
            st.rerun()  # sets the timer anew

    with st.container(horizontal=True, vertical_alignment="center", key="transport"):
        if not hidden("train"):
            picture.buttons(experiment)
        if not hidden("picture"):
            _choice(name)
        export(BOARD, experiment.model_dump_json(indent=2), partial(script, experiment))
    live()


def _choice(shown: str) -> None:
    def changed() -> None:
        others = {key: values for key, values in address.own(TRUNCATION).items() if key != PICTURE}
        name = st.session_state["truncation-picture"]
        address.change_own(TRUNCATION, {**others, PICTURE: [name]} if name != next(iter(PICTURES)) else others)

    st.session_state["truncation-picture"] = shown
    st.segmented_control(
        "Picture", list(PICTURES), format_func=lambda name: PICTURES[name].label, key="truncation-picture",
        required=True, on_change=changed, label_visibility="collapsed",
    )  # fmt: skip


def _shown() -> str:
    return address.choice(TRUNCATION, PICTURE, PICTURES)


def _draw(name: str, shown: Shown, experiment: Experiment) -> None:
    if shown.figure is None:
        board(
            BOARD,
            [],
            areas=AREAS,
            narrow=NARROW,
            headline=shown.sentence,
            revision=f"{name} {experiment.digest}",
        )
        return
    figure = untitled(shown.figure)
    meta, numbers = figure.layout.meta, shown.numbers
    claim = f"put to the test: “{shown.claim}”" if shown.claim else ""
    parts = [part for part in (claim, meta["equation"], meta["note"]) if part]
    board(
        BOARD,
        [Panel("picture", figure, str(meta["alt"]))],
        areas=AREAS,
        narrow=NARROW,
        headline=meta["said"],
        subline=" · ".join(parts),
        revision=f"{name} {experiment.digest}",
        numbers=(lambda: numbers) if numbers is not None else None,
        file=shown.file or f"{PICTURES[name].label.lower()}-{stem(experiment)}",
    )
