"""A figure in the making: its pieces as plain dicts, given to Plotly all at once."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.theme import Theme, ink, template

POINT = 7  # px, a value that stands alone
Settings = dict[str, Any]


class Drawing:
    """Traces, shapes and words of one chart in one theme.

    Plotly checks and copies a good part of a figure at every ``add_…`` call, at about 2 ms a call: too slow for charts
    that are redrawn ten times a second while a network trains. Here it gets the whole figure at once and unchecked;
    the tests check it. As nothing is expanded either, nested settings are written as dicts, never ``title_text``.
    """

    def __init__(self, title: str, alt: str, theme: Theme, margin: dict[str, int]) -> None:
        """Start an empty chart; ``alt`` is the sentence a screen reader says, kept in ``layout.meta``."""
        self.theme, self.ink = theme, ink(theme)
        self.traces: list[Settings] = []
        self.shapes: list[Settings] = []
        self.notes: list[Settings] = []
        self.layout: Settings = {
            "template": template(theme), "title": {"text": title}, "margin": margin, "meta": {"alt": alt},
            "autosize": True, "uirevision": "keep",
        }  # fmt: skip

    def axes(self, x: Settings, y: Settings) -> None:
        """Set both axes."""
        self.layout |= {"xaxis": x, "yaxis": y}

    def scatter(self, name: str, **settings: Any) -> None:
        """Add lines or points."""
        self.traces.append({"type": "scatter", "name": name, **settings})

    def line(
        self, name: str, *, y: np.ndarray, line: Settings, labels: list[str] | None = None, **settings: Any
    ) -> None:
        """Add a line through the finite values, and a point for each that has no neighbour a line could join it to."""
        there = np.concatenate([[False], np.isfinite(y), [False]])
        lone = there[1:-1] & ~there[:-2] & ~there[2:]
        mode = "+".join(["lines", *(["markers"] if lone.any() else []), *(["text"] if labels else [])])
        marker = {"size": np.where(lone, POINT, 0), "color": line["color"]} if lone.any() else None
        self.scatter(name, y=y, mode=mode, line=line, marker=marker, text=labels, **settings)

    def heatmap(self, name: str, **settings: Any) -> None:
        """Add a field of colours."""
        self.traces.append({"type": "heatmap", "name": name, **settings})

    def shape(self, name: str, kind: str, **settings: Any) -> None:
        """Add a ``line`` or ``rect``; in units of the axes unless it says otherwise."""
        self.shapes.append({"type": kind, "name": name, **settings})

    def across(self, name: str, y: float, line: Settings, **settings: Any) -> None:
        """Add a horizontal line through the whole plot."""
        self.shape(name, "line", xref="paper", x0=0, x1=1, y0=y, y1=y, line=line, **settings)

    def upright(self, name: str, x: float, line: Settings, **settings: Any) -> None:
        """Add a vertical line through the whole plot."""
        self.shape(name, "line", x0=x, x1=x, y0=0, y1=1, yref="paper", line=line, **settings)

    def note(self, text: str, **settings: Any) -> None:
        """Add words."""
        self.notes.append({"text": text, **settings})

    def figure(self) -> go.Figure:
        """Return the figure; what its reader changes in it later is checked as usual."""
        marks = {"shapes": self.shapes, "annotations": self.notes}
        layout = self.layout | {name: found for name, found in marks.items() if found}
        fig = go.Figure({"data": self.traces, "layout": layout}, _validate=False)
        for part in (fig, fig.layout, *fig.data):
            part._validate = True
        return fig
