"""The wall from the side: the error over the bias at one weight."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels, tracks
from explorer.figures.drawing import POINT
from explorer.figures.theme import LINE, Theme
from explorer.findings import cliff_sentences

MARGIN = {"l": 72, "r": 24, "b": 58}


def cliff_slice(surface: xr.Dataset, w: float, theme: Theme = "light", *, marks: Sequence[float] = ()) -> go.Figure:
    """Draw E over b at the point of the surface that is nearest to a weight.

    Args:
        surface: ``error(w, b)``, as `explorer.cliff` returns it.
        w: the weight, such as that of a path's start.
        theme: ``light`` or ``dark``.
        marks: biases to mark on the line, such as that of a path's start; those outside the window are left out.
    """
    row = surface["error"].sel(w=w, method="nearest")
    b, errors = surface["b"].values, row.values
    said = cliff_sentences.slice_sentence(surface, w)
    drawing = panels.start(said, "", "Line chart: error over the bias", theme, MARGIN)
    drawing.layout["meta"] |= {"equation": f"E(w, b) at w = {cliff_sentences.coordinate(float(row['w']))}"}
    known = errors[np.isfinite(errors)]
    high = float(known.max(initial=0.0)) or 1.0
    drawing.axes(
        tracks.even(float(b[0]), float(b[-1]), 6) | {"title": {"text": "bias b"}, "range": [float(b[0]), float(b[-1])]},
        tracks.even(0.0, high, 5) | {"title": {"text": "error E"}, "range": [-0.04 * high, 1.06 * high]},
    )
    drawing.scatter(
        "E", x=b, y=errors, mode="lines", line={"color": drawing.ink.text, "width": LINE},
        hovertemplate="error %{y:.3g} at b = %{x:.4g}<extra></extra>",
    )  # fmt: skip
    inside = [mark for mark in marks if b[0] <= mark <= b[-1]]
    if inside:
        drawing.scatter(
            "marks", x=inside, y=np.interp(inside, b, errors), mode="markers", hoverinfo="skip", cliponaxis=False,
            marker={"color": drawing.ink.broken, "size": POINT + 4},
        )  # fmt: skip
    return drawing.figure()
