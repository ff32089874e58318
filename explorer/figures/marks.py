"""What stands behind the lines: cues, question, cuts, the part no gradient reaches, vanishing and exploding."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.figures.curves import Curve, near
from explorer.figures.drawing import Drawing
from explorer.figures.room import LETTER, WIDTH, Box, Room
from explorer.figures.theme import CLEAR, FONT, LogAxis
from explorer.figures.updates import kept
from explorer.findings import facts
from explorer.findings.facts import number

ALIKE = 100.0  # ends that differ by less can share one region
FACTOR = 1e3  # gradients this many times smaller (larger) than the question's are called vanishing (exploding)
MOST_CUTS = 20
BAND = (3, 22)  # px below the axis
ORDINALS = ("first", "second", "third", "fourth", "fifth")


def task(drawing: Drawing, dataset: xr.Dataset) -> None:
    """Mark the cue ranges as bands on the time axis and the question as a vertical line or band."""
    length = dataset.sizes["time"]
    signal = facts.ranges(dataset, "signal")
    for i, (first, last) in enumerate(signal):
        gap = min(0.3, 0.0015 * length)
        drawing.shape(
            "cue", "rect", x0=first - 0.5 + gap, x1=last + 0.5 - gap, line={"width": 0}, fillcolor=drawing.ink.band,
            yref="paper", ysizemode="pixel", yanchor=0, y0=-BAND[0], y1=-BAND[1], layer="above",
        )  # fmt: skip
        room = WIDTH * (last - first + 1) / length
        words = [f"{ORDINALS[i]} cue", ORDINALS[i]] if 1 < len(signal) <= len(ORDINALS) else ["cue"]
        fitting = [w for w in words if LETTER * len(w) < room] or ([words[0]] if _alone(signal, i, length) else [])
        if fitting:
            middle = float(np.clip((first + last) / 2, 0.06 * length, 0.96 * length))
            drawing.note(fitting[0], x=middle, y=0, yref="paper", yanchor="middle", yshift=-sum(BAND) / 2)
    for first, last in facts.ranges(dataset, "question"):
        drawing.shape(
            "question", "rect" if last > first else "line", x0=first - 0.5 * (last > first),
            x1=last + 0.5 * (last > first), y0=0, y1=1, yref="paper", layer="below", fillcolor=drawing.ink.band,
            line={"color": drawing.ink.quiet, "width": 0 if last > first else 1, "dash": "dot"},
        )  # fmt: skip
    if question := facts.ranges(dataset, "question"):
        middle = (question[-1][0] + question[-1][1]) / 2
        edge = 25 / WIDTH * length  # half a word
        where = "right" if middle + edge > length + 0.5 else "left" if middle - edge < 0.5 else "center"
        x = {"right": length + 0.5, "left": 0.5, "center": middle}[where]
        drawing.note("asked", x=x, xanchor=where, y=1, yref="paper", yanchor="bottom", yshift=1)


def _alone(signal: Sequence[tuple[int, int]], i: int, length: int) -> bool:
    """Tell whether a narrow cue has no neighbour within the width of its word."""
    middles = [(a + b) / 2 for a, b in signal]
    return all(abs(middles[i] - m) / length * WIDTH > 80 for j, m in enumerate(middles) if j != i)


def cut_lines(drawing: Drawing, dataset: xr.Dataset, values: np.ndarray) -> None:
    """Draw the truncation's cuts next to which a gradient flows; of more than 20, evenly chosen ones, and say so."""
    found = facts.cuts(dataset)
    alive = [t for t in found if 1 <= t < len(values) and (values[t - 1] != 0 or values[t] != 0)]
    drawn = (
        [alive[i] for i in np.unique(np.linspace(0, len(alive) - 1, MOST_CUTS).round().astype(int))] if alive else []
    )
    for t in drawn:
        drawing.upright("cut", t + 0.5, {"color": drawing.ink.reference, "width": 1}, layer="below")
    if drawn and drawn[-1] < 0.86 * len(values):
        text = "truncation cut" if len(alive) == 1 else "truncation cuts"
        if len(drawn) < len(alive):
            text = f"{len(alive)} truncation cuts, {len(drawn)} drawn"
        side = "right" if drawn[-1] > 0.5 * len(values) else "left"
        drawing.note(text, x=drawn[-1] + 0.5, xanchor=side, y=1, yref="paper", yanchor="bottom", yshift=1)


