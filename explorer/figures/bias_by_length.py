"""How far a truncated gradient is from the full one, against truncation length: a line for each style."""

import json
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels, tracks
from explorer.figures.drawing import POINT, Drawing
from explorer.figures.panels import Look
from explorer.figures.reach_by_length import across
from explorer.figures.room import extent
from explorer.figures.theme import LINE, LogAxis, Theme, style
from explorer.findings import facts, truncation_sentences
from explorer.findings.facts import count, number

MARGIN = {"l": 64, "r": 96, "b": 58}
WIDE = 220.0  # px: the narrowest panel that words are placed for
STYLES = {"chunked": ("solid", "circle"), "sliding": ("dash", "square-open")}
HEADS = ("relative bias ‖ĝ − g‖ / ‖g‖", "cosine of ĝ and g")


def bias_by_length(
    bias: xr.Dataset, theme: Theme = "light", *, lag: float | None = None, step: int = -1
) -> go.Figure:  # fmt: skip
    """Draw ‖ĝ − g‖ / ‖g‖ (log) and the cosine of ĝ and g over truncation length (log), g the gradient of full BPTT.

    Args:
        bias: ``relative_bias``, ``cosine``, ``norm_ratio`` over ``style`` and ``length``; a cosine of nan means ĝ = 0.
        theme: ``light`` or ``dark``.
        lag: steps from the signal to the question, drawn as a vertical; taken from the attributes ``signal`` and
            ``question`` where it is not given.
        step: row, where the bias was measured along a run.
    """
    found = bias.isel(step=step) if "step" in bias.dims else bias
    after = int(found["step"]) if "step" in found.coords else 0
    said = truncation_sentences.bias_sentence(found)
    note = f"after {count(after, 'update')}" if after else ""
    drawing = panels.start(said, note, "Line charts: bias and cosine by truncation length", theme, MARGIN)
    drawing.layout["meta"] |= {"equation": "bias = ‖ĝ − g‖ / ‖g‖,  cosine = ĝ·g / (‖ĝ‖ ‖g‖)"}
    lengths, lag = np.asarray(found["length"].values, dtype=np.float64), _lag(bias) if lag is None else lag
    off, cosine = (found[name].transpose("style", "length").values for name in ("relative_bias", "cosine"))
    axis = tracks.axis_of(off)
    x, span = across(lengths, np.array([math.nan if lag is None else lag]), 3)  # the gap is as wide as a panel's third
    low, row, layout = _upright(cosine)
    tracks.pair(drawing, HEADS, x, (axis.layout(""), layout), "truncation length (steps that the gradient flows back)")
    tracks.zero_row(drawing, axis)
    _marks(drawing, lag, span, low, axis)
    placed = []
    for i, name in enumerate(found["style"].values.tolist()):
        dash, marker = STYLES.get(name, ("dot", "diamond"))
        look = Look(name, style(facts.kind(bias), theme).colour, dash, marker)
        tracks.track(drawing, look, lengths, off[i], axis, hover="length %{x}", row=tracks.rows(len(off))[i])
        _cosine(drawing, look, lengths, cosine[i], row)
        placed.append((look, _end(cosine[i], row, layout["range"])))
    tracks.names(drawing, placed)
    return drawing.figure()


def _lag(bias: xr.Dataset) -> float | None:
    """Return the steps from the middle of the first signal to the last step asked; None where that is not said."""
    found = [bias.attrs.get(name) for name in ("signal", "question")]
    if not all(isinstance(text, str) and text.startswith("[[") for text in found):
        return None
    signal, question = (json.loads(str(text)) for text in found)
    return float(max(b for _, b in question) - (signal[0][0] + signal[0][1]) // 2)


def _upright(cosine: np.ndarray) -> tuple[float, float, dict[str, Any]]:
    """Return the smallest cosine (at most 0), the place of the row for no direction, and the axis's settings."""
    known = cosine[np.isfinite(cosine)]
    low = min(0.0, float(known.min())) if known.size else 0.0
    high, row, none = 1 - low, low - 0.09 * (1 - low), bool(np.isnan(cosine).any())
    ticks = tracks.even(low, 1.0, 6)
    if none:
        ticks = {"tickmode": "array", "tickvals": [row, *ticks["tickvals"]], "ticktext": ["ĝ = 0", *ticks["ticktext"]]}
    return low, row, {"range": [low - (0.14 if none else 0.04) * high, 1 + 0.04 * high], **ticks}


def _cosine(drawing: Drawing, look: Look, lengths: np.ndarray, values: np.ndarray, row: float) -> None:
    marker = {"color": look.colour, "size": POINT, "symbol": look.marker}
    drawing.scatter(
        f"{look.name} cosine", x=lengths, y=values, mode="lines+markers", cliponaxis=False,
        line={"color": look.colour, "dash": look.dash, "width": LINE}, marker=marker,
        hovertemplate=f"{look.name}: cosine %{{y:.2f}} at length %{{x}}<extra></extra>", **panels.on(1),
    )  # fmt: skip
    none = np.isnan(values)
    if none.any():
        drawing.scatter(
            f"{look.name} none", x=lengths[none], y=np.full(int(none.sum()), row), mode="markers",
            marker=marker | {"symbol": "x-thin-open"}, cliponaxis=False,
            hovertemplate=f"{look.name}: no gradient at all at length %{{x}}<extra></extra>", **panels.on(1),
        )  # fmt: skip


def _end(values: np.ndarray, row: float, ends: tuple[float, float]) -> float:
    last = values[-1] if np.isfinite(values[-1]) else row
    return float((last - ends[0]) / (ends[1] - ends[0]))


def _marks(drawing: Drawing, lag: float | None, span: tuple[float, float], low: float, axis: LogAxis) -> None:
    """Draw the signal's lag in both panels with its name, and the zero of the cosine where it turns negative."""
    line = {"color": drawing.ink.reference, "width": 1.5, "dash": "dot"}
    if low < 0:
        drawing.shape("cosine 0", "line", xref="x2 domain", x0=0, x1=1, yref="y2", y0=0, y1=0, layer="below",
                      line=line | {"dash": "solid", "width": 1})  # fmt: skip
    if lag is None or not lag > 0:
        return
    for panel in range(2):
        place = panels.within(panel)
        drawing.shape("lag", "line", x0=lag, x1=lag, y0=0, y1=1, line=line, layer="below",
                      xref=place["xref"], yref=f"{place['yref']} domain")  # fmt: skip
    at = math.log10(lag)
    left = (at - span[0]) / (span[1] - span[0]) > 0.5
    side = {"xanchor": "right", "xshift": -8} if left else {"xanchor": "left", "xshift": 8}
    # Low in the left panel, over the row of zeros: the bias of lengths up to the lag is high.
    foot = 0.03 + (0.0 if axis.zero is None else float(axis.share(2 * axis.zero - axis.bottom)))
    room = WIDE * ((at - span[0]) if left else (span[1] - at)) / (span[1] - span[0]) - 16
    words = f"lag to the signal: {number(lag)}"
    words = words if extent(words)[0] < room else words.replace("the ", "the<br>")
    drawing.note(words, x=at, xref="x", y=foot, align="right" if left else "left", yref="y domain", yanchor="bottom",
                 bgcolor=drawing.ink.paper, **side)  # fmt: skip
