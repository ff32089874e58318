"""Where a word fits without touching a line: boxes in pixels against the drawn curves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from explorer.figures.theme import LogAxis

HEIGHT = 300.0  # px: the smallest plot area words are placed for; in a larger one they cover less
WIDTH = 320.0
ROW = 19.0  # px, one line of text
LETTER = 7.4  # px, a generous mean at 14 px


class Box(NamedTuple):
    """A rectangle in pixels from the plot's lower left corner."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, text: str, x: float, y: float) -> "Box":
        """Return the box of a text centred on a point."""
        lines = text.split("<br>")
        wide, high = LETTER * max(map(len, lines)), ROW * len(lines)
        return cls(x - wide / 2, x + wide / 2, y - high / 2, y + high / 2)


@dataclass
class Room:
    """The plot area of one chart: its lines as points every few pixels, and the words already placed."""

    axis: LogAxis
    length: int
    lines: list[np.ndarray] = field(default_factory=list)
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
        x = np.linspace(self.x(1), self.x(len(values)), max(2, int(WIDTH / 3)))
        y = np.interp(x, self.x(np.arange(1, len(values) + 1)), self.y(logs))
        self.lines.append(np.array([x, y]))

    def level(self, value: float) -> None:
        """Add a horizontal line."""
        self.add(np.full(self.length, value))

    def span(self, values: np.ndarray, left: float, right: float) -> tuple[float, float]:
        """Return lowest and highest place in pixels of a line between two places; nan where it is not drawn."""
        x, y = self.x(np.arange(1, len(values) + 1)), self.y(np.log10(values))
        inside = y[(x >= left - 4) & (x <= right + 4) & np.isfinite(y)]
        return (float(inside.min()), float(inside.max())) if inside.size else (np.nan, np.nan)

    def costs(self, boxes: Sequence[Box]) -> np.ndarray:
        """Return how much each box touches: points of lines in it, words under it, parts outside the plot."""
        left, right, low, high = np.array(boxes).T[..., None]
        x, y = np.concatenate(self.lines or [np.zeros((2, 0))], axis=1)
        touched = ((x > left - 3) & (x < right + 3) & (y > low - 3) & (y < high + 3)).sum(axis=1)
        word = Box(*np.array(self.words).reshape(-1, 4).T)
        covered = (left < word.right) & (word.left < right) & (low < word.high) & (word.low < high)
        outside = np.maximum(0, np.maximum(-left, right - WIDTH)) + np.maximum(0, np.maximum(-low, high - HEIGHT))
        return np.asarray(touched + 200 * covered.sum(axis=1) + 5 * outside[:, 0])

    def place(self, boxes: Sequence[Box]) -> Box:
        """Take the first box that touches least."""
        best = boxes[int(np.argmin(self.costs(boxes)))]
        self.words.append(best)
        return best


def room(axis: LogAxis, length: int, lines: Sequence[np.ndarray]) -> Room:
    """Return the plot area with its lines."""
    found = Room(axis, length)
    for values in lines:
        found.add(values)
    return found
