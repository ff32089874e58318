"""Values against one thing that was varied: a line for each, on a log axis, with its name at its end."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.figures import panels, tracks
from explorer.figures.panels import Look
from explorer.figures.theme import Theme, ink, style
from explorer.findings.facts import number

MARGIN = {"l": 64, "b": 72}  # below as in the large chart, which it stands beside
MOST = 4  # marks on the axis of a chart that may be narrow
Line = tuple[np.ndarray, str, str]  # values [N]; a kind of cell, or "theory"; dash


def against(
    x: Sequence[float], lines: Mapping[str, Line], *, across: str, up: str, said: str, theme: Theme = "light",
    chosen: float | None = None,
) -> go.Figure:  # fmt: skip
    """Draw lines over what was varied (linear), their values on a log axis; zeros and inf have rows of their own.

    Args:
        x: what was varied, ascending [N].
        lines: name → values [N], nan where there is none; whose colour; dash.
        across: the quantity varied, with its unit.
        up: the quantity drawn, with its unit.
        said: the finding.
        theme: ``light`` or ``dark``.
        chosen: the value at which a thin line stands.
    """
    look = {name: Look(name, _colour(of, theme), dash) for name, (_, of, dash) in lines.items()}
    drawing = panels.start(
        said, "", f"Line chart, log scale: {up} by {across}", theme, MARGIN | {"r": tracks.beside(look)}
    )
    every = np.concatenate([values for values, _, _ in lines.values()]) if lines else np.array([np.nan])
    axis = tracks.axis_of(every, missing=True)
    places = np.asarray(x, dtype=np.float64)
    pad = max(0.02 * (places[-1] - places[0]), 1e-9)
    ends = {"range": [places[0] - pad, places[-1] + pad], "title": {"text": across}}
    marks = places[np.unique(np.linspace(0, len(places) - 1, MOST).round().astype(int))]
    ticks = {"tickmode": "array", "tickvals": marks.tolist(), "ticktext": [number(value) for value in marks]}
    drawing.axes(ends | ticks, axis.layout(up, 5))
    tracks.zero_row(drawing, axis)
    if chosen is not None:
        drawing.upright("chosen", chosen, {"color": drawing.ink.text, "width": 1.5, "dash": "dot"})
    for name, (values, _, _) in lines.items():
        tracks.track(drawing, look[name], places, values, axis, hover=f"{across} %{{x}}")
    tracks.names(drawing, [(look[name], tracks.end(axis, values)) for name, (values, _, _) in lines.items()])
    return drawing.figure()


def _colour(of: str, theme: Theme) -> str:
    return ink(theme).reference if of == "theory" else style(of, theme).colour
