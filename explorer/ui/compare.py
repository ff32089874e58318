"""The Compare page: two to six experiments in the same charts, trained together, and a table of what differs."""

import streamlit as st

from explorer.figures.curves import LETTERS
from explorer.ui import compared, notices
from explorer.ui.compare_stage import compare_stage
from explorer.ui.compared import Comparison
from explorer.ui.controls import controls
from explorer.ui.everywhere import hidden
from explorer.ui.given import put
from explorer.workers.processes import PROCESSES


def _choose(found: Comparison) -> None:
    """Which experiment the controls are about; one more, or one less."""

    def chosen() -> None:
        compared.change(Comparison(found.experiments, LETTERS.index(st.session_state["letter"])))

    def duplicate() -> None:
        more = (*found.experiments, found.experiments[found.at])
        compared.change(Comparison(more, len(more) - 1))

    def remove() -> None:
        rest = found.experiments[: found.at] + found.experiments[found.at + 1 :]
        compared.change(Comparison(rest, min(found.at, len(rest) - 1)))

    letters = list(LETTERS[: len(found.experiments)])
    put("letter", LETTERS[found.at])
    st.segmented_control(
        "The controls are about", letters, key="letter", required=True, on_change=chosen,
        help="Change one thing, and the charts show what it does.",
    )  # fmt: skip
    left, right = st.columns(2)
    many = len(found.experiments)
    left.button("Duplicate", key="duplicate", on_click=duplicate, disabled=many >= compared.MOST, width="stretch")
    right.button("Remove", key="remove", on_click=remove, disabled=many <= compared.LEAST, width="stretch")


found = compared.current()
with st.sidebar:
    if not hidden("controls"):
        _choose(found)
    controls(found.experiments[found.at])
notices.show()
compare_stage(found.experiments)
PROCESSES.warm_up()
