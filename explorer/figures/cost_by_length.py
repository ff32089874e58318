"""What one update costs, in time and memory, against truncation length: a line for each cell."""

import math

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import bands, panels
from explorer.figures.bands import Line
from explorer.figures.reach_by_length import MARGIN, across, line_of, names
from explorer.figures.theme import Theme, log_axis
from explorer.findings import facts, sweep_sentences
from explorer.findings.swept import Swept

AIR = 3.0  # what the axis reaches beyond the values by, so that it has more than one decade to name
HEADS = {"ms per update": ("seconds", 1e3), "MB held": ("memory", 1e-6)}


def cost_by_length(grid: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw time (ms) and memory (MB) of one update of an experiment that trains alone, on one log axis for both.

    A point is the median over all places of the grid with that cell and truncation length.

    Args:
        grid: a grid with the variables ``seconds`` and ``memory``; nan where they are not measured.
        theme: ``light`` or ``dark``.
    """
    swept = Swept(grid)
    costs = {head: swept.number(name) * scale for head, (name, scale) in HEADS.items()}
    groups = swept.groups(swept.cells, swept.lengths)
    said = sweep_sentences.cost_sentence(grid)
    alt = "Line chart, log scales: time and memory of one update by truncation length"
    drawing = panels.start(said, "each measured alone, on one thread", alt, theme, MARGIN)
    measured = np.isfinite(next(iter(costs.values()))) & np.isfinite(swept.lengths)
    low, high = facts.span(list(costs.values()))
    axis = log_axis(low / AIR, high * AIR)
    looks = panels.looks(swept.cells, theme)
    ticks, span = across(np.unique(swept.lengths[measured]), np.array([math.nan]), len(costs))
    found: list[list[Line]] = []
    panels.axes(
        drawing, list(costs), [ticks] * len(costs), axis.layout("ms, and MB"),
        "truncation length (steps that the gradient flows back)",
    )  # fmt: skip
    for cell in looks:
        found.append([line_of(swept, values, groups, (cell,), looks[cell], 0, span) for values in costs.values()])
        for panel, line in enumerate(found[-1]):
            bands.draw(drawing, line, axis, panel, ("cost", "truncation length"))
    names(drawing, found, axis)
    if not measured.any():
        panels.empty(drawing, "Points appear here as updates are measured.")
    return drawing.figure()
