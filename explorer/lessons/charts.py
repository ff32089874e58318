"""What lessons change in figures that were made for pages of their own."""

from collections.abc import Mapping

import plotly.graph_objects as go
import xarray as xr

from explorer.figures import Theme, untitled
from explorer.figures.theme import TITLE, ink

TOP = 58  # px above the plot, as in the large chart, so that charts side by side line up


def brief(figure: go.Figure, title: str) -> go.Figure:
    """Give a chart a short title in place of its sentence, which stands above all charts here."""
    figure = untitled(figure)
    figure.layout.title = {"text": title, "font": {"size": TITLE}}
    figure.layout.margin.t = TOP
    return figure


def marked(figure: go.Figure, x: object, theme: Theme) -> go.Figure:
    """Draw a thin line where the control stands."""
    line = {"color": ink(theme).text, "width": 1.5, "dash": "dot"}
    figure.add_shape(type="line", name="chosen", x0=x, x1=x, y0=0, y1=1, yref="y domain", line=line)
    return figure


def starts(material: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Only the first row of each run: the network before training."""
    return {name: run.isel(step=slice(0, 1)) for name, run in material.items()}
