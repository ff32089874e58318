"""What runs remember whose gradient does not reach the signal: final loss against truncation length."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import bands, panels
from explorer.figures.drawing import Drawing
from explorer.figures.reach_by_length import across, line_of, names
from explorer.figures.room import HEIGHT, extent
from explorer.figures.theme import LogAxis, Theme, log_axis
from explorer.findings import facts, sweep_sentences, variant_sentences
from explorer.findings.facts import number
from explorer.findings.quantities import LEARNED
from explorer.findings.swept import Swept

MARGIN = {"l": 112, "r": 88, "b": 58}
UNREACHED = ("the gradient does not reach the signal", "no gradient reaches<br>the signal", "unreached")
SHORT = ("truncation no longer than the lag", "no longer<br>than the lag")
NEAR = 18.0  # px between two ticks that can both be read


def remembered(grid: xr.Dataset, theme: Theme = "light", *, lag: float | None = None) -> go.Figure:
    """Draw final loss over the loss without memory (log) against truncation length: a line for each cell.

    A line is the median over the seeds, a point one run; ``customdata`` is its place in the grid, as in
    ``reach_by_length``. Runs that diverged lie in a row on top.

    Args:
        grid: summaries of runs; nan where a run is not done.
        theme: ``light`` or ``dark``.
        lag: fewest steps from a step of the signal to one that is asked: no gradient reaches the signal with a
            truncation length up to it. Without it, the lag to the signal's middle stands for it.
    """
    swept = Swept(grid)
    values = np.where(swept.number("diverged") > 0, math.inf, swept.number("loss_relative"))
    groups = swept.groups(swept.cells, swept.lengths)
    said = variant_sentences.remembered_sentence(grid, lag)
    note = sweep_sentences.reduced(swept, groups)
    drawing = panels.start(
        said, note, "Line chart, log scales: final loss over chance by truncation length", theme, MARGIN
    )
    drawing.layout["meta"] |= {"equation": "loss after training / loss of the best answer without memory"}
    lags = np.unique(swept.lags[np.isfinite(swept.lags)]) if lag is None else np.array([float(lag)])
    low, high = facts.span([values, LEARNED, 1.0])
    axis = log_axis(low, high, zeros=bool((values == 0).any()), broken="diverged" if np.isinf(values).any() else "")
    looks = panels.looks(swept.cells, theme)
    sideways, span = across(np.unique(swept.lengths[~np.isnan(values)]), lags, 1)
    title = "truncation length (steps that the gradient flows back)"
    panels.axes(drawing, [""], [sideways], _upright(axis), title)
    drawing.across("learned", LEARNED, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"}, layer="below")
    found = [
        line_of(swept, values, groups, (cell,), look, place - (len(looks) - 1) / 2, span)
        for place, (cell, look) in enumerate(looks.items())
    ]
    _unreached(drawing, lags, SHORT if lag is None else UNREACHED, span, axis, found)
    for line in found:
        bands.draw(drawing, line, axis, 0, ("loss over chance", "truncation length"))
    names(drawing, [[line] for line in found], axis)
    if not any(line.middles for line in found):
        panels.empty(drawing, "Points appear here as runs end.")
    return drawing.figure()


def _upright(axis: LogAxis) -> dict[str, Any]:
    """Return the vertical axis, on which chance and the level of what has learned are named."""
    layout = axis.layout("final loss ÷ chance")
    own = {1.0: "chance: 1", LEARNED: f"learned: {number(LEARNED)}"}
    places = [float(axis.share(math.log10(value))) * HEIGHT for value in own]
    if abs(places[0] - places[1]) < NEAR:
        own.pop(1.0)
    others = {
        value: text
        for value, text in zip(layout["tickvals"], layout["ticktext"], strict=True)
        if all(abs(float(axis.share(math.log10(value / each)) - axis.share(0.0))) * HEIGHT >= NEAR for each in own)
    }
    marks = sorted((others | own).items())
    return layout | {"tickvals": [value for value, _ in marks], "ticktext": [text for _, text in marks]}


def _unreached(
    drawing: Drawing, lags: np.ndarray, texts: Sequence[str], span: tuple[float, float], axis: LogAxis,
    found: Sequence[bands.Line],
) -> None:  # fmt: skip
    """Draw the lag as a vertical, and tint and name what lies left of it, by the first of the texts that has room."""
    lags = lags[lags > 0]
    if not lags.size:
        return
    for lag in lags[:3]:
        drawing.upright("lag", float(lag), {"color": drawing.ink.reference, "width": 1.5, "dash": "dot"}, layer="below")
    words = f"lag to the signal: {' and '.join(number(float(lag)) for lag in lags[:3])}"
    edge = math.log10(lags[0])
    right = (edge - span[0]) / (span[1] - span[0]) > 0.5
    drawing.note(words, x=edge, xref="x", xanchor="right" if right else "left", y=1, yref="paper", yanchor="bottom",
                 yshift=2)  # fmt: skip
    drawing.shape("unreached", "rect", x0=10.0 ** span[0], x1=float(lags[0]), yref="paper", y0=0, y1=1,
                  line={"width": 0}, fillcolor=drawing.ink.vanishing, layer="below")  # fmt: skip
    wide = (edge - span[0]) / (span[1] - span[0]) * panels.WIDTH
    text = next((text for text in texts if extent(text)[0] + 12 < wide), "")
    if text:
        drawing.note(text, xref="x", xanchor="left", yref="paper", yanchor="middle", align="left",
                     **_free(text, found, axis, span, wide))  # fmt: skip


def _free(
    text: str, found: Sequence[bands.Line], axis: LogAxis, span: tuple[float, float], wide: float
) -> dict[str, float]:
    """Return the place of a text, in the left part of the plot of so many pixels, where it lies on least."""
    scale = panels.WIDTH / (span[1] - span[0])
    drawn = []
    for line in found:
        tops = ([m.median for m in line.middles], [m.low for m in line.middles], [m.high for m in line.middles])
        x = scale * (np.log10(np.array(line.x) * line.shift) - span[0])
        for values in tops if len(x) else ():
            y = [HEIGHT * float(axis.share(math.log10(bands.height(axis, value)))) for value in values]
            between = np.linspace(x[0], x[-1], 200)
            drawn.append(np.stack([between, np.interp(between, x, y)]))
    points = np.concatenate([np.zeros((2, 0)), *drawn], axis=1)
    far, high = extent(text)
    best, least = (6.0, HEIGHT / 2), math.inf
    for y in np.linspace(high / 2 + 6, HEIGHT - high / 2 - 6, 12):
        for x in np.linspace(6.0, wide - far - 6, 5):
            inside = (points[0] > x - 6) & (points[0] < x + far + 6) & (np.abs(points[1] - y) < high / 2 + 5)
            if inside.sum() < least:
                best, least = (float(x), float(y)), float(inside.sum())
    return {"x": span[0] + best[0] / scale, "y": best[1] / HEIGHT}
