"""A board, and the message in which the browser gets it: the charts, what the scrubber moves through, the texts."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from explorer.boards.grid import parse_grid

Rich = str | Sequence[str | tuple[str, str | None]]
"""Text with coloured pieces: a string, or a list of strings and (text, "#rrggbb" or None) pairs; never HTML."""


@dataclass(frozen=True)
class Panel:
    """One chart of the board.

    Attributes:
        name: The grid area it fills and its identity in the page: a letter, then letters, digits, "_" or "-".
        figure: The chart, with a template of its own (`import streamlit` makes the default one unusable). A trace
            with `meta={"track": name}`, its marks (board_marks.js) and shapes named "cursor-x" and "cursor-y"
            follow the scrubber.
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


@dataclass(frozen=True)
class Board:
    """Charts in one grid, the texts above them, and what the scrubber moves through.

    Attributes:
        panels: The charts. A browser that has them already draws only those again whose figure has changed.
        areas: A CSS `grid-template`: each row's areas in quotes with its height in px, then "/" and the column
            widths, e.g. '"gradient loss" 210px "gradient norm" 210px "scrub ." 44px / 2.3fr 1fr'. The area "scrub"
            is the scrubber's. Where the window is narrow, the first column comes first, at full width.
        headline: The finding, in one sentence.
        subline: What else to know, in one line.
        scrub: The updates to look back at; without it the scrubber is hidden and its place kept. "same" leaves the
            browser what it has, for these are most of what a redraw would send.
        revision: Names the experiment: zoom and scrubber position are kept as long as it stays the same.
        dimmed: Whether the charts are not those of the headline, because theirs are not there yet.
        narrow: `areas` for a narrow window, where stacking them would push what follows out of sight.
        filling: Whether the rows of charts share the height of the window, as in projector mode.
        file: What is shown, in letters of a file name, for the names of pictures.
    """

    panels: Sequence[Panel] = ()
    areas: str = ""
    headline: Rich = ""
    subline: Rich = ""
    scrub: Scrub | Literal["same"] | None = None
    revision: str = ""
    dimmed: bool = False
    narrow: str = ""
    filling: bool = False
    file: str = "board"


def encode(board: Board) -> bytes:
    """The message to the browser: length of the head (uint32), the head (JSON), then figures and tracks.

    Bytes rather than JSON alone, which would carry the tracks a third larger.
    """
    grid = parse_grid(board.areas)
    panels, scrub = board.panels, board.scrub
    missing = [panel.name for panel in panels if panel.name not in grid.names]
    if missing or len({panel.name for panel in panels}) < len(panels):
        raise ValueError(f"each panel needs an area of its own: {missing or 'a name is given twice'}")
    body = _Body()
    narrow = parse_grid(board.narrow).wide if board.narrow else grid.narrow
    head = {
        "wide": grid.filling if board.filling else grid.wide,
        "narrow": grid.filling if board.filling else narrow,
        "align": grid.above_scrub,
        "revision": board.revision,
        "dimmed": board.dimmed,
        "file": board.file,
        "headline": rich(board.headline),
        "subline": rich(board.subline),
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
