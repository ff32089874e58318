"""How large the gradient is before and after clipping: its spread over updates, a panel for each way to clip."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels
from explorer.figures.bands import faded
from explorer.figures.drawing import Drawing
from explorer.figures.panels import Look
from explorer.figures.theme import FONT, LogAxis, Theme, log_axis
from explorer.findings import sweep_sentences
from explorer.findings.summary import EDGES
from explorer.findings.swept import Swept

MARGIN = {"l": 104, "r": 24, "b": 56}
TALL = 0.44  # of the room from one cell's line to the next's, for the largest share
WIDTH = EDGES[1] - EDGES[0]


def norm_spread(grid: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw the share of updates by log10 of ‖∂L/∂θ‖₂: above each cell's line before clipping, below it after.

    The shares are means over the runs of one cell and one way to clip; each histogram is as high as its largest share,
    so that heights compare within one only. Bins
    at the ends hold what lies outside 1e-12 … 1e12, zero and what is not finite. ``customdata`` is the place in the
    grid of the run whose share of clipped updates is nearest the median.
    """
    swept = Swept(grid)
    heads, looks = panels.chosen(swept.clippings), panels.looks(swept.cells, theme)
    groups = {k: p for k, p in swept.groups(swept.clippings, swept.cells).items() if k[0] in heads}
    shares = {key: _shares(swept, places) for key, places in groups.items()}
    note = "updates by norm, above: before clipping, below: after; dashed: threshold; %: clipped updates"
    note = "; ".join(filter(None, [note, panels.left_out(swept.clippings)]))
    said = sweep_sentences.norm_sentence(grid)
    drawing = panels.start(said, note, "Histograms of the gradient norm, log scale", theme, MARGIN)
    axis = _axis(swept, list(shares.values()))
    wide = panels.panel_width(len(heads))
    across = axis.layout("", max(2, int(wide / 60))) | {"title": {"text": ""}}
    names = [f'<b><span style="color:{look.colour}">{look.name}</span></b>' for look in looks.values()]
    rows = [-i for i in range(len(looks))]
    upright = {"range": [0.5 - len(looks), 0.5], "tickmode": "array", "tickvals": rows, "ticktext": names,
               "showgrid": False, "title": {"text": "updates, by cell"}}  # fmt: skip
    panels.axes(drawing, heads, [across] * len(heads), upright, "gradient norm ‖∂L/∂θ‖")
    for i, head in enumerate(heads):
        _threshold(drawing, swept.thresholds.get(head), axis, i)
        for row, (cell, look) in zip(rows, looks.items(), strict=True):
            if (head, cell) in groups and np.isfinite(shares[head, cell][0]).any():
                _row(drawing, swept, groups[head, cell], shares[head, cell], look, axis, (i, row))
    if not shares or not swept.done.any():
        panels.empty(drawing, "Histograms appear here as runs end.")
    return drawing.figure()


