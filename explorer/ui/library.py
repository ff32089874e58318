"""The Library page: every run that was kept; filter, open, compare, pin, delete, export."""

from functools import partial
from typing import Any

import streamlit as st

from explorer.collection import check_room, collected
from explorer.dataset import UNITS, SaveError, encoded
from explorer.entries import Entry
from explorer.library import library
from explorer.several import SweepError
from explorer.ui import address, compared, notices, runs
from explorer.ui.compared import Comparison
from explorer.ui.given import put

LIBRARY, GO = "library", "go to"
FILTER = "filter"
CHOSEN, DELETIONS = "chosen runs", "deletions"
HEIGHT, ROW = 520, 35  # px of the list and of a row in it
ASIDE = 20  # files that are none of its own, told one by one
EACH = {".nc": 8.0 * len(UNITS), ".csv": 1500.0}  # bytes for each update and time step; a line of a table names its run
PAGES = {"explore": "explorer/ui/explore.py", "compare": "explorer/ui/compare.py"}


def _about(entry: Entry) -> str:
    """The experiment in the shortest words that name it."""
    return ", ".join(f"{key} = {value}" for key, value in entry.experiment.explicit().items()) or "the default"


def _filtered(entries: list[Entry], words: str) -> list[Entry]:
    """Those whose line holds every word."""
    wanted = words.lower().split()
    return [entry for entry in entries if all(word in _whole(entry) for word in wanted)]


def _whole(entry: Entry) -> str:
    """All that a run can be found by, what is as by default included."""
    fields = " ".join(f"{key} = {value}" for key, value in entry.experiment.flat().items())
    return f"{fields} {entry.status} {'pinned' * entry.pinned}".lower()


def _filter() -> str:
    """The words to filter by, from the link or as written here."""

    def changed() -> None:
        words = st.session_state["filter-runs"].strip()
        address.change_own(LIBRARY, {FILTER: [words]} if words else {})

    put("filter-runs", (address.own(LIBRARY).get(FILTER) or [""])[-1])
    return st.text_input(
        "Filter", key="filter-runs", on_change=changed, placeholder="Filter, such as: lstm adding finished",
        label_visibility="collapsed",
    )  # fmt: skip


def _table(entries: list[Entry]) -> dict[str, list[Any]]:
    return {
        "experiment": [_about(entry) for entry in entries],
        "status": [entry.status for entry in entries],
        "updates": [entry.updates for entry in entries],
        "last loss": [entry.loss for entry in entries],
        "used": [entry.used for entry in entries],
        "size": [entry.size for entry in entries],
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
    st.session_state[DELETIONS] = st.session_state.get(DELETIONS, 0) + 1
    try:
        for entry in entries:
            library().delete(entry.experiment)
    except SaveError as error:
        address.notice(str(error))


def _too_much(entries: list[Entry], suffix: str) -> str | None:
    """The sentence of why these do not go into one file; told before, for a download cannot say it."""
    if not entries:
        return "No run is shown."
    updates, time = max(e.updates for e in entries), max(e.experiment.task.steps for e in entries)
    try:
        check_room(len(entries), updates, time, EACH[suffix])
    except SweepError as error:
        return str(error)
    return None


def _file(entries: list[Entry], suffix: str) -> bytes:
    found = [library().open(entry.experiment) for entry in entries]
    return encoded(collected([run for run in found if run is not None]), suffix)


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
        some = sum(entry.pinned for entry in chosen)
        pinned = 0 < some == len(chosen)
        st.button(
            "Unpin" if pinned else "Pin", key="pin-runs", on_click=_pin, args=(chosen,), disabled=not chosen,
            help="A pinned run stays however full the library is.",
        )  # fmt: skip
        # Another popover after each deletion, for an open one would stay open.
        with st.popover("Delete", disabled=not chosen, key=f"delete {st.session_state.get(DELETIONS, 0)}"):
            st.write("All who use this server share these runs. What is deleted is gone for everybody.")
            word = f"Delete {_runs(len(chosen))}" + (f", {some} of them pinned" if some else "")
            st.button(word, key="delete-runs", on_click=_delete, args=(chosen,))
        for suffix in EACH:
            why = _too_much(exported, suffix)
            st.download_button(
                f"Export {what} as {suffix}", partial(_file, exported, suffix), f"runs{suffix}",
                key=f"export-{suffix[1:]}", disabled=why is not None, help=why, on_click="ignore",
            )  # fmt: skip


def _runs(number: int) -> str:
    return f"{number} run{'s' * (number != 1)}"


def _list(shown: list[Entry]) -> list[Entry]:
    """The list; the runs chosen in it stay chosen where others come, go or change places."""
    digests = [entry.experiment.digest for entry in shown]
    chosen = st.session_state.get(CHOSEN, ())
    rows = [row for row, digest in enumerate(digests) if digest in chosen]
    height = min(HEIGHT, ROW * (len(shown) + 1) + 3)
    picked = st.dataframe(
        _table(shown), hide_index=True, height=height, on_select="rerun", selection_mode="multi-row",
        # The browser knows rows by their numbers: another list is another widget.
        key=f"kept runs {hash(tuple(digests))}", selection_default={"selection": {"rows": rows}},
        column_config={
            "status": st.column_config.TextColumn(width=90),
            "updates": st.column_config.NumberColumn(width=80),
            "last loss": st.column_config.NumberColumn(format="%.3g", width=85),
            "used": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=145),
            "size": st.column_config.NumberColumn(format="bytes", width=85),
            "pinned": st.column_config.CheckboxColumn(width=70),
        },
    )  # fmt: skip
    found = [shown[row] for row in picked["selection"]["rows"] if row < len(shown)]
    st.session_state[CHOSEN] = {entry.experiment.digest for entry in found}
    return found


if page := st.session_state.pop(GO, None):
    st.switch_page(PAGES[page])
address.current(LIBRARY, (FILTER,), alone=True)
entries, aside = library().entries()
filled, room = sum(entry.size for entry in entries) / 1e6, library().room / 1e6
many = f"{_runs(len(entries))} kept: {filled:.{0 if filled > 10 else 1}f} of {room:.0f} MB"
st.header(many if entries else "No run is kept yet", anchor=False)
if not entries:
    st.write("Train an experiment on the Explore page: once it has ended, or its tab is closed, its run stands here.")
else:
    words = _filter()
    shown = _filtered(entries, words)
    place = st.container()
    chosen = _list(shown) if shown else []
    if not shown:
        st.write("No run has all these words.")
    with place:
        _actions(chosen, shown)
for file in aside[:ASIDE]:
    st.caption(f"Set aside: {notices.plain(file.sentence)}")
if aside[ASIDE:]:
    st.caption(f"Set aside: {len(aside) - ASIDE} more files.")
notices.show()
