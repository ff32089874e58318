"""Which loss reaches which state: the credit of every pair of a loss step and a state step, as colour."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import fields, panels, tracks
from explorer.figures.drawing import Drawing
from explorer.figures.panels import DASHES, Look
from explorer.figures.theme import Theme, log_axis, style, time_axis
from explorer.figures.updates import kept
from explorer.findings import facts, truncation_sentences
from explorer.findings.facts import count

MARGIN = {"l": 104, "r": 88, "b": 58}
FEW = 3  # losses that are drawn as lines: a map of so few rows shows nothing
MOST = 400  # more rows or columns than pixels only cost time


def credit_map(credit: xr.Dataset, theme: Theme = "light", variable: str = "credit") -> go.Figure:
    """Draw Σ_b ‖∂L_s/∂h_{b,t}‖₂ over the state's step t (right) and the loss's step s (up), as log colour.

    Only steps with a loss are drawn; up to FEW of them as lines. A state after the loss gets no colour, an exact zero
    is grey: there truncation cuts, or nothing flows.

    Args:
        credit: ``credit(loss_time, time)`` ≥ 0, in loss per unit of h.
        theme: ``light`` or ``dark``.
        variable: ``credit``, or ``credit_c`` for an LSTM's cell state.
    """
    values = np.asarray(credit[variable].transpose("loss_time", "time").values, dtype=np.float64)
    rows, losses = truncation_sentences.with_loss(values), np.asarray(credit["loss_time"].values)
    few = len(rows) <= FEW
    said = truncation_sentences.credit_sentence(credit, variable)
    left = "" if len(rows) == len(values) or few else f"{count(len(rows), 'step')} of {len(values)} have a loss"
    kind = "Line chart, log scale" if few else "Map, log colours"
    drawing = panels.start(said, left, f"{kind}: credit by loss step and state step", theme, MARGIN)
    state = "c" if variable.endswith("_c") else "h"
    drawing.layout["meta"] |= {"equation": f"credit(s, t) = Σ over the batch of ‖∂Lₛ/∂{state}ₜ‖₂"}
    if few:
        _lines(drawing, values[rows], losses[rows], facts.kind(credit), state)
    else:
        _map(drawing, values[rows], losses[rows])
    if not rows.size:
        panels.empty(drawing, "No loss reaches a state.")
    return drawing.figure()


def _map(drawing: Drawing, values: np.ndarray, losses: np.ndarray) -> None:
    length = values.shape[1]
    across, up = kept(length, MOST), kept(len(values), MOST)
    there = np.arange(1, length + 1)[across] <= losses[up][:, None]
    low, high = facts.span([np.where(np.arange(1, length + 1) <= losses[:, None], values, np.nan)])
    fields.log_field(
        drawing, "credit", np.linspace(1, length, len(across)), np.linspace(losses[0], losses[-1], len(up)),
        values[up][:, across], log_axis(low, high), "state t = %{x:.0f}, loss s = %{y:.0f}", there,
    )  # fmt: skip
    drawing.axes(time_axis(length) | {"title": {"text": "state's time step t"}, "showgrid": False}, _up(losses))
    if losses[len(losses) // 8] < 0.4 * length:  # else the words would not lie beside the field
        drawing.note("t > s: after the loss", x=0.98, xref="paper", xanchor="right", y=0.02, yref="paper",
                     yanchor="bottom")  # fmt: skip


def _up(losses: np.ndarray) -> dict[str, Any]:
    """Return the axis of the losses' steps."""
    first, last = float(losses[0]), float(losses[-1])
    ticks = tracks.even(first, last, 6)
    return {"title": {"text": "loss's time step s"}, "range": [first - 0.5, last + 0.5], "showgrid": False, **ticks}


def _lines(drawing: Drawing, values: np.ndarray, losses: np.ndarray, cell: str, state: str) -> None:
    """Draw each loss as a line that ends at its own step."""
    length = values.shape[1]
    drawn = [row[: int(s)] for row, s in zip(values, losses, strict=True)]
    axis = tracks.axis_of(np.concatenate([*drawn, np.zeros(0)]))
    drawing.axes(
        time_axis(length) | {"title": {"text": "state's time step t"}},
        axis.layout(f"‖∂L/∂{state}‖ at step t (loss per unit of {state})"),
    )
    tracks.zero_row(drawing, axis)
    placed = []
    for i, (row, loss) in enumerate(zip(drawn, losses, strict=True)):
        own = style(cell, drawing.theme)
        look = Look(f"loss at<br>s = {int(loss)}", own.colour, DASHES[i] if len(drawn) > 1 else own.dash)
        tracks.track(
            drawing, look, np.arange(1, len(row) + 1), row, axis, hover="t = %{x}", points=False,
            row=tracks.rows(len(drawn))[i],
        )  # fmt: skip
        placed.append((look, tracks.end(axis, row)))
    if not drawn:
        drawing.scatter("no loss", x=[None], y=[None], hoverinfo="skip")  # no trace, no axes drawn
    tracks.names(drawing, placed)
