"""The Export button: what a page shows as pictures, an offline page, numbers, an experiment and a script."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any

import streamlit as st
import xarray as xr

from explorer.boards import rich, standalone
from explorer.boards.parts import FILES_HTML
from explorer.budget import limits
from explorer.dataset import encoded
from explorer.problems import ExperimentError
from explorer.scripts import WRITERS
from explorer.several import SweepError
from explorer.ui.board import Offer, drawn
from explorer.ui.everywhere import hidden

FRAMEWORKS = tuple(WRITERS)
NOTHING = "Nothing is measured yet; there is a file once there are results."
CELL = 60  # bytes of memory for each number that is made text; measured: 53
MOST = 150e6  # bytes that one message to the browser brings; the server's own limit is 200 MB
_FILES, _WANTED = "files", "wanted file"
_STUB = """
export default async function (component) {
  while (!globalThis.boardFiles) await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.boardFiles(component);
}
"""
_component = st.components.v2.component("board_files", html=FILES_HTML, js=_STUB, isolate_styles=False)
Script = Callable[[str], str]


class ExportError(Exception):
    """A file cannot be made; the sentence says why."""


def export(key: str, experiment: str, script: Script | None = None) -> None:
    """Put the button into the page, outside of what ticks: there, a click could be lost between two ticks.

    Args:
        key: of the board, which may be drawn later.
        experiment: what is shown, as JSON.
        script: gives the experiment as a program of its own for one of the `FRAMEWORKS`.
    """
    if not hidden("export"):
        with st.popover("Export", key="exports"):
            _files(key, experiment, script)


@st.fragment
def _files(key: str, experiment: str, script: Script | None) -> None:
    """The buttons, and with them the file that was asked for; only this runs for it, and a live page goes on."""

    def asked() -> None:
        st.session_state[_WANTED] = st.session_state[_FILES]["wanted"]

    head: dict[str, Any] = {"board": key, "scripts": script is not None}
    content = b""
    if wanted := st.session_state.get(_WANTED):
        offer = drawn(key).offer
        head["token"] = wanted["token"]
        try:
            head["name"], content = _made(str(wanted["file"]), offer, experiment, script)
            head["told"] = f"Saved as {head['name']}."
        except (ExportError, SweepError, ExperimentError) as error:
            head["told"] = str(error)
        except MemoryError:
            head["told"] = "The memory here is not enough for this file."
    text = json.dumps(head).encode()
    _component(key=_FILES, data=len(text).to_bytes(8, "little") + text + content, on_wanted_change=asked)
    st.session_state.pop(_WANTED, None)  # only now: a run of the whole page may have ended this one before


def _made(kind: str, offer: Offer | None, experiment: str, script: Script | None) -> tuple[str, bytes]:
    """Name and content of a file.

    Raises:
        ExportError: where there is none.
        SweepError: where runs do not fit into one file.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "html": partial(_html, offer),
        "csv": partial(_numbers, offer, ".csv"),
        "nc": partial(_numbers, offer, ".nc"),
        "json": experiment.encode,
    }
    if script is not None:
        makers |= {framework: partial(_script, script, framework) for framework in FRAMEWORKS}
    if kind not in makers:
        raise ExportError(f"There is no file of the kind {kind!r} here.")
    content = makers[kind]()
    if len(content) > MOST:
        raise ExportError(f"This file has {len(content) / 1e6:.0f} MB, more than the {MOST / 1e6:.0f} MB a page sends.")
    stem = offer.board.file if offer is not None else "experiment"
    return f"{stem}-{kind}.py" if kind in FRAMEWORKS else f"{stem}.{kind}", content


def _script(script: Script, framework: str) -> bytes:
    return script(framework).encode()


def _html(offer: Offer | None) -> bytes:
    if offer is None:
        raise ExportError(NOTHING)
    sections = offer.page() if offer.page is not None else [offer.board]
    title = offer.title or "".join(text for text, _ in rich(offer.board.headline))
    return standalone(title, sections, offer.theme).encode()


def _numbers(offer: Offer | None, suffix: str) -> bytes:
    if offer is None or offer.numbers is None:
        raise ExportError(NOTHING)
    numbers = offer.numbers()
    if suffix == ".csv":
        _check_table(numbers)
    return encoded(numbers, suffix)


def _check_table(numbers: xr.Dataset) -> None:
    """Refuse a table that would not fit into memory."""
    sizes: Mapping[Any, int] = numbers.sizes
    rows = prod(sizes.values())
    texts = [v.values.ravel() for v in numbers.variables.values() if v.dtype.kind in "OUT"]  # such as the experiment
    letters = sum(max(map(len, map(str, text)), default=0) for text in texts)
    wanted, allowed = (CELL * len(numbers.variables) + letters) * rows, limits().memory
    if wanted > allowed:
        raise ExportError(
            f"A table of {rows:.3g} rows would take {wanted / 1e9:.3g} GB of memory, the budget is "
            f"{allowed / 1e9:.3g} GB; take the NetCDF file."
        )
