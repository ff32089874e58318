"""Where a word fits: one plot area that knows its lines and the words already written, in pixels."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from explorer.figures.curves import Curve
from explorer.figures.drawing import Drawing, Settings
from explorer.figures.theme import FONT, LogAxis

HEIGHT = 280.0  # px: the smallest plot area words are placed for; in a larger one they cover less
WIDTH = 400.0
EM = 0.56  # a generous mean width of letters over the size of the font
LETTER = EM * FONT  # px
FEW = 8  # options weighed at a time
AIR = 3  # px between a word and a line


class Box(NamedTuple):
    """A rectangle in pixels from the plot's lower left corner."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, text: str, x: float, y: float, size: float = FONT, anchor: str = "center") -> "Box":
        """Return the box of a text whose middle, or the side named by ``anchor``, is at x, and its middle at y."""
        wide, high = extent(text, size)
        left = {"left": x, "center": x - wide / 2, "right": x - wide}[anchor]
        return cls(left, left + wide, y - high / 2, y + high / 2)


class Option(NamedTuple):
    """One way to write a word: the text, where it would be, and the settings of its annotation."""

    text: str
    box: Box
    settings: Settings


def extent(text: str, size: float = FONT) -> tuple[float, float]:
    """Return width and height of a text in pixels, on the generous side."""
    lines = text.split("<br>")
    return EM * size * max(map(len, lines)), 1.3 * size * len(lines)


@dataclass
class Room:
    """The plot area of one chart: its lines and straight marks as points every few pixels, and the words in place."""

    axis: LogAxis
    length: int
    lines: list[np.ndarray] = field(default_factory=list)
    marks: list[np.ndarray] = field(default_factory=list)
    words: list[Box] = field(default_factory=list)

    def x(self, time: Any) -> Any:
        """Return a time step's place in pixels."""
        return WIDTH * (time - 0.5) / self.length

    def y(self, decade: Any) -> Any:
        """Return the place in pixels of a value's log10."""
        return HEIGHT * self.axis.share(decade)

    def decade(self, y: float) -> float:
        """Return the log10 of the value drawn at a place in pixels."""
        return self.axis.bottom + (self.axis.ceiling - self.axis.bottom) * y / HEIGHT

    def time(self, x: float) -> float:
        """Return the time step drawn at a place in pixels."""
        return 0.5 + self.length * x / WIDTH

    def add(self, values: np.ndarray) -> None:
        """Add a line: values over time [T], nan where nothing is drawn."""
        logs = np.log10(values, where=values > 0, out=np.full(len(values), np.nan))
        self.lines += _path(self.x(np.arange(1, len(values) + 1)), self.y(logs))

    def level(self, value: float) -> None:
        """Add a horizontal mark."""
        self.marks += _path(np.array([0, WIDTH]), np.full(2, self.y(np.log10(value))))

    def upright(self, time: float) -> None:
        """Add a vertical mark."""
        self.marks += _path(np.full(2, self.x(time)), np.array([0, HEIGHT]))

    def points(self, times: np.ndarray, decade: float) -> None:
        """Add points in a row."""
        self.lines.append(np.array([self.x(times), np.full(len(times), self.y(decade))]))

    def span(self, values: np.ndarray, left: float, right: float) -> tuple[float, float]:
        """Return lowest and highest place in pixels of a line between two places; nan where it is not drawn."""
        x, y = self.x(np.arange(1, len(values) + 1)), self.y(np.log10(values))
        inside = y[(x >= left - 4) & (x <= right + 4) & np.isfinite(y)]
        return (float(inside.min()), float(inside.max())) if inside.size else (np.nan, np.nan)

    def costs(self, boxes: Sequence[Box]) -> np.ndarray:
        """Return how much each box touches: points of lines and marks, parts outside the plot; inf where a word is."""
        left, right, low, high = np.array(boxes).T[..., None]
        word = Box(*np.array(self.words).reshape(-1, 4).T)
        covered = ((left < word.right) & (word.left < right) & (low < word.high) & (word.low < high)).any(axis=1)
        outside = np.maximum(0, np.maximum(-left, right - WIDTH)) + np.maximum(0, np.maximum(-low, high - HEIGHT))
        touched = 10 * _inside(boxes, self.lines) + _inside(boxes, self.marks)
        return np.asarray(np.where(covered, np.inf, touched + 5 * outside[:, 0]))

    def place(self, options: Iterable[Option]) -> Option | None:
        """Take the first option that touches least and covers no word; None where all cover one."""
        best, least, left = None, np.inf, iter(options)
        while some := list(islice(left, FEW)):
            costs = self.costs([option.box for option in some])
            if costs.min() < least:
                best, least = some[int(np.argmin(costs))], float(costs.min())
            if least == 0:
                break  # nothing is better, and charts are redrawn ten times a second
        if best is not None:
            self.words.append(best.box)
        return best

    def option(self, text: str, x: float, y: float, anchor: str = "center") -> Option:
        """Return the option of writing a text in the plot at a place in pixels, which scales with the plot."""
        settings = {"x": self.time(x), "xanchor": anchor, "y": self.decade(y), "yanchor": "middle", "align": anchor}
        return Option(text, Box.around(text, x, y, anchor=anchor), settings)

    def around(self, texts: Sequence[str], heights: Sequence[float]) -> Iterator[Option]:
        """Give the options of writing one of the texts at one of the heights: right, left, then between."""
        for text in texts:
            half = extent(text)[0] / 2
            inner = (np.linspace(half, WIDTH - half, 11)[1:-1] if 2 * half < WIDTH else np.array([WIDTH / 2])).tolist()
            for x, anchor in ((WIDTH - 8, "right"), (8.0, "left"), *((x, "center") for x in inner)):
                yield from (self.option(text, x, y, anchor) for y in heights)

    def write(self, drawing: Drawing, options: Iterable[Option], **settings: Any) -> None:
        """Write a word the best way there is, on a piece of paper where a mark would run through it."""
        chosen = self.place(options)
        if chosen is not None:
            paper = {"bgcolor": drawing.ink.paper} if _inside([chosen.box], [*self.lines, *self.marks]).any() else {}
            drawing.note(chosen.text, **chosen.settings | paper | settings)


def _path(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Return a line through corners as points at most 4 px apart; nan is a gap."""
    there = np.isfinite(y)
    joined = np.flatnonzero(there[:-1] & there[1:])
    pieces = np.ceil(np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y)))[joined] / 4).astype(int)
    start = np.repeat(joined, pieces)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) / np.repeat(pieces, pieces)
    return [np.array([x[there], y[there]]), np.array([c[start] + share * (c[start + 1] - c[start]) for c in (x, y)])]


def _inside(boxes: Sequence[Box], points: Sequence[np.ndarray]) -> np.ndarray:
    """Return how many points lie in each box or nearly so."""
    left, right, low, high = np.array(boxes).T[..., None]
    x, y = np.concatenate([np.zeros((2, 0)), *points], axis=1)
    return np.asarray(((x > left - AIR) & (x < right + AIR) & (y > low - AIR) & (y < high + AIR)).sum(axis=1))


def room(axis: LogAxis, length: int, found: Sequence[Curve]) -> Room:
    """Return the plot area with its lines and its row of zeros."""
    space = Room(axis, length)
    for curve in found:
        space.add(curve.drawn)
        for row, shown in ((axis.zero, curve.values == 0), (axis.top, ~np.isfinite(curve.values))):
            if row is not None:
                space.points(np.flatnonzero(shown) + 1, row)
    if axis.zero is not None:
        space.level(10.0**axis.zero)
    return space
