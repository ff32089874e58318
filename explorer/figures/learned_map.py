"""Which runs learned: truncation length against lag, or against another axis; a panel for each cell."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels
from explorer.figures.drawing import Drawing
from explorer.figures.fields import VIRIDIS
from explorer.figures.theme import FONT, Theme
from explorer.findings import sweep_sentences
from explorer.findings.facts import number
from explorer.findings.quantities import LEARNED
from explorer.findings.swept import Swept

LAG = "lag to the cue (steps)"
MARGIN = {"l": 104, "r": 96, "b": 56}
TOP = 1.2  # end of the colour scale, as loss over chance; what is above has the same colour
BRIGHT = 0.55  # under this loss over chance the colour is so bright that words on it are dark
DARK, LIGHT = "#1A1C23", "#FFFFFF"


@dataclass(frozen=True)
class Side:
    """One axis of the map: its title, the key of each place of the grid, and the keys in order."""

    title: str
    keys: list[Hashable]

    @property
    def order(self) -> list[Hashable]:
        """The keys in order, numbers by size; what is not known is left out."""
        known = [k for k in dict.fromkeys(self.keys) if not (isinstance(k, float) and math.isnan(k))]
        return sorted(known, key=float) if all(isinstance(k, int | float) for k in known) else known  # type: ignore[arg-type]

    @property
    def numeric(self) -> bool:
        """Whether the keys are numbers, which grow upwards; words are read downwards."""
        return all(isinstance(k, int | float) for k in self.order)

    @property
    def texts(self) -> list[str]:
        """What is written at the keys."""
        return [f"{k:g}" if isinstance(k, int | float) else str(k) for k in self.order]


def learned_map(grid: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw the median over seeds of final loss over loss without memory as colour, and how many seeds learned.

    A field's ``customdata`` is the place in the grid, in C order over its dimensions, of the run nearest its median;
    -1 where none is done. Fields whose runs all diverged have a colour of their own.
    """
    swept = Swept(grid)
    across, up = _sides(swept)
    cells = panels.chosen(swept.cells)
    groups = swept.groups(swept.cells, up.keys, across.keys)
    fields = {cell: [[groups.get((cell, y, x)) for x in across.order] for y in up.order] for cell in cells}
    most = max((len(g[swept.done[g]]) for g in groups.values()), default=0)
    said = sweep_sentences.learned_sentence(grid)
    gone = swept.merged({k: g for k, g in groups.items() if k[0] in cells})
    note = [f"median over {', '.join(d.replace('_', ' ') for d in gone)}" if gone else "", panels.left_out(swept.cells)]
    note.append(
        (f"{'numbers: runs that' if most > 1 else '✓:'} learned, loss under {number(LEARNED)} of chance")
        if swept.done.any()
        else ""
    )
    drawing = panels.start(
        said, "; ".join(filter(None, [*note, _diverged(swept)])), "Map: final loss over chance", theme, MARGIN
    )
    wide, high = max(1, len(across.order)), max(1, len(up.order))
    axis = {"tickmode": "array", "showgrid": False}
    x = axis | {"range": [-0.5, wide - 0.5], "tickvals": _few(across.texts, panels.panel_width(len(cells)))[0],
                "ticktext": _few(across.texts, panels.panel_width(len(cells)))[1]}  # fmt: skip
    ends = [-0.5, high - 0.5]
    y = axis | {"range": ends if up.numeric else ends[::-1], "tickvals": list(range(len(up.order))),
                "ticktext": up.texts, "title": {"text": up.title}}  # fmt: skip
    looks = panels.looks(swept.cells, theme)
    heads = [f'<b><span style="color:{looks[cell].colour}">{looks[cell].name}</span></b>' for cell in cells]
    panels.axes(drawing, heads, [x] * len(cells), y, across.title)
    for i, cell in enumerate(cells):
        _panel(drawing, swept, fields[cell], i, looks[cell].name, panels.panel_width(len(cells)) / wide)
    if not swept.done.any():
        panels.empty(drawing, "Fields fill in here as runs end.")
    return drawing.figure()


def _sides(swept: Swept) -> tuple[Side, Side]:
    """Return the axes of the map: truncation length and lag; clipping or any other axis where one has one value."""
    spare = [
        Side(dim.replace("_", " "), swept.coordinate(dim) or [])
        for dim in swept.dims
        if swept.owner(dim) not in ("truncation", "clipping", "task", "seed", "cell") and swept.grid.sizes[dim] > 1
    ]
    spare = [side for side in spare if len(side.order) > 1]
    lengths, lags = Side("truncation length (steps)", swept.lengths.tolist()), Side(LAG, swept.lags.tolist())
    rows = [side for side in (lags, Side("clipping", list(swept.clippings)), *spare) if len(side.order) > 1]
    up = rows[0] if rows else lags
    return next((side for side in spare if side is not up), lengths) if len(lengths.order) < 2 else lengths, up


