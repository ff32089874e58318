"""The sidebar: one widget for each field the experiment has, made from the field's own description."""

from functools import cache
from typing import Any

import numpy as np
import streamlit as st
import xarray as xr

from explorer.comparisons import measured
from explorer.experiment import Experiment
from explorer.findings import facts
from explorer.findings.published_sentences import published_beside_measured
from explorer.presets import PRESETS, Preset
from explorer.settings import Setting, text
from explorer.ui import address, runs
from explorer.ui.everywhere import hidden
from explorer.ui.given import put, stale

OWN = "Your own"
WORDS = {**facts.CELL_NAMES, "temporal_order": "temporal order", "pytorch": "PyTorch"}
SEGMENTED = 24  # letters of all choices together that still fit side by side
MORE = ("optimizer", "batch_size", "steps", "seed", "device", "dtype")  # top fields that wait in the expander


def controls(experiment: Experiment) -> None:
    """Draw all controls that the link does not hide; each change goes to the address, and the page runs again."""
    if hidden("controls"):
        return
    if not hidden("preset"):
        _preset(experiment)
    more: list[tuple[Setting, Any]] = []
    for setting, value in experiment.settings().items():
        if hidden(setting.key):
            continue
        if setting.path[0] in MORE or "bias" in setting.path:
            more.append((setting, value))
        else:
            _control(setting, value)
    if more:
        with st.expander("Biases, optimiser, sizes, seed"):
            for setting, value in more:
                _control(setting, value)


def _preset(experiment: Experiment) -> None:
    names = [preset.name for preset in PRESETS]
    here = next((preset.name for preset in PRESETS if preset.experiment == experiment), OWN)
    options = names if here in names else [OWN, *names]
    put("preset", here)

    def chosen() -> None:
        if stale("preset"):
            return
        preset = next((p for p in PRESETS if p.name == st.session_state["preset"]), None)
        if preset is not None:
            address.show(preset.experiment)

    st.selectbox("Preset", options, key="preset", on_change=chosen, help="Experiments worth starting from.")
    compared = next((preset for preset in PRESETS if preset.name == here and preset.published is not None), None)
    if compared is not None:
        st.caption(_beside(compared))


def _beside(preset: Preset) -> str:
    """The published number and what is measured here; a run counts once it has ended."""
    job = runs.of(preset.experiment)
    run = job.dataset() if job is not None and job.phase == "ended" else None
    assert preset.published is not None
    pieces = published_beside_measured(preset.published, _measured(preset.name), run)
    return "".join(text for text, _ in pieces).replace("_", "\\_").replace("*", "\\*")


@cache
def _measured(name: str) -> xr.Dataset:
    """What is measured beside a preset's published number; the same for everybody, and never changed."""
    return measured(next(preset for preset in PRESETS if preset.name == name))


def _control(setting: Setting, value: Any) -> None:
    """One field's widget, keyed by its URL key."""
    key = f"field-{setting.key}"

    def changed() -> None:
        # A tick on its way when the page gave this widget up brings it once more, as if somebody had just chosen it.
        gone = setting.path not in {s.path for s in address.now().settings()}
        if gone or stale(key):
            return
        address.change(**{setting.key: st.session_state[key]})

    label = setting.label
    common: dict[str, Any] = {"key": key, "help": setting.description, "on_change": changed}
    if setting.choices:
        put(key, value)
        if len("".join(setting.choices)) <= SEGMENTED:
            st.segmented_control(label, setting.choices, format_func=_word, required=True, **common)
        else:
            st.selectbox(label, setting.choices, format_func=_word, **common)
    elif setting.type is bool:
        put(key, value)
        st.toggle(label, **common)
    elif setting.slider is None:
        put(key, value)
        st.number_input(label, setting.ge, setting.le, **common)
    elif setting.log:
        low, high = setting.slider
        decades = np.arange(np.log10(low), np.log10(high) + 1e-9, 1 / 6)
        options = sorted({float(f"{10**d:.1g}") for d in decades} | {float(value)})
        put(key, float(value))
        st.select_slider(label, options, format_func=text, **common)
    else:
        kind = setting.type
        low, high = (kind(bound) for bound in setting.slider)
        put(key, value)
        st.slider(label, min(low, value), max(high, value), step=kind(setting.step or 1), **common)


def _word(choice: str) -> str:
    return WORDS.get(choice, choice)
