"""The losses of several runs over updates, each against the best answer without memory."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import updates
from explorer.figures.curves import LETTERS, curves
from explorer.figures.drawing import Drawing
from explorer.figures.labels import spread
from explorer.figures.theme import LINE, SMALL, Theme, log_axis
from explorer.findings import facts

HEIGHT, TALL = 250.0, 20.0  # px: the plot area that names are spread over, and the room of one


def losses(datasets: Sequence[xr.Dataset], theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw the running mean of the batch's mean loss over that of the best answer without memory, one line a run (log).

    Where that is not known, and nowhere else, the loss itself is drawn and the axis says so.
    """
    said = _said(datasets)
    drawing = Drawing(said, f"Line chart of the loss over updates: {said}.", theme, SMALL)
    if not datasets:
        return drawing.figure()
    chances = [findings.chance_loss(dataset) for dataset in datasets]
    relative = all(chance > 0 for chance in chances)
    looks = {curve.name[0]: curve for curve in curves(datasets, theme=theme, equals=True)}
    ends = []
    for letter, dataset, chance in zip(LETTERS, datasets, chances, strict=False):
        asked = facts.asks(dataset)
        steps, values = (facts.values(dataset, name)[asked] for name in ("step", "loss"))
        chosen = updates.kept(len(values))
        mean = updates.running_mean(values, chosen) / (chance if relative else 1.0)
        look = looks[letter]
        drawing.line(
            look.name, x=steps[chosen], y=np.where(mean > 0, mean, np.nan), cliponaxis=False,
            line={"color": look.colour, "dash": look.dash, "width": LINE},
            hovertemplate=f"{look.name}: %{{y:.3g}} at update %{{x}}<extra></extra>",
        )  # fmt: skip
        found = facts.positive(mean)
        ends.append((letter, look.colour, float(found[-1]) if found.size else math.nan))
    low, high = facts.span([np.asarray(trace["y"]) for trace in drawing.traces])
    scale = log_axis(min(low, 1.0 if relative else low), max(high, 1.0 if relative else high))
    longest = max(datasets, key=lambda dataset: dataset.sizes["step"])
    drawing.axes(updates.axis(longest), scale.layout("loss ÷ chance" if relative else "loss (batch mean)", 4))
    if relative:
        drawing.across("no memory", 1.0, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"})
    updates.cursor(drawing, longest, step)
    _name(drawing, [end for end in ends if math.isfinite(end[2])], scale.low, scale.high)
    return drawing.figure()


def _name(drawing: Drawing, ends: Sequence[tuple[str, str, float]], low: float, high: float) -> None:
    """Write each line's letter at its end, in the right margin."""
    per = (high - low) / HEIGHT
    heights = [(math.log10(end) - low) / per for _, _, end in ends]
    # Half a name inside the plot: what the smallest step of `spread` puts outside, Plotly leaves out.
    places = spread(heights, [TALL] * len(ends), TALL / 2, HEIGHT - TALL / 2)
    for (letter, colour, _), place in zip(ends, places, strict=True):
        y = low + place * per
        drawing.note(
            f"<b>{letter}</b>", x=1, xref="paper", xanchor="left", xshift=6, y=y, yanchor="middle",
            font={"color": colour, "size": 15},
        )  # fmt: skip


def _said(datasets: Sequence[xr.Dataset]) -> str:
    if not datasets:
        return "No run yet"
    won = [letter for letter, d in zip(LETTERS, datasets, strict=False) if findings.has_learned(d)]
    if not any(facts.is_run(dataset) for dataset in datasets):
        return "Loss before training"
    return f"Loss under half of chance: {', '.join(won)}" if won else "No loss is under half of chance"
