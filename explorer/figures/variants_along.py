"""How far each variant's gradient is from full BPTT's, update by update; of one update, one point for each variant."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import kinds, panels, tracks
from explorer.figures.bands import height, said
from explorer.figures.drawing import POINT, Drawing
from explorer.figures.panels import Look
from explorer.figures.theme import FONT, Theme
from explorer.figures.updates import kept
from explorer.findings import variant_sentences
from explorer.findings.quantities import with_loss
from explorer.findings.swept import plain
from explorer.findings.truncation_sentences import share

POINTS = 30  # up to so many updates have a marker each
DRAWN = ("stochastic", "subsequence")  # schemes whose gradient of one update is a draw
QUANTITY = "relative bias ‖ĝ − g‖ / ‖g‖"


def variants_along(run: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw ‖ĝ − g‖ / ‖g‖ (log) of each variant over updates, g the gradient of full BPTT at the same weights and batch.

    Where there is one update only, a row for each variant, the largest bias on top.

    Args:
        run: ``relative_bias`` and ``cosine`` over ``step`` and ``variant``; nan where there is nothing to compare.
            Updates that used no loss are left out.
        theme: ``light`` or ``dark``.
    """
    run = with_loss(run)
    words = variant_sentences.variants_sentence(run)
    one = run.sizes.get("step", 1) == 1
    looks = kinds.looks(run["variant"].values.tolist(), theme)
    margin = (
        {"l": tracks.beside(looks, whole=True), "r": 88, "b": 58}
        if one
        else {"l": 104, "r": tracks.beside(looks), "b": 58}
    )
    alt = f"{'Dot' if one else 'Line'} chart, log scale: bias of each variant"
    drawn = [kind for kind in DRAWN if any(plain(str(label)) == kind for label in run["variant"].values)]
    note = f"{' and '.join(drawn)}: the error of what was drawn, not the bias of its mean" if drawn else ""
    drawing = panels.start(words, note, alt, theme, margin)
    drawing.layout["meta"] |= {"equation": "bias = ‖ĝ − g‖ / ‖g‖, g of full BPTT at the same weights and batch"}
    if one:
        _dots(drawing, run, looks)
    else:
        _lines(drawing, run, looks)
    return drawing.figure()


def _lines(drawing: Drawing, run: xr.Dataset, looks: dict[str, Look]) -> None:
    chosen = kept(run.sizes["step"])
    steps = np.asarray(run["step"].values)[chosen]
    values = run["relative_bias"].transpose("variant", "step").values.astype(np.float64)[:, chosen]
    axis = tracks.axis_of(values)
    drawing.axes(tracks.along(steps) | {"title": {"text": "update"}}, axis.layout(QUANTITY))
    tracks.zero_row(drawing, axis)
    placed = []
    for i, look in enumerate(looks.values()):
        tracks.track(
            drawing, look, steps, values[i], axis, hover="update %{x}", points=len(steps) <= POINTS, width=2,
            row=tracks.rows(len(looks))[i],
        )  # fmt: skip
        placed.append((look, tracks.end(axis, values[i])))
    tracks.names(drawing, placed)


def _dots(drawing: Drawing, run: xr.Dataset, looks: dict[str, Look]) -> None:
    found = variant_sentences.medians(run)
    axis = tracks.axis_of(np.array(list(found.values())))
    order = sorted(found, key=lambda label: -1.0 if np.isnan(found[label]) else found[label])
    heads = [f'<b><span style="color:{looks[label].colour}">{looks[label].name}</span></b>' for label in order]
    up = {"tickmode": "array", "tickvals": list(range(len(order))), "ticktext": heads,
          "range": [-0.6, len(order) - 0.4], "showgrid": False, "title": {"text": ""}}  # fmt: skip
    drawing.axes(axis.layout(QUANTITY, 6), up)
    tracks.zero_row(drawing, axis, across="x")
    for i, label in enumerate(order):
        look, value = looks[label], found[label]
        place, symbol = height(axis, value), "x-thin-open" if np.isnan(value) else look.marker
        drawing.shape("stem", "line", x0=10.0**axis.bottom, x1=place, y0=i, y1=i, layer="below",
                      line={"color": drawing.ink.grid, "width": 2})  # fmt: skip
        drawing.scatter(
            look.name, x=[place], y=[i], mode="markers", customdata=[said(value)], cliponaxis=False,
            marker={"color": look.colour, "size": POINT + 4, "symbol": symbol},
            hovertemplate=f"{label}: bias %{{customdata}}<extra></extra>",
        )  # fmt: skip
        text = "none" if np.isnan(value) else "exactly 0" if value == 0 else share(value)
        drawing.note(text, x=1, xref="paper", xanchor="left", xshift=8, y=i, yanchor="middle",
                     font={"color": look.colour, "size": FONT})  # fmt: skip
