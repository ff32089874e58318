"""The loss over updates, against the best answer without memory."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import updates
from explorer.figures.drawing import Drawing
from explorer.figures.theme import LINE, SMALL, Theme, log_axis, style
from explorer.findings import facts
from explorer.findings.facts import number

WIDE = 4.0  # a loss that spans more than this factor is drawn on a log axis


def loss(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw the batch's mean loss before each update that asks something (thin), and the no-memory line.

    The thick line is the mean over a window of updates centred on each; the axis says how many.
    """
    said = findings.learned(dataset)[1]
    drawing = Drawing(said[0].upper() + said[1:], f"Line chart of the loss over updates: {said}.", theme, SMALL)
    asked = facts.asks(dataset)
    steps, values = (facts.values(dataset, name)[asked] for name in ("step", "loss"))
    colour = style(facts.kind(dataset), theme).colour
    chosen = updates.kept(len(values))
    same = {"x": steps[chosen], "hovertemplate": "%{fullData.name} %{y:.3g} at update %{x}<extra></extra>"}
    drawing.line("loss", y=_finite(values)[chosen], opacity=0.45, line={"color": colour, "width": 1.2}, **same)
    mean = updates.running_mean(values, chosen)
    drawing.line("running mean", y=mean, line={"color": colour, "width": LINE}, **same)
    chance = findings.chance_loss(dataset)
    scale, log = _scale(values, chance)
    width = updates.window(len(values))
    words = f"update (thick line: mean of {width})" if width > 1 else "update"
    drawing.axes(updates.axis(dataset) | {"title": {"text": words}}, scale)
    if math.isfinite(chance):
        _chance(drawing, dataset, chance, scale["range"], log)
    _diverged(drawing, dataset)
    updates.cursor(drawing, dataset, step)
    return drawing.figure()


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _scale(values: np.ndarray, chance: float) -> tuple[dict[str, Any], bool]:
    """Return the axis of the loss: linear from 0 where it can be read so, log where it spans more than WIDE."""
    pool = np.append(values, chance)
    pool = pool[np.isfinite(pool)]
    low, high = (float(pool.min()), float(pool.max())) if pool.size else (0.0, 1.0)
    title = {"title": {"text": "loss (batch mean)"}}
    if low <= 0 or high / low < WIDE:
        return title | {
            "range": [min(0.0, low), 1.08 * high if high > 0 else 1.0],
            "nticks": 4,
            "tickformat": "~g",
        }, False
    axis = log_axis(low, high)
    if high / low > 1e3:
        return axis.layout("loss (batch mean)", 4), True
    ends = [math.log10(low) - 0.06, math.log10(high) + 0.06]
    ticks = [d * 10.0**e for e in range(-8, 8) for d in ((1, 2, 5) if high / low < 30 else (1, 3))]
    ticks = [t for t in ticks if ends[0] <= math.log10(t) <= ends[1]]
    said = {"tickmode": "array", "tickvals": ticks, "ticktext": [number(t) for t in ticks]}
    return title | {"type": "log", "range": ends} | said, True


def _chance(drawing: Drawing, dataset: xr.Dataset, chance: float, span: list[float], log: bool) -> None:
    drawing.across("no memory", chance, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"})
    place = math.log10(chance) if log else chance
    share = (place - span[0]) / (span[1] - span[0])
    anchor = "bottom" if share < 0.3 else "top" if share > 0.7 else "middle"
    text = "no memory:<br>" + "<br>".join(_wrapped(str(dataset.attrs.get("chance_text", "")), chance))
    updates.side_label(drawing, text, place, yanchor=anchor)


def _wrapped(formula: str, value: float) -> list[str]:
    """Return formula and value in lines short enough for the margin."""
    said = number(value) if value < 0.1 else f"{value:.3g}"
    if not formula or formula == said:
        return [said]
    if len(formula) + len(said) <= 8:
        return [f"{formula} = {said}"]
    return [*(formula.replace(" / ", "<br>/ ").split("<br>") if len(formula) > 10 else [formula]), f"= {said}"]


def _diverged(drawing: Drawing, dataset: xr.Dataset) -> None:
    broken = updates.diverged(drawing, dataset)
    if broken is None:
        return
    values = facts.values(dataset, "loss")
    finite = values[np.isfinite(values)]
    drawing.scatter(
        "diverged", x=[broken], y=[float(finite[-1]) if finite.size else None], mode="markers",
        marker={"color": drawing.ink.broken, "symbol": "x", "size": 10},
        hovertemplate="diverged at update %{x}<extra></extra>",
    )  # fmt: skip
