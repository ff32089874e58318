"""The cliff: error over the two weights of a one-unit network, with paths of descent across it."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.colors import get_colorscale

from explorer.figures import panels, tracks
from explorer.figures.drawing import Drawing, Settings
from explorer.figures.theme import FONT, Theme
from explorer.figures.window import SIZE, Words, cut, visible
from explorer.findings import cliff_sentences
from explorer.findings.facts import count

START = 13  # px: the circle where paths start
MARGIN = {"l": 72, "r": 72, "b": 58}
EVEN = get_colorscale("Cividis")
# On the field of colours, which is the same in both themes: the line, and the seam that sets it off.
FREE, HELD = ("#FFFFFF", "#9C0F3F"), ("#111111", "#FFFFFF")


def cliff(surface: xr.Dataset, paths: Sequence[xr.Dataset] = (), theme: Theme = "light") -> go.Figure:
    """Draw E as colour over w (right) and b (up), and the paths of descent on it.

    Clipped paths are solid and the others dashed; where a path first leaves the window there is an arrow at the edge.
    Each point of the surface has its number, counted along b first, as custom data: `point_at` is its place.

    Args:
        surface: ``error(w, b)`` and ``gradient_norm(w, b)``, as `explorer.cliff` returns them.
        paths: as `explorer.descent` returns them, all from one start; their weights may be anything.
        theme: ``light`` or ``dark``.
    """
    said = cliff_sentences.paths_sentence(surface, list(paths))
    drawing = panels.start(said, "", "Map, colours: error over weight and bias", theme, MARGIN)
    drawing.layout["meta"] |= {"equation": "x_t = w·σ(x_{t−1}) + b,  x_0 = 0.5,  E = (σ(x_T) − 0.7)²"}
    _field(drawing, surface)
    titles = {"w": "recurrent weight w", "b": "bias b"}
    drawing.axes(*(_axis(surface[name].values, title) for name, title in titles.items()))
    words = Words(*_ends(surface))
    for path in paths:
        words.add(*visible(_points(path), *_ends(surface)))
    started = bool(paths) and bool(cliff_sentences.inside(surface, paths[0])[0])
    if started:
        words.keep(_points(paths[0])[0], START / 2)
        words.write(drawing, _points(paths[0])[0], "<b>start</b>", drawing.ink.paper, level=True)
    for path in paths:
        _path(drawing, surface, path, words)
    if started:
        _start(drawing, paths[0])
    return drawing.figure()


def point_at(surface: xr.Dataset, number: int) -> tuple[float, float]:
    """Return w and b of a point by its number, counted along b first."""
    row, column = divmod(number, surface.sizes["b"])
    return float(surface["w"][row]), float(surface["b"][column])


def _field(drawing: Drawing, surface: xr.Dataset) -> None:
    error = surface["error"].transpose("b", "w").values
    numbers = np.arange(error.size).reshape(error.shape[::-1]).T
    high = float(np.nanmax(error, initial=0.0)) or 1.0
    marks = tracks.even(0.0, high, 5)
    drawing.heatmap(
        "error", x=surface["w"].values, y=surface["b"].values, z=error.astype(np.float32), colorscale=EVEN,
        zmin=0.0, zmax=high, hoverongaps=False,
        customdata=numbers.tolist(),  # rows as lists: plotly.js finds the number of a click in no others
        colorbar={"thickness": 12, "len": 1, "y": 0.5, "x": 1, "xpad": 10, "ypad": 0, "outlinewidth": 0,
                  "tickvals": marks["tickvals"], "ticktext": marks["ticktext"],
                  "tickfont": {"size": FONT, "color": drawing.ink.quiet}},
        hovertemplate="error %{z:.3g} at w = %{x:.4g}, b = %{y:.4g}<extra></extra>",
    )  # fmt: skip


def _axis(values: np.ndarray, title: str) -> Settings:
    low, high = float(values[0]), float(values[-1])
    return {"title": {"text": title}, "range": [low, high], "showgrid": False, **tracks.even(low, high, 6)}


def _path(drawing: Drawing, surface: xr.Dataset, path: xr.Dataset, words: Words) -> None:
    """Draw the part of a path in the window, its name, and where it first leaves."""
    held, said = "threshold" in path.attrs, cliff_sentences.name(path)
    (line, seam), dash = (HELD, "solid") if held else (FREE, "7px,4px")
    edging = drawing.ink.text if held else drawing.ink.broken
    points, (low, high) = _points(path), _ends(surface)
    x, y = visible(points, low, high)
    shown = {"x": x, "y": y, "mode": "lines", "hoverinfo": "skip"}
    drawing.scatter(f"{said}, seam", line={"color": seam, "width": 5.5}, **shown)
    drawing.scatter(said, line={"color": line, "width": 2.5, "dash": dash}, **shown)
    there, gone = cliff_sentences.inside(surface, path), cliff_sentences.leaves(surface, path)
    if gone and there[gone - 1] and np.isfinite(points[gone]).all():
        ends = cut(points[gone - 1], points[gone], low, high)
        edge = points[gone - 1] if ends is None else ends[1]
        _arrow(drawing, f"{said}, leaves", edge, (points[gone] - edge) / (high - low), (line, seam))
        words.write(drawing, edge, f"<b>{said}</b>,<br>leaves at update {gone}", edging)
    elif there.any():
        last = int(np.flatnonzero(there)[-1])
        words.write(drawing, points[last], f"<b>{said}</b>,<br>after {count(last, 'update')}", edging)


def _points(path: xr.Dataset) -> np.ndarray:
    return np.stack([path["w"].values, path["b"].values], axis=1)


def _ends(surface: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the window's lower and upper ends."""
    low, high = (np.array([float(surface[name][i]) for name in "wb"]) for i in (0, -1))
    return low, high


def _arrow(drawing: Drawing, name: str, at: np.ndarray, way: np.ndarray, colours: tuple[str, str]) -> None:
    """Draw an arrow's head at the edge, in the direction in which the path leaves on the screen."""
    right, up = way / max(float(np.abs(way).max()), 1e-300) * SIZE
    degrees = round(math.degrees(math.atan2(right, up)))
    drawing.scatter(
        name, x=[float(at[0])], y=[float(at[1])], mode="markers", hoverinfo="skip", cliponaxis=False,
        marker={"symbol": "arrow", "angle": (degrees + 180) % 360 - 180, "size": 20, "color": colours[0],
                "line": {"color": colours[1], "width": 2}},
    )  # fmt: skip


def _start(drawing: Drawing, path: xr.Dataset) -> None:
    at = _points(path)[0]
    drawing.scatter(
        "start", x=[float(at[0])], y=[float(at[1])], mode="markers", hoverinfo="skip",
        marker={"symbol": "circle", "size": START, "color": HELD[1], "line": {"color": HELD[0], "width": 3}},
    )  # fmt: skip
