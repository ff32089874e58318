"""What stands behind the lines: cues, question, cuts, the part no gradient reaches."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.figures.curves import Curve
from explorer.figures.drawing import Drawing
from explorer.figures.room import HEIGHT, LETTER, WIDTH, Box, Option, Room, extent
from explorer.figures.theme import CLEAR, FONT
from explorer.findings import facts

MOST_CUTS = 20
BAND = (3, 22)  # px below the axis
ORDINALS = ("first", "second", "third", "fourth", "fifth")


def task(drawing: Drawing, dataset: xr.Dataset, room: Room) -> None:
    """Mark the cue ranges as bands on the time axis and the question as a vertical line or band."""
    length = dataset.sizes["time"]
    signal = facts.ranges(dataset, "signal")
    for i, (first, last) in enumerate(signal):
        gap = min(0.3, 0.0015 * length)
        drawing.shape(
            "cue", "rect", x0=first - 0.5 + gap, x1=last + 0.5 - gap, line={"width": 0}, fillcolor=drawing.ink.band,
            yref="paper", ysizemode="pixel", yanchor=0, y0=-BAND[0], y1=-BAND[1], layer="above",
        )  # fmt: skip
        wide = WIDTH * (last - first + 1) / length
        words = [f"{ORDINALS[i]} cue", ORDINALS[i]] if 1 < len(signal) <= len(ORDINALS) else ["cue"]
        fitting = [w for w in words if LETTER * len(w) < wide] or ([words[0]] if _alone(signal, i, length) else [])
        if fitting:
            middle = float(np.clip((first + last) / 2, 0.06 * length, 0.96 * length))
            under = -sum(BAND) / 2
            place = {"x": middle, "y": 0, "yref": "paper", "yanchor": "middle", "yshift": under}
            room.write(drawing, [Option(fitting[0], Box.around(fitting[0], room.x(middle), under), place)])
    for first, last in facts.ranges(dataset, "question"):
        drawing.shape(
            "question", "rect" if last > first else "line", x0=first - 0.5 * (last > first),
            x1=last + 0.5 * (last > first), y0=0, y1=1, yref="paper", layer="below", fillcolor=drawing.ink.band,
            line={"color": drawing.ink.quiet, "width": 0 if last > first else 1, "dash": "dot"},
        )  # fmt: skip
        room.upright(first)
    if question := facts.ranges(dataset, "question"):
        middle = (question[-1][0] + question[-1][1]) / 2
        edge = 25 / WIDTH * length  # half a word
        where = "right" if middle + edge > length + 0.5 else "left" if middle - edge < 0.5 else "center"
        x = {"right": length + 0.5, "left": 0.5, "center": middle}[where]
        room.write(drawing, [_above("asked", x, where, room)])


def _above(text: str, x: float, anchor: str, room: Room) -> Option:
    """Return the option of writing a text on the upper edge of the plot."""
    place = {"x": x, "xanchor": anchor, "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 1}
    return Option(text, Box.around(text, room.x(x), HEIGHT + 1 + extent(text)[1] / 2, anchor=anchor), place)


def _alone(signal: Sequence[tuple[int, int]], i: int, length: int) -> bool:
    """Tell whether a narrow cue has no neighbour within the width of its word."""
    middles = [(a + b) / 2 for a, b in signal]
    return all(abs(middles[i] - m) / length * WIDTH > 80 for j, m in enumerate(middles) if j != i)


def cut_lines(drawing: Drawing, dataset: xr.Dataset, shown: Sequence[np.ndarray], room: Room) -> None:
    """Draw the cuts next to which one of the shown gradients [T] flows; of more than 20, some, and say so."""
    flows = np.any([values != 0 for values in shown], axis=0)
    alive = [t for t in facts.cuts(dataset) if 1 <= t < len(flows) and (flows[t - 1] or flows[t])]
    if not alive:
        return
    drawn = [alive[i] for i in np.unique(np.linspace(0, len(alive) - 1, MOST_CUTS).round().astype(int))]
    for t in drawn:
        drawing.upright("cut", t + 0.5, {"color": drawing.ink.reference, "width": 1}, layer="below")
        room.upright(t + 0.5)
    text = "truncation cut" if len(alive) == 1 else "truncation cuts"
    if len(drawn) < len(alive):
        text = f"{len(alive)} truncation cuts, {len(drawn)} drawn"
    sides = ("right", "left") if drawn[-1] > 0.5 * len(flows) else ("left", "right")
    room.write(drawing, [_above(text, t + 0.5, side, room) for t in reversed(drawn) for side in sides])


def unreached(drawing: Drawing, found: Sequence[Curve], room: Room) -> list[tuple[int, int]]:
    """Hatch each stretch of time in which every line is exactly zero; return their first and last steps."""
    if not found or len({len(c.values) for c in found}) > 1:
        return []
    dead = np.all([c.values == 0 for c in found], axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dead.astype(int), [0]])))
    stretches = [(int(a) + 1, int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    bottom, top = 10.0**room.axis.bottom, 10.0**room.axis.ceiling
    live = [c for c in found if c.track]
    if stretches or (live and all((c.rows == 0).any() for c in live)):
        drawing.scatter(
            "exactly zero", y=[bottom, bottom, top, top, None] * len(stretches),
            x=[corner for a, b in stretches for corner in (a - 0.5, b + 0.5, b + 0.5, a - 0.5, None)],
            mode="lines", line={"width": 0}, fill="toself", hoverinfo="skip", fillcolor=CLEAR,
            fillpattern={"shape": "/", "fgcolor": drawing.ink.zero, "bgcolor": CLEAR, "size": 9, "solidity": 0.18},
            meta=_hatching(found, live) | {"low": bottom, "high": top} if live else None,
        )  # fmt: skip
    return stretches


def _hatching(found: Sequence[Curve], live: Sequence[Curve]) -> dict[str, object]:
    """Return what lets the board hatch another update: the lines that move, and where all others are zero."""
    still = [c.values == 0 for c in found if not c.track]
    moving = {"mark": "hatch", "track": live[0].track, "tracks": [c.track for c in live]}
    return moving | ({"still": np.all(still, axis=0).tolist()} if still else {})


def say_zero(drawing: Drawing, stretches: Sequence[tuple[int, int]], cuts: Sequence[int], room: Room) -> None:
    """Write into the widest hatched stretch that it is zero, and that truncation made it so where it did."""
    if not stretches:
        return
    first, last = max(stretches, key=lambda s: s[1] - s[0])
    words = ["exactly 0:", "cut by truncation"] if last in cuts else ["exactly 0"]
    left, right = room.x(first - 0.5), room.x(last + 0.5)
    heights = HEIGHT * np.array([0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2, 0.9])
    options = []
    for text in dict.fromkeys((" ".join(words), "<br>".join(words))):
        if extent(text)[0] + 8 < right - left:
            options += [room.option(text, (left + right) / 2, float(y)) for y in heights]
    if right - left > extent("0")[1]:
        options += [_turned(room.option(" ".join(words), (left + right) / 2, float(y))) for y in heights]
    font = {"color": drawing.ink.text, "size": FONT}
    room.write(drawing, options, name="exactly zero", font=font, bgcolor=drawing.ink.paper, borderpad=3)


def _turned(option: Option) -> Option:
    """Return the option of writing the same text upwards."""
    left, right, low, high = option.box
    x, y, wide, tall = (left + right) / 2, (low + high) / 2, high - low, right - left
    box = Box(x - wide / 2, x + wide / 2, y - tall / 2, y + tall / 2)
    return option._replace(box=box, settings=option.settings | {"textangle": -90})