def _few(texts: Sequence[str], wide: float) -> tuple[list[int], list[str]]:
    """Return places and texts of ticks that have room beside one another."""
    room = 8.0 * max((len(text) for text in texts), default=1) + 6
    every = max(1, math.ceil(room * len(texts) / wide))
    kept = list(range(0, len(texts), every))
    return kept, [texts[i] for i in kept]


def _diverged(swept: Swept) -> str:
    lost = int((swept.number("diverged") > 0).sum())
    return f"× diverged ({lost} of {int(swept.done.sum())})" if lost else ""


def _panel(
    drawing: Drawing, swept: Swept, rows: list[list[np.ndarray | None]], panel: int, name: str, wide: float
) -> None:
    """Add the fields of one cell: an outline, the colour where it is known, and words."""
    loss, learned, diverged = (swept.number(n) for n in ("loss_relative", "learned", "diverged"))
    z = np.full((len(rows), len(rows[0]) if rows else 0), math.nan)
    runs, hover, lost = np.full(z.shape, -1), np.full(z.shape, "not run", dtype=object), np.full(z.shape, math.nan)
    for (y, x), _ in np.ndenumerate(z):
        outline = {"width": 1, "color": drawing.ink.grid}
        ends = {"x0": x - 0.47, "x1": x + 0.47, "y0": y - 0.47, "y1": y + 0.47}
        drawing.shape("field", "rect", line=outline, layer="below", **ends, **panels.within(panel))
        places = rows[y][x]
        places = np.zeros(0, dtype=int) if places is None else places[swept.done[places]]
        if not places.size:
            continue
        middle = swept.middle(loss, places)
        z[y, x] = middle.median if middle else math.nan
        runs[y, x] = middle.nearest if middle else places[0]
        gone, won, known = int((diverged[places] > 0).sum()), int((learned[places] > 0).sum()), len(places)
        lost[y, x] = 1.0 if gone == known else math.nan
        hover[y, x] = f"loss {number(float(z[y, x]))} of chance, {won} of {known} learned, {gone} diverged"
        _words(drawing, _mark(won, known, gone, wide), (x, y), float(z[y, x]), panel)
    place = panels.on(panel)
    same = {"x": list(range(z.shape[1])), "y": list(range(z.shape[0])), "xgap": 2, "ygap": 2, **place}
    if z.size:
        drawing.heatmap(
            name, z=z, customdata=runs, text=hover, colorscale=VIRIDIS, reversescale=True, zmin=0, zmax=TOP,
            showscale=panel == 0, colorbar=_colorbar(drawing), hoverongaps=False,
            hovertemplate=f"{name}: %{{text}}<extra></extra>", **same,
        )  # fmt: skip
    if np.isfinite(lost).any():
        colour = drawing.ink.broken
        drawing.heatmap(
            f"{name} diverged", z=lost, customdata=runs, text=hover, showscale=False, zmin=0, zmax=1, opacity=0.35,
            colorscale=[[0, colour], [1, colour]], hoverongaps=False,
            hovertemplate=f"{name}: %{{text}}<extra></extra>", **same,
        )  # fmt: skip


def _mark(won: int, known: int, gone: int, wide: float) -> str:
    """Return the words of a field: 4/5 where there is room, else 4; a cross where runs diverged."""
    if known == 1:
        return "×" if gone else "✓" if won else ""
    cross = "×" if gone else ""
    text = f"{won}/{known}{cross}"
    return text if 8.0 * len(text) + 4 < wide else f"{won}{cross}"


def _words(drawing: Drawing, text: str, at: tuple[int, int], loss: float, panel: int) -> None:
    if text:
        colour = drawing.ink.text if not math.isfinite(loss) else DARK if loss < BRIGHT else LIGHT
        drawing.note(text, x=at[0], y=at[1], font={"color": colour, "size": FONT}, **panels.within(panel))


def _colorbar(drawing: Drawing) -> dict[str, Any]:
    return {
        "thickness": 12, "len": 1, "y": 0.5, "x": 1, "xpad": 10, "ypad": 0, "outlinewidth": 0,
        "tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1 =<br>chance"],
        "tickfont": {"size": FONT, "color": drawing.ink.quiet},
    }  # fmt: skip
