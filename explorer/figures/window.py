"""Paths of straight steps in a window, and words beside them.

Of a path only what lies in the window is drawn: browsers draw nothing reliable far beyond an axis.
"""

import re
from itertools import pairwise

import numpy as np

from explorer.figures.drawing import Drawing
from explorer.figures.room import AIR, Box, extent
from explorer.figures.theme import FONT

Gaps = list[float | None]
SIZE = np.array([420.0, 280.0])  # px: the smallest plot area that words are placed for
APART = 18  # px between a point and its words
ON_WORD, ON_LINE = 1e4, 3.0  # what it costs to cover a word, or one of the points a path is made of


def cut(before: np.ndarray, after: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Return the two ends [2, 2] of what a step has in the window; None where that is nothing.

    Args:
        before: where it begins [2], finite.
        after: where it ends [2], finite.
        low: the window's lower ends [2].
        high: its upper ends [2].
    """
    with np.errstate(all="ignore"):
        way = after / 2 - before / 2  # halves, for the difference of two large numbers may be inf
        bounds = np.sort(np.stack([low / 2 - before / 2, high / 2 - before / 2]) / way, axis=0)
    still = way == 0
    if (still & ((before < low) | (before > high))).any():
        return None
    enter, leave = max(0.0, *bounds[0][~still], 0.0), min(1.0, *bounds[1][~still], 1.0)
    return None if enter > leave else np.stack([before + 2 * enter * way, before + 2 * leave * way])


def visible(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[Gaps, Gaps]:
    """Return x and y of a path [N, 2] as far as it lies in the window, None where it is away; it ends at inf or nan."""
    found: list[tuple[float | None, float | None]] = []
    for before, after in pairwise(points):
        if not np.isfinite([before, after]).all():
            break
        ends = cut(before, after, low, high)
        if ends is None:
            continue
        first, last = (tuple(end.tolist()) for end in ends)
        found += [last] if found and found[-1] == first else [(None, None), first, last]
    return [x for x, _ in found[1:]], [y for _, y in found[1:]]


class Words:
    """The words of one map: each beside its point, in the plot, where it covers no other and little of the paths."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        """Start with an empty window from ``low`` to ``high``."""
        self.low, self.high = low, high
        self.taken: list[Box] = []
        self.lines = np.zeros((0, 2))

    def add(self, x: Gaps, y: Gaps) -> None:
        """Keep free what a path covers, as `visible` returns it."""
        corners = self._pixels(np.array([x, y], dtype=np.float64).T)
        for before, after in pairwise(corners):
            if np.isfinite([before, after]).all():
                amount = 2 + int(np.abs(after - before).max() / 4)
                self.lines = np.concatenate([self.lines, np.linspace(before, after, amount)])

    def keep(self, at: np.ndarray, half: float) -> None:
        """Keep free what is so near to a point, in pixels."""
        x, y = self._pixels(at)
        self.taken.append(Box(x - half, x + half, y - half, y + half))

    def write(self, drawing: Drawing, at: np.ndarray, text: str, colour: str, *, level: bool = False) -> None:
        """Write words beside a point of the window, on a piece of paper with an edge of that colour.

        Where they are to be `level` with the point, they stand on its right or its left.
        """
        x, y = self._pixels(at)
        wide, tall = (side / 2 + AIR for side in extent(re.sub("<(?!br)[^>]*>", "", text)))
        moves = [
            (right * shift, up * lift)
            for lift, shifts in (
                (0, (wide + APART,)),
                *((tall + APART * k, (0, wide / 2, wide)) for k in range(1, 1 if level else 6)),
            )
            for shift in shifts
            for right in (1, -1)
            for up in (1, -1)
        ]
        boxes = [Box(x + dx - wide, x + dx + wide, y + dy - tall, y + dy + tall) for dx, dy in moves]
        costs = [self._cost(box) + 0.1 * float(np.hypot(*move)) for box, move in zip(boxes, moves, strict=True)]
        best = int(np.argmin(costs))
        self.taken.append(boxes[best])
        drawing.note(
            text, x=float(at[0]), y=float(at[1]), xshift=moves[best][0], yshift=moves[best][1], xanchor="center",
            yanchor="middle", bgcolor=drawing.ink.paper, borderpad=2, bordercolor=colour, borderwidth=2,
            font={"size": FONT, "color": drawing.ink.text},
        )  # fmt: skip

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return np.asarray((points - self.low) / (self.high - self.low) * SIZE)

    def _cost(self, box: Box) -> float:
        x, y = self.lines.T
        covered = int(((x > box.left) & (x < box.right) & (y > box.low) & (y < box.high)).sum())
        outside = max(0, -box.left) + max(0, box.right - SIZE[0]) + max(0, -box.low) + max(0, box.high - SIZE[1])
        on = any(
            box.left < o.right and o.left < box.right and box.low < o.high and o.low < box.high for o in self.taken
        )
        return float(10 * outside + ON_LINE * covered + ON_WORD * on)
