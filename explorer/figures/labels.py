"""Names written at the ends of lines instead of a legend, pushed apart where they would touch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from explorer.figures.curves import Curve
from explorer.figures.drawing import Drawing
from explorer.figures.room import HEIGHT, Box, Room

LABEL = 15  # px
ROW = 20.0  # px
LETTER = 8.2  # px, a generous mean of bold letters


@dataclass(frozen=True)
class Label:
    """A name beside the last point of a line: index in time, height in pixels, extent in pixels."""

    curve: Curve
    index: int
    y: float
    high: float
    left: float
    right: float


def spread(centres: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move centres apart, as little as possible, until no two labels overlap; order and bounds are kept."""
    order = np.argsort(centres, kind="stable")
    placed = [float(np.clip(c, low, high)) for c in centres]
    for _ in range(200):
        moved = False
        for a, b in pairwise(order):
            lack = (heights[a] + heights[b]) / 2 - (placed[b] - placed[a])
            if lack > 0.01:
                placed[a], placed[b], moved = placed[a] - lack / 2, placed[b] + lack / 2, True
        if placed and placed[order[0]] < low - 0.01:
            placed[order[0]], moved = low, True
        if placed and placed[order[-1]] > high + 0.01:
            placed[order[-1]], moved = high, True
        if not moved:
            break
    return placed


def direct(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Write each line's name left of its last point going back in time; a live one has its own (``draw``)."""
    labels = [_label(c, room) for c in found if c.end is not None and not c.before]
    for group in _groups(labels):
        placed = spread([q.y for q in group], [q.high for q in group], 4, HEIGHT - 4)
        for label, y in zip(group, placed, strict=True):
            room.words.append(Box(label.left, label.right, y - label.high / 2, y + label.high / 2))
            if label.curve.track is None:
                _write(drawing, label, y - label.y)


def _label(curve: Curve, room: Room) -> Label:
    end = curve.end or 0
    lines = curve.name.split("<br>")
    right = room.x(end + 1) - 8
    y = room.y(float(np.log10(curve.drawn[end])))
    return Label(curve, end, y, ROW * len(lines), right - LETTER * max(map(len, lines)), right)


def _groups(labels: Sequence[Label]) -> list[list[Label]]:
    """Gather labels whose extents in time overlap: only those can touch."""
    groups: list[list[Label]] = []
    for label in sorted(labels, key=lambda q: q.index):
        if groups and label.left < max(q.right for q in groups[-1]) + 4:
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def _write(drawing: Drawing, label: Label, shift: float) -> None:
    name = label.curve.name
    drawing.note(
        name if name.endswith("∂L/∂c") else f"<b>{name}</b>", x=label.index + 1, xanchor="right", xshift=-8,
        align="right", y=float(np.log10(label.curve.drawn[label.index])), yanchor="middle", yshift=shift,
        font={"color": label.curve.colour, "size": LABEL},
    )  # fmt: skip


def beside(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Name the grey lines of comparison inside the chart, above or below themselves where no other line passes."""
    for curve in (c for c in found if c.before):
        candidates = []
        for share in (0.3, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.12):
            flat = Box.around(curve.name, share * room.x(room.length), 0)
            low, high = room.span(curve.drawn, flat.left, flat.right)
            if np.isfinite(low):
                candidates += [Box(flat.left, flat.right, y - 10, y + 10) for y in (high + 15, low - 15)]
        if candidates:
            box = room.place(candidates)
            drawing.note(
                curve.name, x=room.time((box.left + box.right) / 2), y=room.decade((box.low + box.high) / 2),
                xanchor="center", yanchor="middle", font={"color": curve.colour},
            )  # fmt: skip
