"""What share of the gradient reaches the signal, against truncation length: a line for each cell."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import bands, panels
from explorer.figures.bands import Line
from explorer.figures.drawing import Drawing
from explorer.figures.panels import Look
from explorer.figures.theme import LogAxis, Theme, log_axis
from explorer.findings import facts, sweep_sentences
from explorer.findings.facts import number
from explorer.findings.swept import Swept

MARGIN = {"l": 104, "r": 88, "b": 56}
SIDE = 0.012  # what cells whose points are exactly zero stand apart by, in shares of the axis


def reach_by_length(grid: xr.Dataset, theme: Theme = "light", variable: str = "reach_trained") -> go.Figure:
    """Draw g_s / g_q (log), gradient norm at the first signal over that at the question, against truncation length.

    A line is the median over the seeds of one cell, a panel one way to clip. A point's ``customdata`` is the place in
    the grid, counted in C order over its dimensions, of the run that is nearest to it.

    Args:
        grid: summaries of runs; nan where a run is not done.
        theme: ``light`` or ``dark``.
        variable: ``reach_trained``, the median over the last updates, or ``reach``, at the start.
    """
    swept = Swept(grid)
    values = _values(swept, variable)
    heads = panels.chosen(swept.clippings)
    groups = swept.groups(swept.clippings, swept.cells, swept.lengths)
    groups = {key: places for key, places in groups.items() if key[0] in heads}
    said = sweep_sentences.reach_sentence(grid, variable)
    note = "; ".join(filter(None, [sweep_sentences.reduced(swept, groups), panels.left_out(swept.clippings)]))
    alt = "Line chart, log scales: share of the gradient that reaches the signal by truncation length"
    drawing = panels.start(said, note, alt, theme, MARGIN)
    axis = _axis(values[~np.isnan(swept.lengths)])
    looks = panels.looks(swept.cells, theme)
    sideways, span = across(np.unique(swept.lengths[~np.isnan(values)]), swept.lags, len(heads))
    beside = {cell: place - (len(looks) - 1) / 2 for place, cell in enumerate(looks)}
    found = {
        (head, cell): line_of(swept, values, groups, (head, cell), look, beside[cell], span)
        for head in heads
        for cell, look in looks.items()
    }
    panels.axes(
        drawing, heads if len(heads) > 1 else [""], [sideways] * len(heads), _upright(axis, swept, values, variable),
        "truncation length (steps that the gradient flows back)",
    )  # fmt: skip
    for i, head in enumerate(heads):
        _lags(drawing, swept.lags, i, span, len(heads))
        _zeros(drawing, axis, i)
        for cell in looks:
            bands.draw(drawing, found[head, cell], axis, i, ("share", "truncation length"))
    names(drawing, [[found[head, cell] for head in heads] for cell in looks], axis)
    if not any(line.middles for line in found.values()):
        panels.empty(drawing, "Points appear here as runs end.")
    return drawing.figure()


def _values(swept: Swept, variable: str) -> np.ndarray:
    """Return the share at each place: 1e-300 where too small for the number format, inf where it is not finite."""
    values, signal = swept.number(variable), swept.number("start_signal" if variable == "reach" else "end_signal")
    normal = facts.floor(swept.grid)[1] if facts.experiment(swept.grid) else 0.0
    lost = np.isnan(values) & (signal > 0) & (signal < normal)
    broken = np.isnan(values) & swept.done & np.isinf(signal)
    return np.where(lost, 1e-300, np.where(broken, math.inf, values))


def _axis(values: np.ndarray) -> LogAxis:
    low, high = facts.span([values[values > 1e-299]])
    return log_axis(low, high, zeros=bool((values == 0).any()), broken="inf" if np.isinf(values).any() else "")


def _upright(axis: LogAxis, swept: Swept, values: np.ndarray, variable: str) -> dict[str, Any]:
    """Return the vertical axis; zeros are called cut where truncation alone explains every one of them."""
    when = "at the start" if variable == "reach" else "after training"
    layout = axis.layout(f"‖∂L/∂h‖ at signal ÷ end, {when}")
    zero = values == 0
    cut = bool((swept.lengths[zero] <= swept.lags[zero]).all())
    words = [("0: cut off" if cut else "exactly 0") if text == "0" else text for text in layout["ticktext"]]
    return layout | {"ticktext": words, "title": layout["title"] | {"standoff": 4}}


def line_of(
    swept: Swept, values: np.ndarray, groups: dict[Any, np.ndarray], own: tuple[str, ...], look: Look, beside: float,
    span: tuple[float, float],
) -> Line:  # fmt: skip
    """Return one cell's line in one panel.

    Args:
        swept: the grid.
        values: what is drawn, at each place [N].
        groups: what belongs together → its places; the last word of what is the truncation length.
        own: the words before that one.
        look: of the cell.
        beside: by how many times SIDE its points stand aside, so that equal ones can be told apart.
        span: ends of the axis in decades.
    """
    found = []
    for key, places in sorted((kv for kv in groups.items() if kv[0][:-1] == own), key=_length):
        middle = swept.middle(values, places)
        if middle is not None:
            length = float(key[-1])
            found.append((length, middle, [(length, float(values[i]), int(i)) for i in places]))
    runs = [run for _, _, each in found for run in each if not math.isnan(run[1])]
    shift = 10 ** (SIDE * (span[1] - span[0]) * beside)
    return Line(look, [x for x, _, _ in found], [m for _, m, _ in found], runs, shift)


def _length(item: tuple[Any, Any]) -> float:
    return float(item[0][-1])


def across(used: np.ndarray, lags: np.ndarray, amount: int) -> tuple[dict[str, Any], tuple[float, float]]:
    """Return the settings of the axis of lengths: logarithmic, ticks at the lengths used; and its ends in decades."""
    lengths = used[np.isfinite(used)].tolist()
    known = [*lengths, *lags[np.isfinite(lags) & (lags > 0)]] or [1.0, 100.0]
    low, high = math.log10(min(known)), math.log10(max(known))
    air = max(0.06 * (high - low), 0.05 if high > low else 0.3)
    low, high = low - air, high + air
    kept = panels.ticks(lengths or [1.0, 10.0, 100.0], low, high, panels.panel_width(amount))
    ticks = {"tickmode": "array", "tickvals": kept, "ticktext": [f"{value:g}" for value in kept]}
    return {"type": "log", "range": [low, high], **ticks}, (low, high)


def _lags(drawing: Drawing, lags: np.ndarray, panel: int, span: tuple[float, float], amount: int) -> None:
    """Draw the lag from the signal to the question as a vertical, with its name in the first panel."""
    found = np.unique(lags[np.isfinite(lags) & (lags > 0)])
    for lag in found[:3]:
        line = {"color": drawing.ink.reference, "width": 1.5, "dash": "dot"}
        place = panels.within(panel)
        drawing.shape("lag", "line", x0=lag, x1=lag, y0=0, y1=1, line=line, layer="below",
                      xref=place["xref"], yref=f"{place['yref']} domain")  # fmt: skip
        if panel == 0:
            words = number(float(lag)) if lag > found[0] else f"lag to the cue: {number(float(lag))}"
            drawing.note(words, x=math.log10(lag), xref="x", **_beside(drawing, lag, span, amount))


def _beside(drawing: Drawing, lag: float, span: tuple[float, float], amount: int) -> dict[str, Any]:
    """Return where the name of a vertical stands: over it, or under the heading of its panel on the wider side."""
    if amount == 1:
        return {"y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 2}
    left = (math.log10(lag) - span[0]) / (span[1] - span[0]) > 0.5
    side = {"xanchor": "right", "xshift": -4} if left else {"xanchor": "left", "xshift": 4}
    return {"y": 1, "yref": "y domain", "yanchor": "top", "bgcolor": drawing.ink.paper, **side}


def _zeros(drawing: Drawing, axis: LogAxis, panel: int) -> None:
    """Tint the row of exact zeros, for which a log axis has no place."""
    if axis.zero is not None:
        place = panels.within(panel)
        drawing.shape("exactly 0", "rect", xref=f"{place['xref']} domain", x0=0, x1=1, yref=place["yref"],
                      y0=10.0**axis.bottom, y1=10.0 ** (2 * axis.zero - axis.bottom), line={"width": 0},
                      fillcolor=drawing.ink.band, layer="below")  # fmt: skip


def names(drawing: Drawing, found: list[list[Line]], axis: LogAxis) -> None:
    """Write each cell's name beside the end of its line in the last panel that has one."""
    placed = []
    for lines in found:
        line = next((each for each in reversed(lines) if each.end is not None), None)
        if line is not None and line.end is not None:
            place = math.log10(bands.height(axis, line.end.median))
            placed.append((line.look, float(axis.share(place)), place))
    panels.ends(drawing, placed)
