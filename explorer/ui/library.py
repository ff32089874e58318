"""The Library page: every run that was kept; filter, open, compare, pin, delete, export."""

from functools import partial
from typing import Any

import streamlit as st

from explorer.collection import collected
from explorer.dataset import SaveError, encoded
from explorer.library import Entry, library
from explorer.several import SweepError
from explorer.ui import address, compared, runs
from explorer.ui.compared import Comparison

LIBRARY, GO = "library", "go to"
HEIGHT = 520  # px of the list
PAGES = {"explore": "explorer/ui/explore.py", "compare": "explorer/ui/compare.py"}


def _about(entry: Entry) -> str:
    """The experiment in the shortest words that name it."""
    return ", ".join(f"{key} = {value}" for key, value in entry.experiment.explicit().items()) or "the default"


def _filtered(entries: list[Entry], words: str) -> list[Entry]:
    """Those whose line holds every word."""
    wanted = words.lower().split()
    return [e for e in entries if all(word in f"{_about(e)} {e.status}".lower() for word in wanted)]


def _table(entries: list[Entry]) -> dict[str, list[Any]]:
    return {
        "experiment": [_about(entry) for entry in entries],
        "status": [entry.status for entry in entries],
        "updates": [entry.updates for entry in entries],
        "last loss": [entry.loss for entry in entries],
        "used": [entry.used for entry in entries],
        "MB": [entry.size / 1e6 for entry in entries],
        "pinned": [entry.pinned for entry in entries],
    }


def _open(entry: Entry) -> None:
    runs.show_kept(entry.experiment)
    address.show(entry.experiment)
    st.session_state[GO] = "explore"


def _compare(entries: list[Entry]) -> None:
    compared.change(Comparison(tuple(entry.experiment for entry in entries), 0))
    st.session_state[GO] = "compare"


def _pin(entries: list[Entry]) -> None:
    """Pin all, or where all are pinned, none."""
    try:
        for entry in entries:
            library().pin(entry.experiment, pinned=not all(e.pinned for e in entries))
    except SaveError as error:
        address.notice(str(error))


def _delete(entries: list[Entry]) -> None:
    for entry in entries:
        library().delete(entry.experiment)


def _file(entries: list[Entry], suffix: str) -> bytes:
    found = [library().open(entry.experiment) for entry in entries]
    try:
        return encoded(collected([run for run in found if run is not None]), suffix)
    except SweepError as error:
        return f"{error}\n".encode()


def _actions(chosen: list[Entry], shown: list[Entry]) -> None:
    """What can be done with the runs chosen; exports take all that are shown where none is."""
    exported = chosen or shown
    what = f"{len(chosen)} chosen" if chosen else f"all {len(shown)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Open", key="open-run", type="primary", on_click=_open, args=chosen[:1], disabled=len(chosen) != 1)
        st.button(
            "Compare", key="compare-runs", on_click=_compare, args=(chosen,),
            disabled=not compared.LEAST <= len(chosen) <= compared.MOST,
            help=f"Choose {compared.LEAST} to {compared.MOST} runs.",
        )  # fmt: skip
        pinned = bool(chosen) and all(entry.pinned for entry in chosen)
        st.button(
            "Unpin" if pinned else "Pin", key="pin-runs", on_click=_pin, args=(chosen,), disabled=not chosen,
            help="A pinned run stays however full the library is.",
        )  # fmt: skip
        with st.popover("Delete", disabled=not chosen):
            st.write(f"{len(chosen)} of {len(shown)} runs will be gone.")
            st.button("Delete them", key="delete-runs", on_click=_delete, args=(chosen,))
        for suffix in (".nc", ".csv"):
            st.download_button(
                f"Export {what} as {suffix}", partial(_file, exported, suffix), f"runs{suffix}",
                key=f"export-{suffix[1:]}", disabled=not exported, on_click="ignore",
            )  # fmt: skip


if page := st.session_state.pop(GO, None):
    st.switch_page(PAGES[page])
address.current(LIBRARY, ("filter",), alone=True)
entries, aside = library().entries()
filled, room = sum(entry.size for entry in entries) / 1e6, library().room / 1e6
st.subheader(f"{len(entries)} runs are kept: {filled:.0f} of {room:.0f} MB" if entries else "No run is kept yet")
if not entries:
    st.write("Train an experiment on the Explore page: once it has ended, or its tab is closed, its run stands here.")
else:
    words = st.text_input("Filter", key="filter-runs", placeholder="lstm adding finished", label_visibility="collapsed")
    shown = _filtered(entries, words)
    place = st.container()
    picked = st.dataframe(
        _table(shown), hide_index=True, height=HEIGHT, on_select="rerun", selection_mode="multi-row", key="kept runs",
        column_config={
            "experiment": st.column_config.TextColumn(width="large"),
            "last loss": st.column_config.NumberColumn(format="%.3g"),
            "used": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "MB": st.column_config.NumberColumn(format="%.1f"),
        },
    )  # fmt: skip
    with place:
        _actions([shown[row] for row in picked["selection"]["rows"] if row < len(shown)], shown)
for file in aside:
    st.caption(f"Set aside: {file.sentence}")
for sentence in address.notices():
    st.toast(sentence)