def unreached(drawing: Drawing, dataset: xr.Dataset, found: Sequence[Curve], axis: LogAxis) -> None:
    """Hatch each stretch of time in which every shown gradient is exactly zero, and say why."""
    shown = [c.values for c in found if not c.before]
    if not shown:
        return
    dead = np.all([v == 0 for v in shown], axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dead.astype(int), [0]])))
    stretches = [(int(a) + 1, int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    bottom, top = 10.0**axis.bottom, 10.0**axis.ceiling
    for first, last in stretches:
        drawing.scatter(
            "exactly zero", x=[first - 0.5, last + 0.5, last + 0.5, first - 0.5], y=[bottom, bottom, top, top],
            mode="lines", line={"width": 0}, fill="toself", hoverinfo="skip", fillcolor=CLEAR,
            fillpattern={"shape": "/", "fgcolor": drawing.ink.zero, "bgcolor": CLEAR, "size": 9, "solidity": 0.18},
        )  # fmt: skip
    if stretches:
        first, last = max(stretches, key=lambda s: s[1] - s[0])
        _say_zero(drawing, first, last, len(dead), last in facts.cuts(dataset))


def _say_zero(drawing: Drawing, first: int, last: int, length: int, cut: bool) -> None:
    words = ["exactly 0:", "cut by truncation"] if cut else ["exactly 0"]
    room = WIDTH * (last - first + 1) / length
    text = next(
        (t for t in (" ".join(words), "<br>".join(words)) if LETTER * max(map(len, t.split("<br>"))) < room), None
    )
    drawing.note(
        text or " ".join(words), textangle=0 if text else -90, x=(first + last) / 2, y=0.5, yref="paper",
        font={"color": drawing.ink.text, "size": FONT}, bgcolor=drawing.ink.paper, borderpad=3,
    )  # fmt: skip


def regions(drawing: Drawing, datasets: Sequence[xr.Dataset], room: Room) -> None:
    """Tint what is 1000 times below or above the chosen cell's gradient at the question (median over updates).

    Only where a gradient went there from an end of about that size: a line that starts elsewhere did not vanish.
    """
    ends = [_end(d) for d in datasets]
    alike = [d for d, end in zip(datasets, ends, strict=True) if 1 / ALIKE < end / ends[0] < ALIKE]
    rows = [(d, kept(d.sizes["step"])) for d in alike]
    low, high = facts.span(facts.values(d, v)[r] for d, r in rows for v in ("grad_h", "grad_c") if v in d)
    if low < ends[0] / FACTOR:
        text = f"vanishing: under {number(1 / FACTOR)} of the end"
        _region(drawing, text, ends[0] / FACTOR, 10.0**room.axis.low, drawing.ink.vanishing, room)
    if high > ends[0] * FACTOR:
        text = f"exploding: over {number(FACTOR)} × the end"
        _region(drawing, text, ends[0] * FACTOR, 10.0**room.axis.high, drawing.ink.exploding, room)


def _end(dataset: xr.Dataset) -> float:
    """Return the gradient at the question, median over updates; nan where it is never positive and finite."""
    ends = facts.positive(facts.values(dataset, "grad_h")[kept(dataset.sizes["step"]), facts.asked(dataset) - 1])
    return float(np.median(ends)) if ends.size else np.nan


def _region(drawing: Drawing, text: str, edge: float, far: float, colour: str, room: Room) -> None:
    word = text.split(":")[0]
    drawing.shape(
        word, "rect", xref="paper", x0=0, x1=1, y0=edge, y1=far, line={"width": 0}, fillcolor=colour, layer="below"
    )
    near_edge, far_edge = sorted((room.y(float(np.log10(edge))), room.y(float(np.log10(far)))), reverse=far < edge)
    inward = 1 if far > edge else -1
    _word(drawing, text, (near_edge + 12 * inward, far_edge - 12 * inward), room)


def _word(drawing: Drawing, text: str, heights: Sequence[float], room: Room) -> None:
    """Write a text at one of the heights, right, left or in the middle, wherever it touches no line."""
    half = LETTER * len(text) / 2
    places = (WIDTH - half - 10, half + 10, WIDTH / 2)
    box = room.place([Box.around(text, x, y) for x in places for y in heights])
    x, xanchor = (box.left + box.right) / 2, "center"
    if box.right > WIDTH - 12:
        x, xanchor = box.right, "right"
    elif box.left < 12:
        x, xanchor = box.left, "left"
    y = room.decade((box.low + box.high) / 2)
    drawing.note(text, x=room.time(x), xanchor=xanchor, y=y, yanchor="middle")


def float_floor(drawing: Drawing, dataset: xr.Dataset, low: float, room: Room) -> None:
    """Draw the smallest normal (and subnormal) number of the run's format where data, from ``low`` on, come near it."""
    name, normal, subnormal = facts.floor(dataset)
    texts = {normal: f"{name} loses digits below {number(normal)}", subnormal: f"{name} ends at {number(subnormal)}"}
    drawn = [value for value in texts if near(low, value)]
    for value in drawn:
        line = {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"}
        drawing.across("floor", value, line, layer="below")
        room.level(value)
    for value in drawn:
        at = room.y(float(np.log10(value)))
        _word(drawing, texts[value], (at + 12, at - 12), room)
