"""The board: one live drawing surface that redraws without flicker and is scrubbed in the browser.

Streamlit's own chart element makes a new DOM node whenever its data change, which loses the zoom and shows frames
without a chart. The board keeps one node for each panel for its whole life and lets plotly.js redraw it in place.
A page calls `load_board()` once, outside every fragment, and then `board(...)`, inside a polling fragment or not.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import plotly.graph_objects as go
import plotly.offline
import streamlit as st

from explorer.ui.board_grid import parse_grid
from explorer.ui.everywhere import projecting

Rich = str | Sequence[str | tuple[str, str | None]]
"""Text with coloured pieces: a string, or a list of strings and (text, "#rrggbb" or None) pairs; never HTML."""

_FOLDER = Path(__file__).parent
_HTML = """<section class="board">
<div class="board-head"><h2 class="board-headline"></h2><p class="board-subline"></p></div>
<div class="board-grid"><div class="board-scrub">
<input type="range" min="0" max="0" step="1" aria-label="Update shown by all charts"><span aria-hidden="true"></span>
</div></div></section>"""
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


def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_CODE_KEY, _PLOTLY_KEY = "board_code", "board_plotly"
_code = st.components.v2.component(
    _CODE_KEY,
    js=_file("board_panel.js") + _file("board.js"),
    # Neither loader takes any space on the page.
    css=_file("board.css") + f"\n.st-key-{_CODE_KEY}, .st-key-{_PLOTLY_KEY} {{ display: none; }}",
    isolate_styles=False,
)
_plotly = st.components.v2.component(
    _PLOTLY_KEY, js=plotly.offline.get_plotlyjs() + "\nexport default function () {}\n", isolate_styles=False
)
_board = st.components.v2.component("live_board", html=_HTML, js=_STUB, isolate_styles=False)


@dataclass(frozen=True)
class Panel:
    """One chart of the board.

    Attributes:
        name: The grid area it fills and its identity in the page: a letter, then letters, digits, "_" or "-".
        figure: The chart, with a template of its own (`import streamlit` makes the default one unusable). A trace
            with `meta={"track": name}` and shapes named "cursor-x" and "cursor-y" follow the scrubber.
        alt: What the chart shows, in one sentence, for people who hear the page.
        rests: Leave the chart as it is in the browser; the figure is not sent.
    """

    name: str
    figure: go.Figure
    alt: str
    rests: bool = False


@dataclass(frozen=True)
class Scrub:
    """What the scrubber moves through: R rows, one for each update that is kept.

    On its last row the board shows the figures and texts as they were given; on an earlier row r, it puts row r of
    the tracks, the captions and the cursors in their place.

    Attributes:
        steps: Update index of each row, ascending, [R].
        tracks: The values of the curves that change with the update, name to [R, T]. Non-finite values are gaps.
        total: Number of updates asked for, as in "update 240 of 500".
        captions: One text for each row [R], for the slots "headline" and "subline", or, for a panel's name, the text
            of its annotation named "title", else of its title; titles are in Plotly's markup.
    """

    steps: np.ndarray
    tracks: Mapping[str, np.ndarray]
    total: int
    captions: Mapping[str, Sequence[Rich]] = field(default_factory=dict)


def load_board() -> None:
    """Bring plotly.js (4.8 MB) and the board's code to the browser; call it once in a page, outside every fragment."""
    _code(key=_CODE_KEY)
    _plotly(key=_PLOTLY_KEY)


def board(
    key: str,
    panels: Sequence[Panel],
    *,
    areas: str,
    headline: Rich = "",
    subline: Rich = "",
    scrub: Scrub | Literal["same"] | None = None,
    revision: str = "",
    dimmed: bool = False,
    picked: Callable[[str, int], None] | None = None,
    narrow: str = "",
    projected: str = "",
) -> None:
    """Draw the panels in one grid, in place, and let the scrubber move them together without asking the server.

    Args:
        key: Identity of the board; the same key keeps the same nodes, zoom and scrubber position.
        panels: The charts. Only those whose figure has changed since the last call are drawn again.
        areas: A CSS `grid-template`: each row's areas in quotes with its height in px, then "/" and the column
            widths, e.g. '"gradient loss" 210px "gradient norm" 210px "scrub ." 44px / 2.3fr 1fr'. The area "scrub"
            is the scrubber's. Where the window is narrow, the first column comes first, at full width.
        headline: The finding, in one sentence.
        subline: What else to know, in one line.
        scrub: The updates to look back at; without it the scrubber is hidden and its place kept. "same" leaves the
            browser what it has, for these are most of what a redraw would send.
        revision: Names the experiment: zoom and scrubber position are kept as long as it stays the same.
        dimmed: Whether the charts are not those of the headline, because theirs are not there yet.
        picked: Called with a panel's name and the number in its trace's `customdata` where somebody clicked on a point.
        narrow: `areas` for a narrow window, where stacking them would push what follows out of sight.
        projected: `areas` for projector mode, where the grid fills the window; charts without one are left out.
    """
    filling = projecting()
    if filling and projected:
        areas = projected
        panels = [panel for panel in panels if panel.name in parse_grid(projected).names]
    data = encode(panels, areas, headline, subline, scrub, revision, dimmed=dimmed, narrow=narrow, filling=filling)

    def clicked() -> None:
        found = st.session_state[key].get("picked")
        if picked is not None and found:
            picked(str(found["panel"]), int(found["place"]))

    _board(key=key, data=data, on_theme_change=_drawn_again, on_picked_change=clicked)


