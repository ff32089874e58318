"""The board in a page: one live drawing surface that redraws without flicker and is scrubbed in the browser.

Streamlit's own chart element makes a new DOM node whenever its data change, which loses the zoom and shows frames
without a chart. The board keeps one node for each panel for its whole life and lets plotly.js redraw it in place.
A page calls `load_board()` once, outside every fragment, and then `board(...)`, inside a polling fragment or not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import plotly.offline
import streamlit as st
import xarray as xr

from explorer.boards import Board, Panel, Rich, Scrub, Section, encode
from explorer.boards.grid import parse_grid
from explorer.boards.parts import HTML, code, part
from explorer.figures import Theme
from explorer.ui.everywhere import projecting
from explorer.ui.look import theme

__all__ = ["Board", "Drawn", "Offer", "Panel", "Rich", "Scrub", "board", "drawn", "load_board", "show"]
# Streamlit sends a component's script along with every message, so what streams is this stub, and the code comes once.
_STUB = """
export default async function (component) {
  for (let tries = 0; !globalThis.liveBoard; tries += 1) {
    if (tries > 1000) throw new Error("This page mounts a board without load_board().");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return globalThis.liveBoard(component);
}
"""
_CODE_KEY, _PLOTLY_KEY = "board_code", "board_plotly"
_code = st.components.v2.component(
    _CODE_KEY,
    js=code() + part("board_files.js"),
    # Neither loader takes any space on the page.
    css=part("board.css") + f"\n.st-key-{_CODE_KEY}, .st-key-{_PLOTLY_KEY} {{ display: none; }}",
    isolate_styles=False,
)
_plotly = st.components.v2.component(
    _PLOTLY_KEY, js=plotly.offline.get_plotlyjs() + "\nexport default function () {}\n", isolate_styles=False
)
_board = st.components.v2.component("live_board", html=HTML, js=_STUB, isolate_styles=False)
Picked = Callable[[str, int], None]
Page = Callable[[], Sequence[Section]]
Numbers = Callable[[], xr.Dataset]


@dataclass(frozen=True)
class Offer:
    """What a board shows, and all that can be exported of it.

    Attributes:
        board: with every figure and the updates to look back at.
        theme: that it is drawn in.
        numbers: gives the Dataset that it is drawn from; None where nothing is measured. Any thread may call it.
        page: gives all of a file that shows it, where that is more than the board; any thread may call it.
        title: of that file; by default, the headline.
    """

    board: Board
    theme: Theme
    numbers: Numbers | None = None
    page: Page | None = None
    title: str = ""


@dataclass
class Drawn:
    """The place where a page leaves what a board shows, newer and newer; any thread may look.

    Attributes:
        offer: None where there is no chart.
    """

    offer: Offer | None = None


def load_board() -> None:
    """Bring plotly.js (4.8 MB) and the board's code to the browser; call it once in a page, outside every fragment."""
    _code(key=_CODE_KEY)
    _plotly(key=_PLOTLY_KEY)


def board(
    key: str,
    panels: Sequence[Panel],
    *,
    areas: str,
    picked: Picked | None = None,
    numbers: Numbers | None = None,
    page: Page | None = None,
    title: str = "",
    projected: str = "",
    **rest: Any,
) -> None:
    """Draw the panels in one grid, in place, and let the scrubber move them together without asking the server.

    Args:
        key: Identity of the board; the same key keeps the same nodes, zoom and scrubber position.
        panels: As in `Board`.
        areas: As in `Board`.
        picked: Called with a panel's name and the number in its trace's `customdata` where somebody clicked on a point.
        numbers: As in `Offer`.
        page: As in `Offer`.
        title: As in `Offer`.
        projected: As in `show`.
        rest: What else a `Board` has.
    """
    show(key, Offer(Board(panels, areas, **rest), theme(), numbers, page, title), picked, projected)


def show(key: str, offer: Offer, picked: Picked | None = None, projected: str = "") -> None:
    """Draw a board, and keep what can be exported of it; see `board`.

    Args:
        key: As in `board`.
        offer: What is shown, and exported.
        picked: As in `board`.
        projected: `areas` for projector mode, where the grid fills the window; charts without one are left out.
    """

    def clicked() -> None:
        found = st.session_state[key].get("picked")
        if picked is not None and found:
            picked(str(found["panel"]), int(found["place"]))

    _board(
        key=key, data=encode(_fitted(offer.board, projected)), on_theme_change=_drawn_again, on_picked_change=clicked
    )
    known = drawn(key)
    known.offer = _whole(offer, known.offer)


def _fitted(board: Board, projected: str) -> Board:
    """The board as the page has room for it."""
    if not projecting():
        return board
    names = parse_grid(projected or board.areas).names
    panels = [panel for panel in board.panels if panel.name in names]
    return replace(board, panels=panels, areas=projected or board.areas, filling=True)


def drawn(key: str) -> Drawn:
    """What a board shows, now and later: one object for each key and tab."""
    found: Drawn = st.session_state.setdefault(f"drawn {key}", Drawn())
    return found


def _whole(offer: Offer, before: Offer | None) -> Offer | None:
    """The offer with what the browser was left as it was; None where no chart is shown, or not that of the headline."""
    board = offer.board
    if board.dimmed or not board.panels:
        return None
    scrub = board.scrub
    if scrub == "same":
        known = before is not None and before.board.revision == board.revision
        scrub = before.board.scrub if before is not None and known else None
    panels = [replace(panel, rests=False) for panel in board.panels]
    return replace(offer, board=replace(board, panels=panels, scrub=scrub))


def _drawn_again() -> None:
    """Figures carry the colours of a theme, so a new theme runs what drew them; running is all that is needed."""
