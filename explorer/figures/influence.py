"""Which way a truncated gradient pushes θ where early and late influences oppose one another."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import kinds, panels, tracks
from explorer.figures.drawing import POINT, Drawing
from explorer.figures.panels import Look
from explorer.figures.reach_by_length import across
from explorer.figures.theme import LINE, Theme
from explorer.findings import truncation_sentences

MARGIN = {"l": 72, "r": 104, "b": 58}
FULL = -6.0  # coefficient of full BPTT
STYLES = {
    "end": ("loss at the<br>block's end", "solid", "circle"),
    "every": ("loss at<br>every step", "dash", "square"),
}


def influence(balance: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw the coefficient c of E[∂L/∂θ] = c · (s¹ − 1) over truncation length (log); above zero θ is driven away.

    Points at which it is driven away are hollow.

    Args:
        balance: ``coefficient(style, length)`` and ``diverges(style, length)``; styles ``end`` and ``every``.
        theme: ``light`` or ``dark``.
    """
    said = truncation_sentences.influence_sentence(balance)
    alt = "Line chart: coefficient of the truncated gradient by truncation length"
    drawing = panels.start(said, "", alt, theme, MARGIN)
    drawing.layout["meta"] |= {
        "equation": "E[∂L/∂θ] = c · (s¹ − 1),  c = e₁ᵀ (I + A + … + Aᴷ⁻¹) v for a loss at the block's end"
    }
    lengths = np.asarray(balance["length"].values, dtype=np.float64)
    found, wrong = (balance[name].transpose("style", "length").values for name in ("coefficient", "diverges"))
    known = found[np.isfinite(found)]
    low, high = min(FULL, float(known.min(initial=0))), max(2.0, float(known.max(initial=0)))
    ends = [low - 0.1 * (high - low), high + 0.1 * (high - low)]
    x, _ = across(lengths, np.array([math.nan]), 1)
    title = {"title": {"text": "truncation length K (steps)"}}
    upright: dict[str, Any] = tracks.even(low, high) | {"range": ends, "title": {"text": "coefficient c of (s¹ − 1)"}}
    drawing.axes(x | title, upright)
    first, last = (max(found[:, i], default=0.0) for i in (0, -1))
    _levels(drawing, ends, right=bool(last <= first))
    placed = []
    for i, name in enumerate(balance["style"].values.tolist()):
        words, dash, marker = STYLES.get(name, (name, "dot", "diamond"))
        look = Look(words, kinds.looks(["window"], theme)["window"].colour, dash, marker)
        symbols = [f"{marker}-open" if bad else marker for bad in wrong[i]]
        plain = words.replace("<br>", " ")
        drawing.scatter(
            plain, x=lengths, y=found[i], mode="lines+markers", cliponaxis=False,
            line={"color": look.colour, "dash": dash, "width": LINE},
            marker={"color": look.colour, "size": POINT, "symbol": symbols},
            text=["driven away" if bad else "right direction" for bad in wrong[i]],
            hovertemplate=f"{plain}: %{{y:.3g}} at length %{{x}}, %{{text}}<extra></extra>",
        )  # fmt: skip
        end = found[i][np.isfinite(found[i])]
        placed.append((look, float((end[-1] - ends[0]) / (ends[1] - ends[0])) if end.size else None))
    tracks.names(drawing, placed)
    return drawing.figure()


def _levels(drawing: Drawing, ends: list[float], *, right: bool) -> None:
    """Draw zero, the coefficient of full BPTT, and the side on which θ is driven away."""
    drawing.shape("driven away", "rect", xref="paper", x0=0, x1=1, y0=0, y1=ends[1], line={"width": 0},
                  fillcolor=drawing.ink.exploding, layer="below")  # fmt: skip
    drawing.across("zero", 0, {"color": drawing.ink.reference, "width": 1.5}, layer="below")
    drawing.across("full", FULL, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"}, layer="below")
    drawing.note("θ is driven away", x=0.985 if right else 0.015, xref="paper", xanchor="right" if right else "left",
                 y=0.97, yref="paper", yanchor="top")  # fmt: skip
    drawing.note("full BPTT: −6", x=0.015, xref="paper", xanchor="left", y=FULL, yanchor="top", yshift=-2)
