"""The large chart: the gradient that reaches each time step, ‖∂L/∂h_t‖."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import curves as lines
from explorer.figures import labels, levels, marks
from explorer.figures.drawing import Drawing
from explorer.figures.room import room
from explorer.figures.theme import MARGIN, Theme, time_axis
from explorer.findings import facts


def gradient(
    datasets: Sequence[xr.Dataset],
    *,
    step: int = -1,
    before: xr.Dataset | None = None,
    theme: Theme = "light",
    equals: bool = False,
    against: Sequence[tuple[str, np.ndarray]] = (),
) -> go.Figure:
    """Draw Σ_b ‖∂L/∂h_{b,t}‖₂ over time t (log), for the chosen cell first and those beside it.

    The loss is the mean over the batch, so this is the average over sequences of each sequence's gradient norm.

    Args:
        datasets: the chosen cell's Dataset and any to compare; of a run, row ``step`` is drawn.
        step: row of the first Dataset; the axis holds all its rows, so other rows can be put in its place.
        before: a Dataset whose first row is drawn grey, as "before training".
        theme: ``light`` or ``dark``.
        equals: compare the Datasets under letters instead, each with all its rows on the axis.
        against: names and values [T] of grey lines, such as what theory says.
    """
    if datasets and not facts.is_run(datasets[0]) and facts.untrained(datasets[0]):
        before = None  # the only row is the one before training
    drawing = Drawing(title(datasets, before, equals=equals), _alt(datasets, step), theme, MARGIN)
    if not datasets:
        return drawing.figure()
    dataset = datasets[0]
    length = max(d.sizes["time"] for d in datasets)
    found = [*lines.grey(against, dataset, theme), *lines.curves(datasets, step, before, theme, equals=equals)]
    axis, low = lines.axis_for(found, facts.floor(dataset)[1])
    name = {"text": "‖∂L/∂h‖ at step t (loss per unit of h)", "standoff": 16}
    drawing.axes(time_axis(length, standoff=24), axis.layout("") | {"title": name, "side": "right"})
    space = room(axis, length, found)
    stretches = marks.unreached(drawing, found, space)
    marks.task(drawing, dataset, space)
    own = [facts.row(dataset, "grad_h", step), *(c.values for c in found if c.before)]
    marks.cut_lines(drawing, dataset, [row for row in own if len(row) == dataset.sizes["time"]], space)
    lines.draw(drawing, found, labels.live(found, space))
    labels.direct(drawing, found, space)
    marks.say_zero(drawing, stretches, facts.cuts(dataset), space)
    levels.broken(drawing, found, space)
    labels.beside(drawing, found, space)
    levels.float_floor(drawing, dataset, low, space)
    levels.regions(drawing, found, space)
    levels.zeros(drawing, found, axis)
    return drawing.figure()


def title(datasets: Sequence[xr.Dataset], before: xr.Dataset | None = None, *, equals: bool = False) -> str:
    """Return what the chart shows now."""
    if not datasets:
        return "Gradient reaching each time step: nothing measured yet"
    words = "Gradient reaching each time step"
    if equals:
        return words  # beside another chart, there is no room for more
    if before is not None:
        return f"{words}, against before training"
    return f"{words}, going back from the {'question' if facts.ranges(datasets[0], 'question') else 'end'}"


def _alt(datasets: Sequence[xr.Dataset], step: int) -> str:
    said = "".join(text for text, _ in findings.headline(datasets, step))
    return f"Line chart, log scale: gradient norm at each time step. {said}"
