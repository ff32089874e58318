"""Levels of the gradient: vanishing, exploding, where the number format ends, exact zeros, inf and nan."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.figures.curves import Curve, near
from explorer.figures.drawing import Drawing
from explorer.figures.room import HEIGHT, Room, extent
from explorer.figures.theme import LogAxis
from explorer.findings import facts
from explorer.findings.facts import number

FACTOR = 1e3  # gradients this many times smaller (larger) than their line's end are called vanishing (exploding)


def regions(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Tint what is 1000 times below (above) the end of every line at every update the chart can show.

    A line in the tint has vanished (exploded) whichever it is: no line starts there. Where the ends differ widely, that
    is less than each line's own region.
    """
    ends = np.concatenate([_ends(c) for c in found]) if found else np.zeros(0)
    if not ends.size:
        return
    low, high = facts.span(c.rows for c in found)
    if low < (edge := ends.min() / FACTOR):
        text = f"vanishing: under {number(1 / FACTOR)} of the end"
        _region(drawing, text, edge, 10.0**room.axis.low, drawing.ink.vanishing, room)
    if high > (edge := ends.max() * FACTOR):
        text = f"exploding: over {number(FACTOR)} × the end"
        _region(drawing, text, edge, 10.0**room.axis.high, drawing.ink.exploding, room)


def _ends(curve: Curve) -> np.ndarray:
    """Return each row's gradient at the last step asked, or at the last step before it that a gradient reaches [<= R].

    With an update after each segment, an update's losses may all be earlier.
    """
    rows = np.asarray(curve.rows, dtype=float)[:, : curve.asked]
    there = np.isfinite(rows) & (rows > 0)
    last = rows.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.asarray(rows[np.arange(len(rows)), last][there.any(axis=1)])


def _region(drawing: Drawing, text: str, edge: float, far: float, colour: str, room: Room) -> None:
    word = text.split(":")[0]
    drawing.shape(
        word, "rect", xref="paper", x0=0, x1=1, y0=edge, y1=far, line={"width": 0}, fillcolor=colour, layer="below"
    )
    start, stop = (room.y(float(np.log10(value))) for value in (edge, far))
    inward, half = (1 if stop > start else -1), extent(text)[1] / 2 + 3
    if abs(stop - start) < 2 * half:
        return
    ends = [start + inward * half, stop - inward * half]
    heights = [*ends, *np.arange(ends[0], ends[1], 12 * inward).tolist()[1:]]
    room.write(drawing, room.around([text, word], heights))


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
        heights = [y for y in (at + 14, at - 14, at + 28, at - 28) if 10 < y < HEIGHT - 10]
        room.write(drawing, room.around([texts[value], name], heights))


def zeros(drawing: Drawing, found: Sequence[Curve], axis: LogAxis) -> None:
    """Draw exact zeros on a row of their own below the lowest decade: a log axis has no place for them."""
    if axis.zero is None:
        return
    drawing.across("zero", 10.0**axis.zero, {"color": drawing.ink.reference, "width": 1}, layer="below")
    shown = [c for c in found if (c.values == 0).any() or (c.track and (c.rows == 0).any())]
    lift = 0.012 * (axis.ceiling - axis.bottom)  # lines that are zero at the same steps stay visible side by side
    for i, curve in enumerate(shown):
        times = np.flatnonzero(curve.values == 0) + 1
        height = 10.0 ** (axis.zero + lift * (i - (len(shown) - 1) / 2))
        drawing.scatter(
            f"{curve.name} zero", x=times, y=np.full(len(times), height), mode="markers",
            marker={"color": curve.colour, "size": 4, "symbol": "circle"}, cliponaxis=False,
            meta=moving(curve, "zero", height),
            hovertemplate=f"{curve.name}: exactly 0 at t = %{{x}}<extra></extra>",
        )  # fmt: skip


def moving(curve: Curve, mark: str, height: float) -> dict[str, object] | None:
    """Return what lets the board put a line's marks where they are at another update; None where it shows only one."""
    return {"track": curve.track, "mark": mark, "at": height} if curve.track else None


def broken(drawing: Drawing, found: Sequence[Curve], room: Room) -> None:
    """Draw what is not finite along the top edge, with the first such step going back in time."""
    axis, first = room.axis, (False, 0, "", False)
    if axis.top is None:
        return
    for curve in found:
        bad = np.flatnonzero(~np.isfinite(curve.values))
        if not bad.size and not (curve.track and not np.isfinite(curve.rows).all()):
            continue
        drawing.scatter(
            f"{curve.name} not finite", x=bad + 1, y=np.full(len(bad), 10.0**axis.top), mode="markers",
            marker={"color": curve.colour, "size": 7,
                    "symbol": ["x-thin-open" if np.isnan(curve.values[i]) else "triangle-up" for i in bad]},
            text=[number(curve.values[i]) for i in bad], cliponaxis=False,
            meta=moving(curve, "broken", 10.0**axis.top),
            hovertemplate=f"{curve.name}: %{{text}} at t = %{{x}}<extra></extra>",
        )  # fmt: skip
        if bad.size:
            word = number(curve.values[bad[-1]]).lstrip("-")
            first = max(first, (not curve.before, int(bad[-1]) + 1, word, curve.track is not None))
    now, time, word, moves = first
    if time:
        said = f"{word} from t = {time} back{'' if now else ' before training'}"
        _first_broken(drawing, time, said, room, **({"name": "not finite"} if moves else {}))


def _first_broken(drawing: Drawing, time: int, text: str, room: Room, **settings: str) -> None:
    axis, line = room.axis, {"color": drawing.ink.broken, "width": 1.5}
    drawing.shape("not finite", "line", x0=time, x1=time, y0=10.0**axis.high, y1=10.0**axis.ceiling, line=line)
    top = room.y(axis.top)
    options = [
        room.option(text, room.x(time) + (10 if anchor == "left" else -10), y, anchor)
        for y in (top, top - 24, top - 48, top - 72)
        for anchor in ("left", "right")
    ]
    room.write(drawing, options, font={"color": drawing.ink.broken}, **settings)
