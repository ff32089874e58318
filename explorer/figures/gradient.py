"""The large chart: the gradient that reaches each time step, ‖∂L/∂h_t‖."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import curves as lines
from explorer.figures import labels, marks
from explorer.figures.curves import Curve
from explorer.figures.drawing import Drawing
from explorer.figures.room import room
from explorer.figures.theme import MARGIN, LogAxis, Theme, time_axis
from explorer.findings import facts
from explorer.findings.facts import number


def gradient(
    datasets: Sequence[xr.Dataset], *, step: int = -1, before: xr.Dataset | None = None, theme: Theme = "light"
) -> go.Figure:
    """Draw Σ_b ‖∂L/∂h_{b,t}‖₂ over time t (log), for the chosen cell first and those beside it.

    The loss is the mean over the batch, so this is the average over sequences of each sequence's gradient norm.

    Args:
        datasets: the chosen cell's Dataset and any to compare; of a run, row ``step`` is drawn.
        step: row of the first Dataset; the axis holds all its rows, so other rows can be put in its place.
        before: a Dataset whose first row is drawn grey, as "before training".
        theme: ``light`` or ``dark``.
    """
    drawing = Drawing(title(datasets, before), _alt(datasets, step), theme, MARGIN)
    if not datasets:
        return drawing.figure()
    dataset = datasets[0]
    length = max(d.sizes["time"] for d in datasets)
    found = lines.curves(datasets, step, before, theme)
    axis, low = lines.axis_for(found, facts.floor(dataset)[1])
    name = {"text": "‖∂L/∂h‖ at step t (loss per unit of h)", "standoff": 16}
    drawing.axes(time_axis(length, standoff=24), axis.layout("") | {"title": name, "side": "right"})
    if all(d.sizes["time"] == length for d in datasets):
        marks.unreached(drawing, dataset, found, axis)
    marks.cut_lines(drawing, dataset, facts.row(dataset, "grad_h", step))
    marks.task(drawing, dataset)
    lines.draw(drawing, found)
    space = room(axis, length, [c.drawn for c in found])
    labels.direct(drawing, found, space)
    labels.beside(drawing, found, space)
    marks.float_floor(drawing, dataset, low, space)
    marks.regions(drawing, datasets, space)
    _zeros(drawing, found, axis)
    _broken(drawing, found, axis)
    return drawing.figure()


def title(datasets: Sequence[xr.Dataset], before: xr.Dataset | None = None) -> str:
    """Return what the chart shows now."""
    if not datasets:
        return "Gradient reaching each time step: nothing measured yet"
    words = "Gradient reaching each time step"
    if before is not None:
        return f"{words}, against before training"
    return f"{words}, going back from the {'question' if facts.ranges(datasets[0], 'question') else 'end'}"


def _alt(datasets: Sequence[xr.Dataset], step: int) -> str:
    said = "".join(text for text, _ in findings.headline(datasets, step))
    return f"Line chart, log scale: gradient norm at each time step. {said}"


def _zeros(drawing: Drawing, found: Sequence[Curve], axis: LogAxis) -> None:
    """Draw exact zeros on a row of their own below the lowest decade: a log axis has no place for them."""
    if axis.zero is None:
        return
    drawing.across("zero", 10.0**axis.zero, {"color": drawing.ink.reference, "width": 1}, layer="below")
    shown = [c for c in found if not c.before and (c.values == 0).any()]
    lift = 0.012 * (axis.ceiling - axis.bottom)  # lines that are zero at the same steps stay visible side by side
    for i, curve in enumerate(shown):
        times = np.flatnonzero(curve.values == 0) + 1
        height = 10.0 ** (axis.zero + lift * (i - (len(shown) - 1) / 2))
        drawing.scatter(
            f"{curve.name} zero", x=times, y=np.full(len(times), height), mode="markers",
            marker={"color": curve.colour, "size": 4, "symbol": "circle"}, cliponaxis=False,
            hovertemplate=f"{curve.name}: exactly 0 at t = %{{x}}<extra></extra>",
        )  # fmt: skip


def _broken(drawing: Drawing, found: Sequence[Curve], axis: LogAxis) -> None:
    """Draw what is not finite along the top edge, with the first such step going back in time."""
    if axis.top is None:
        return
    first: tuple[int, str, int] | None = None
    for curve in (c for c in found if not c.before):
        bad = np.flatnonzero(~np.isfinite(curve.values))
        if not bad.size:
            continue
        drawing.scatter(
            f"{curve.name} not finite", x=bad + 1, y=np.full(len(bad), 10.0**axis.top), mode="markers",
            marker={"color": curve.colour, "size": 7,
                    "symbol": ["x-thin-open" if np.isnan(curve.values[i]) else "triangle-up" for i in bad]},
            text=[number(curve.values[i]) for i in bad], cliponaxis=False,
            hovertemplate=f"{curve.name}: %{{text}} at t = %{{x}}<extra></extra>",
        )  # fmt: skip
        if first is None or bad[-1] + 1 > first[0]:
            first = (int(bad[-1]) + 1, number(curve.values[bad[-1]]), len(curve.values))
    if first is not None:
        _first_broken(drawing, *first, axis)


def _first_broken(drawing: Drawing, time: int, word: str, length: int, axis: LogAxis) -> None:
    late = time > 0.75 * length
    line = {"color": drawing.ink.broken, "width": 1.5}
    drawing.shape("not finite", "line", x0=time, x1=time, y0=10.0**axis.high, y1=10.0**axis.ceiling, line=line)
    drawing.note(
        f"{word.lstrip('-')} from t = {time} back", x=time, xanchor="right" if late else "left",
        xshift=-8 if late else 10, y=axis.top, yanchor="top" if late else "middle", yshift=-12 if late else 0,
        font={"color": drawing.ink.broken},
    )  # fmt: skip
