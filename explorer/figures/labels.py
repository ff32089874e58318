"""Names written at the ends of lines instead of a legend, pushed apart where they would touch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from explorer.figures.curves import LABEL, Curve
from explorer.figures.drawing import Drawing
from explorer.figures.room import HEIGHT, Box, Option, Room, extent

GAP = 8  # px between a line's end and its name
MOVES = (0, *(sign * px for px in range(10, 80, 10) for sign in (1, -1)))  # px a name may leave its place by


@dataclass(frozen=True)
class Label:
    """A name beside the last point of a line: that point's log10; its height, the name's, and extent, in pixels."""

    curve: Curve
    decade: float
    y: float
    high: float
    left: float
    right: float

    def box(self, y: float) -> Box:
        """Return the box of the name around a height."""
        return Box(self.left, self.right, y - self.high / 2, y + self.high / 2)


def spread(
    centres: Sequence[float], heights: Sequence[float], low: float, high: float, pinned: Sequence[bool] | None = None
) -> list[float]:
    """Move centres apart, as little as possible, until no two labels overlap; order, bounds and pins are kept."""
    order = np.argsort(centres, kind="stable")
    held = pinned or [False] * len(centres)
    placed = [c if pin else float(np.clip(c, low, high)) for c, pin in zip(centres, held, strict=True)]
    for _ in range(200):
        moved = False
        for a, b in pairwise(order):
            lack = (heights[a] + heights[b]) / 2 - (placed[b] - placed[a])
            if lack > 0.01 and not (held[a] and held[b]):
                part = 1.0 if held[b] else 0.0 if held[a] else 0.5
                placed[a], placed[b], moved = placed[a] - lack * part, placed[b] + lack * (1 - part), True
        for i, bound, sign in ((order[0], low, 1), (order[-1], high, -1)) if len(order) else ():
            if not held[i] and sign * (bound - placed[i]) > 0.01:
                placed[i], moved = bound, True
        if not moved:
            break
    return placed


def live(found: Sequence[Curve], room: Room) -> dict[str, str]:
    """Return where Plotly writes the names of the run's lines, which are the text of their last points.

    So they move with the data; they take their room first.
    """
    out = {}
    shown = sorted(
        (c for c in found if c.track and not c.among and c.end is not None), key=lambda c: -c.drawn[c.end or 0]
    )
    for i, curve in enumerate(shown):
        label = _label(curve, room)
        order = ("middle", "top", "bottom") if len(shown) == 1 else (("top", "bottom")[min(i, 1)], "middle")
        shifts = {"top": label.high / 2, "middle": 0.0, "bottom": -label.high / 2}
        options = [Option(curve.name, label.box(label.y + shifts[w]), {"textposition": f"{w} left"}) for w in order]
        out[curve.name] = (room.place(options) or options[0]).settings["textposition"]
    return out


def direct(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Write each other line's name left of its last point going back in time."""
    pinned = list(room.words)
    named = [c for c in found if not c.before and (c.among or not c.track)]
    labels = [_label(c, room) for c in named if c.end is not None or (c.among and _row(c, room) is not None)]
    for group in _groups(labels):
        near = [w for w in pinned if w.left < max(q.right for q in group) and w.right > min(q.left for q in group)]
        near = [w for w in near if w.high > 0 and w.low < HEIGHT]
        centres = [q.y for q in group] + [(w.low + w.high) / 2 for w in near]
        heights = [q.high for q in group] + [w.high - w.low for w in near]
        held = [False] * len(group) + [True] * len(near)
        placed = spread(centres, heights, 8, HEIGHT - 8, held)
        for label, y in zip(group, placed, strict=False):
            # In the plot, the line ends at a cut and the hatching begins: no place to read a name without paper.
            paper = {"bgcolor": drawing.ink.paper} if label.right > 0 else {}
            name = {"name": f"end {label.curve.track}"} if label.curve.track else {}
            room.write(drawing, (_option(label, y + move) for move in MOVES), **paper, **name)


def _label(curve: Curve, room: Room) -> Label:
    wide, high = extent(curve.name, LABEL)
    right = room.x((curve.end or 0) + 1) - GAP
    decade = _row(curve, room) or 0.0 if curve.end is None else float(np.log10(curve.drawn[curve.end]))
    return Label(curve, decade, room.y(decade), high, right - wide, right)


def _row(curve: Curve, room: Room) -> float | None:
    """Return where a line that is nowhere drawn has its points: the row of zeros, or that of inf and nan."""
    return room.axis.zero if (curve.values == 0).any() else room.axis.top


def _groups(labels: Sequence[Label]) -> list[list[Label]]:
    """Gather labels whose extents in time overlap: only those can touch."""
    groups: list[list[Label]] = []
    for label in sorted(labels, key=lambda q: q.right):
        if groups and label.left < max(q.right for q in groups[-1]) + 4:
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def _option(label: Label, y: float) -> Option:
    curve = label.curve
    text = curve.name if curve.name.endswith("∂L/∂c") else f"<b>{curve.name}</b>"
    settings = {
        "x": (curve.end or 0) + 1, "xanchor": "right", "xshift": -GAP, "align": "right", "y": label.decade,
        "yanchor": "middle", "yshift": y - label.y, "font": {"color": curve.colour, "size": LABEL},
    }  # fmt: skip
    return Option(text, label.box(y), settings)


def beside(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Name the grey lines of comparison inside the chart, above or below themselves where no other line passes."""
    for curve in (c for c in found if c.before and c.end is not None):
        room.write(drawing, _along(curve, room), font={"color": curve.colour})


def _along(curve: Curve, room: Room) -> Iterator[Option]:
    """Give the options of writing a line's name above or below it."""
    drawn = room.x(np.flatnonzero(np.isfinite(curve.drawn)) + 1)
    half = extent(curve.name)[0] / 2
    for away in (15, 27, 39, 60):
        for share in (0.3, 0.2, 0.4, 0.1, 0.5, 0.6, 0.7, 0.8, 0.9, 0, 1):
            x = float(np.clip(drawn[0] + share * (drawn[-1] - drawn[0]), half + 4, room.x(room.length) - half))
            low, high = room.span(curve.drawn, x - half, x + half)
            if np.isfinite(low):
                yield from (room.option(curve.name, x, y) for y in (high + away, low - away))