def _shares(swept: Swept, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean shares of updates in each bin before and after clipping; nan where no run is done."""
    done, empty = places[swept.done[places]], np.full(len(EDGES) + 1, math.nan)
    if not done.size or "norm_before" not in swept.grid:
        return empty, empty
    before, after = (swept.number(name)[done] for name in ("norm_before", "norm_after"))
    known = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    return (before[known].mean(axis=0), after[known].mean(axis=0)) if known.any() else (empty, empty)


def _axis(swept: Swept, shares: list[tuple[np.ndarray, np.ndarray]]) -> LogAxis:
    """Return the axis of norms that holds every bin with an update in it, and every threshold."""
    used = np.flatnonzero(np.any([pair > 0 for both in shares for pair in both], axis=0)) if shares else np.zeros(0)
    inner = used[(used > 0) & (used < len(EDGES))]
    ends = [*(10.0 ** EDGES[i - 1] for i in inner), *(10.0 ** EDGES[i] for i in inner)]
    ends += list(swept.thresholds.values())
    low, high = (min(ends), max(ends)) if ends else (math.nan, math.nan)
    broken = "inf" if len(EDGES) in used else ""
    return log_axis(low, high, zeros=0 in used, broken=broken)


def _row(
    drawing: Drawing, swept: Swept, places: np.ndarray, shares: tuple[np.ndarray, np.ndarray], look: Look,
    axis: LogAxis, at: tuple[int, int],
) -> None:  # fmt: skip
    """Add one cell's two histograms back to back, and its share of clipped updates where they leave room."""
    panel, row = at
    clipped = swept.middle(swept.number("clipped_share"), places)
    run = clipped.nearest if clipped else -1
    for name, share, sign, opacity in (("before", shares[0], 1, 0.3), ("after", shares[1], -1, 0.75)):
        x, y = _outline(share, axis)
        y = TALL * y / max(y.max(initial=0), 1e-9)
        drawing.scatter(
            f"{look.name} {name} clipping", x=x, y=row + sign * y, mode="lines", fill="toself",
            fillcolor=faded(look.colour, opacity), line={"color": look.colour, "width": 1.2},
            customdata=[run] * len(x), hoveron="points+fills", text=f"{look.name}, {name} clipping",
            hoverinfo="text", **panels.on(panel),
        )  # fmt: skip
    if clipped is not None and swept.clippings[int(places[0])] != "no clipping":
        found = swept.number("clipped_share")[places]
        _share_word(drawing, float(np.nanmean(found)), shares, axis, (panel, row), look)


def _outline(share: np.ndarray, axis: LogAxis) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a histogram; zero and what is not finite stand on their own places."""
    half = WIDTH / 2
    low = axis.bottom if axis.zero is None else axis.zero - half
    lows = np.concatenate([[low], EDGES[:-1], [axis.ceiling if axis.top is None else axis.top - half]])
    highs = np.concatenate([[low + WIDTH], EDGES[1:], [lows[-1] + WIDTH]])
    used = np.flatnonzero(share > 0)
    if not used.size:
        return np.zeros(0), np.zeros(0)
    x, y = [lows[used[0]]], [0.0]
    for i in used:
        x += [lows[i], lows[i], highs[i], highs[i]]
        y += [0.0, share[i], share[i], 0.0]
    corners = np.clip([*x, x[0]], axis.bottom, axis.ceiling)
    return 10.0**corners, np.array([*y, 0.0])


def _share_word(
    drawing: Drawing, share: float, both: tuple[np.ndarray, np.ndarray], axis: LogAxis, at: tuple[int, int], look: Look
) -> None:
    """Write the share of clipped updates at that end of the row from which the histograms are further away."""
    places = [(edge - axis.bottom) / (axis.ceiling - axis.bottom) for edge in EDGES[:-1] + WIDTH / 2]
    mass = (both[0] + both[1])[1:-1]
    used = [1.0] if both[0][-1] > 0 else [0.0] if both[0][0] > 0 else []
    used += [place for place, amount in zip(places, mass, strict=True) if amount > 0]
    right = not used or 1 - max(used) >= min(used)
    place = panels.within(at[0])
    side = {"x": 1.0, "xanchor": "right"} if right else {"x": 0.0, "xanchor": "left"}
    drawing.note(
        sweep_sentences.percent(share), y=at[1] + 0.3, yref=place["yref"], xref=f"{place['xref']} domain",
        font={"color": look.colour, "size": FONT}, **side,
    )  # fmt: skip


def _threshold(drawing: Drawing, value: float | None, axis: LogAxis, panel: int) -> None:
    """Draw the threshold of the norm as a vertical; the panel's heading says its value."""
    if value is None or not axis.bottom <= math.log10(value) <= axis.ceiling:
        return
    place: dict[str, Any] = panels.within(panel)
    line = {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"}
    drawing.shape("threshold", "line", x0=value, x1=value, y0=0, y1=1, line=line, xref=place["xref"],
                  yref=f"{place['yref']} domain", layer="below")  # fmt: skip
