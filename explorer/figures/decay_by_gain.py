"""What one step back multiplies the gradient by, against the gain of the recurrent weights."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import bands, panels
from explorer.figures.bands import Line
from explorer.figures.drawing import Drawing
from explorer.figures.theme import LINE, LogAxis, Theme
from explorer.findings import sweep_sentences
from explorer.findings.facts import number
from explorer.findings.swept import Swept

MARGIN = {"l": 104, "r": 104, "b": 56}
TICKS = [a * 10.0**e for e in range(-6, 7) for a in (1, 2, 5)]
FINE = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]


def decay_by_gain(grid: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw the factor f of g_t ≈ g_q · f^(q - t) at the start, per step back in time, against gain (both log).

    Without an axis of the gain it is drawn against the spectral radius at the start. The grey line is the theory of a
    linear network h_t = W h_(t-1) + …, whose gradient one step back is Wᵀ times it: f = gain where W is orthogonal
    times the gain, and in the long run f = ρ(W) for any other (Pascanu, Mikolov & Bengio 2013, section 2.1). A point's
    ``customdata`` is the place in the grid of the run nearest to it.
    """
    swept, values = Swept(grid), Swept(grid).number("decay")
    values = np.where(values > 0, values, math.nan)
    where, name = sweep_sentences.gains(swept)
    looks = panels.looks(swept.cells, theme)
    groups = swept.groups(swept.cells, where)
    said, note = sweep_sentences.decay_sentence(grid), sweep_sentences.reduced(swept, groups)
    alt = f"Line chart, log scales: factor of the gradient per step back by {name}"
    drawing = panels.start(said, note, alt, theme, MARGIN)
    known = ~np.isnan(values) & (where > 0)
    across = _axis(where[known] if known.any() else where[where > 0], 0.3)
    up = _axis(np.concatenate([values[known & np.isfinite(values)], [1.0]]), 0.08)
    title = "gain of the recurrent weights" if name == "gain" else "spectral radius of W<sub>hh</sub> at the start"
    layout = _layout(up, "factor per step back", _within(up), 380)  # lines need less room than words beside one another
    used = np.unique(where[known]).tolist() or _within(across)
    panels.axes(drawing, [""], [_layout(across, title, used, panels.WIDTH)], layout, title)
    drawing.across("1", 1.0, {"color": drawing.ink.reference, "width": 1}, layer="below")
    if known.any():
        _theory(drawing, across, up)
    drawn = [_line(swept, values, groups, cell, looks[cell]) for cell in looks]
    for line in drawn:
        bands.draw(drawing, line, up, 0, ("factor", name))
    placed = [(line.look, line.end.median) for line in drawn if line.end is not None]
    heights = [(look, math.log10(bands.height(up, value))) for look, value in placed]
    panels.ends(drawing, [(look, float(up.share(place)), place) for look, place in heights])
    if not placed:
        panels.empty(drawing, "Points appear here as runs end.")
    return drawing.figure()


def _axis(values: np.ndarray, least: float) -> LogAxis:
    """Return a log axis with a little air at both ends, at least so many decades wide."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.5, 2.0)
    low, high = math.log10(low), math.log10(high)
    air = max(0.05 * (high - low), (least - (high - low)) / 2, 0.01)
    return LogAxis(low - air, high + air)


def _within(axis: LogAxis) -> list[float]:
    """Return the round numbers on an axis."""
    return [tick for tick in TICKS + FINE if axis.low <= math.log10(tick) <= axis.high]


def _layout(axis: LogAxis, title: str, values: list[float], pixels: float) -> dict[str, Any]:
    """Return the settings of an axis with ticks at some of the values."""
    kept: list[float] = []
    for value in sorted(set(values), key=lambda v: (abs(math.log10(v)) > 1e-9, TICKS.count(v) == 0, v)):
        if all(abs(math.log10(value / k)) / (axis.high - axis.low) * pixels > 34 for k in kept):
            kept.append(value)
    return {"type": "log", "range": [axis.low, axis.high], "title": {"text": title}, "tickmode": "array",
            "tickvals": sorted(kept), "ticktext": [number(value) for value in sorted(kept)]}  # fmt: skip


def _line(
    swept: Swept, values: np.ndarray, groups: dict[Any, np.ndarray], cell: str, look: panels.Look
) -> Line:  # fmt: skip
    found = []
    for key, places in sorted((item for item in groups.items() if item[0][0] == cell), key=lambda item: item[0][1]):
        middle = swept.middle(values, places)
        if middle is not None and key[1] > 0:
            found.append((key[1], middle, [(key[1], float(values[i]), int(i)) for i in places]))
    runs = [run for _, _, each in found for run in each if not math.isnan(run[1])]
    return Line(look, [x for x, _, _ in found], [m for _, m, _ in found], runs)


def _theory(drawing: Drawing, across: LogAxis, up: LogAxis) -> None:
    """Draw factor = gain where both axes have it, with its name on the upper side."""
    low, high = max(across.low, up.low), min(across.high, up.high)
    if low >= high:
        return
    ends = np.linspace(low, high, 40)
    drawing.scatter(
        "linear theory", x=10.0**ends, y=10.0**ends, mode="lines", hovertemplate="linear: %{y:.3g}<extra></extra>",
        line={"color": drawing.ink.reference, "width": LINE, "dash": "6px,4px"},
    )  # fmt: skip
    share = (0.6 * (high - low) + low - across.low) / (across.high - across.low)
    steep = share * panels.WIDTH > 120 and (high - low) / (up.high - up.low) > 0.5
    side = {"xanchor": "right", "yanchor": "bottom", "xshift": -10} if steep else {"xanchor": "left", "yanchor": "top"}
    place = low + (0.6 if steep else 0.02) * (high - low)
    drawing.note(
        "linear network:<br>factor = gain", x=place, y=place, xref="x", yref="y", align="right",
        yshift=4 if steep else -6, **side,
    )  # fmt: skip
