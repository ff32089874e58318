"""How the error goes along paths of descent on the cliff."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels, tracks
from explorer.figures.panels import Look
from explorer.figures.theme import Theme
from explorer.findings import cliff_sentences

MARGIN = {"l": 72, "r": 112, "b": 58}


def descent_errors(paths: Sequence[xr.Dataset], theme: Theme = "light") -> go.Figure:
    """Draw E (log) over updates, a line for each path: solid where it is clipped, dashed where it is not.

    Args:
        paths: at least one, as `explorer.descent` returns them.
        theme: ``light`` or ``dark``.
    """
    said = cliff_sentences.errors_sentence(list(paths))
    drawing = panels.start(said, "", "Line chart, log scale: error along descent", theme, MARGIN)
    drawing.layout["meta"] |= {"equation": "(w, b) ← (w, b) − η·g·min(1, threshold / ‖g‖),  g = (∂E/∂w, ∂E/∂b)"}
    axis = tracks.axis_of(np.concatenate([path["error"].values for path in paths]))
    longest = max(paths, key=lambda path: path.sizes["update"])
    drawing.axes(
        tracks.along(longest["update"].values, most=2) | {"title": {"text": "update"}}, axis.layout("error E", 5)
    )
    tracks.zero_row(drawing, axis)
    placed = []
    for path in paths:
        held = "threshold" in path.attrs
        words = cliff_sentences.name(path).replace(" ", "<br>", 1)
        look = Look(words, drawing.ink.text if held else drawing.ink.broken, "solid" if held else "dash")
        tracks.track(
            drawing, look, path["update"].values, path["error"].values, axis, hover="update %{x}", points=False
        )
        placed.append((look, tracks.end(axis, path["error"].values)))
    tracks.names(drawing, placed)
    return drawing.figure()
