"""Lines with seed bands over an ordered axis: median, lowest to highest, each run a point that can be clicked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.figures import panels
from explorer.figures.drawing import POINT, Drawing
from explorer.figures.panels import Look
from explorer.figures.theme import LINE, LogAxis
from explorer.findings.facts import number
from explorer.findings.swept import Middle


@dataclass(frozen=True)
class Line:
    """One cell in one panel: the places on the axis in order, and what the seeds come to at each."""

    look: Look
    x: Sequence[float]
    middles: Sequence[Middle]
    runs: Sequence[tuple[float, float, int]]
    shift: float = 1.0

    @property
    def end(self) -> Middle | None:
        """The last point, where its name stands."""
        return self.middles[-1] if self.middles else None


def height(axis: LogAxis, value: float, lift: float = 0.0) -> float:
    """Return where a value is drawn: zeros and what is not finite on their own rows, the rest where it is."""
    if value == 0 and axis.zero is not None:
        return float(10.0 ** (axis.zero + lift))
    if not np.isfinite(value) and axis.top is not None:
        return float(10.0**axis.top)
    return float(np.clip(value, 10.0**axis.low, 10.0**axis.high))


def draw(drawing: Drawing, line: Line, axis: LogAxis, panel: int, words: tuple[str, str]) -> None:
    """Add band, runs and median of one cell; ``customdata`` of each point is the place of the run it stands for.

    Args:
        drawing: the chart.
        line: what is drawn.
        axis: the vertical axis.
        panel: counted from 0.
        words: what is drawn and what it is drawn over, for the hover text.
    """
    x = np.array(line.x) * line.shift
    _band(drawing, line, axis, panel, x)
    if line.runs:
        drawing.scatter(
            f"{line.look.name} runs", x=np.array([place for place, _, _ in line.runs]) * line.shift,
            y=[height(axis, value) for _, value, _ in line.runs], customdata=[run for _, _, run in line.runs],
            mode="markers", marker={"color": line.look.colour, "size": 5, "opacity": 0.5}, cliponaxis=False,
            text=[said(value) for _, value, _ in line.runs],
            hovertemplate=f"{line.look.name}, one run: %{{text}}<extra></extra>", **panels.on(panel),
        )  # fmt: skip
    values = np.array([m.median for m in line.middles])
    shown = np.isfinite(values) & (values > 0)
    for name, there, mode in ((line.look.name, shown, "lines+markers"), (f"{line.look.name} 0", ~shown, "markers")):
        if there.any():
            y = [height(axis, v) if keep else None for v, keep in zip(values, there, strict=True)]
            drawing.scatter(
                name, x=x, y=y, mode=mode, customdata=[m.nearest for m in line.middles], cliponaxis=False,
                line={"color": line.look.colour, "dash": line.look.dash, "width": LINE},
                marker={"color": line.look.colour, "size": POINT}, text=[said(value) for value in values],
                hovertemplate=f"{line.look.name}: {words[0]} %{{text}} at {words[1]} %{{x:.3g}}<extra></extra>",
                **panels.on(panel),
            )  # fmt: skip


def said(value: float) -> str:
    """Write a value in words for people."""
    return "exactly 0" if value == 0 else number(value)


def _band(drawing: Drawing, line: Line, axis: LogAxis, panel: int, x: np.ndarray) -> None:
    """Add the band from the lowest to the highest seed; a bar where no neighbour has a positive one to join it to."""
    there = np.array([False, *(m.high > 0 for m in line.middles), False])
    edges = np.flatnonzero(there[1:] != there[:-1])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        part = slice(int(first), int(last))
        low = [height(axis, m.low) for m in line.middles[part]]
        high = [height(axis, m.high) for m in line.middles[part]]
        if low == high:
            continue
        shape = {"x": [*x[part], *x[part][::-1]], "y": [*high, *low[::-1]]}
        alone = {"line": {"width": 8, "color": faded(line.look.colour, 0.22)}} if last - first == 1 else {
            "fill": "toself", "fillcolor": faded(line.look.colour, 0.16), "line": {"width": 0}}  # fmt: skip
        drawing.scatter(
            f"{line.look.name} band", mode="lines", hoverinfo="skip", **shape, **alone, **panels.on(panel)
        )  # fmt: skip


def faded(colour: str, opacity: float) -> str:
    """Return a colour #RRGGBB as rgba with an opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