def _drawn_again() -> None:
    """Figures carry the colours of a theme, so a new theme runs what drew them; running is all that is needed."""


def encode(
    panels: Sequence[Panel],
    areas: str,
    headline: Rich,
    subline: Rich,
    scrub: Scrub | Literal["same"] | None,
    revision: str,
    *,
    dimmed: bool = False,
    narrow: str = "",
    filling: bool = False,
) -> bytes:
    """The message to the browser: length of the head (uint32), the head (JSON), then figures and tracks.

    Bytes rather than Streamlit's JSON, which would be written twice and carry the tracks a third larger.
    """
    grid = parse_grid(areas)
    missing = [panel.name for panel in panels if panel.name not in grid.names]
    if missing or len({panel.name for panel in panels}) < len(panels):
        raise ValueError(f"each panel needs an area of its own: {missing or 'a name is given twice'}")
    body = _Body()
    head = {
        "wide": grid.filling if filling else grid.wide,
        "narrow": grid.filling if filling else parse_grid(narrow).wide if narrow else grid.narrow,
        "align": grid.above_scrub,
        "revision": revision,
        "dimmed": dimmed,
        "headline": rich(headline),
        "subline": rich(subline),
        "panels": [_panel(panel, body) for panel in panels],
        "scrub": _scrub(scrub, body) if isinstance(scrub, Scrub) else scrub,
    }
    text = json.dumps(head, allow_nan=False).encode()
    text += b" " * (-(len(text) + 8) % 8)  # the body starts at a multiple of 8, as float64 arrays must
    return len(text).to_bytes(8, "little") + text + body.content()


class _Body:
    """Pieces of binary data, each at an offset that is a multiple of 8 bytes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> int:
        """Append a piece and return its offset."""
        offset = self._size
        piece += b"\0" * (-len(piece) % 8)
        self._pieces.append(piece)
        self._size += len(piece)
        return offset

    def content(self) -> bytes:
        """All pieces, one after the other."""
        return b"".join(self._pieces)


def _panel(panel: Panel, body: _Body) -> dict[str, object]:
    if panel.rests:
        return {"name": panel.name, "alt": panel.alt, "digest": "", "at": 0, "size": 0}
    figure = panel.figure.to_json(validate=False).encode()
    digest = hashlib.blake2b(figure, digest_size=8).hexdigest()
    return {"name": panel.name, "alt": panel.alt, "digest": digest, "at": body.add(figure), "size": len(figure)}


def _scrub(scrub: Scrub, body: _Body) -> dict[str, object]:
    rows = len(scrub.steps)
    sizes = {name: len(values) for name, values in scrub.tracks.items()}
    sizes |= {name: len(texts) for name, texts in scrub.captions.items()}
    for name, size in sizes.items():
        if size != rows:
            raise ValueError(f"{name} has {size} rows, the scrubber has {rows}")
    return {
        "steps": np.asarray(scrub.steps).tolist(),
        "total": int(scrub.total),
        "tracks": {name: _track(values, body) for name, values in scrub.tracks.items()},
        "captions": {slot: [rich(text) for text in texts] for slot, texts in scrub.captions.items()},
    }


def _track(values: np.ndarray, body: _Body) -> dict[str, object]:
    exact = np.ascontiguousarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        small = exact.astype(np.float32)
    # Half the bytes, unless float32 would turn a tiny gradient into an exact zero or a large one into inf.
    fits = np.array_equal(small == 0, exact == 0) and np.array_equal(np.isfinite(small), np.isfinite(exact))
    sent = small if fits else exact
    return {"bytes": sent.itemsize, "at": body.add(sent.tobytes()), "width": exact.shape[1]}


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def rich(text: Rich) -> list[tuple[str, str | None]]:
    """The text as (text, colour) pieces; a colour that is not "#rrggbb" is refused, and no piece is ever HTML."""
    pieces = [text] if isinstance(text, str) else text
    spans = [(piece, None) if isinstance(piece, str) else (str(piece[0]), piece[1]) for piece in pieces]
    for _, colour in spans:
        if colour is not None and not _COLOUR.fullmatch(colour):
            raise ValueError(f"a colour is written #rrggbb, not {colour!r}")
    return spans
