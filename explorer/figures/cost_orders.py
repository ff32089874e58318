"""What one update of each variant costs, in time and memory, with the order that is expected of it."""

import math

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import kinds, panels, tracks
from explorer.figures.reach_by_length import across
from explorer.figures.theme import Theme
from explorer.findings import variant_sentences

MARGIN = {"l": 64, "b": 58}
HEADS = {"ms per update": ("seconds", "order_time", 1e3), "MB held": ("memory", "order_memory", 1e-6)}
OVER = {
    "length": "sequence length T (steps)",
    "k2": "truncation length (steps that the gradient flows back)",
    "hidden_size": "hidden units H",
}


def cost_orders(costs: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw time (ms) and memory (MB) of one update over a size, log-log; thin lines are the expected orders.

    An expected line is cost ∝ sizeᵖ through the last point of its variant.

    Args:
        costs: ``seconds`` and ``memory`` (bytes) over ``variant`` and ``size``, nan where not measured; the expected p
            as ``order_time`` and ``order_memory`` over ``variant``; ``attrs["over"]`` says what the size is.
        theme: ``light`` or ``dark``.
    """
    said = variant_sentences.orders_sentence(costs)
    over = str(costs.attrs.get("over", "size"))
    alt = f"Line charts, log-log: time and memory of one update by {over.replace('_', ' ')}"
    looks = kinds.looks(costs["variant"].values.tolist(), theme)
    size = np.asarray(costs["size"].values, dtype=np.float64)
    drawing = panels.start(said, "thin lines: the expected order", alt, theme, MARGIN | {"r": tracks.beside(looks)})
    drawing.layout["meta"] |= {"equation": "cost ∝ sizeᵖ: p is the slope of the lines"}
    values = [costs[name].transpose("variant", "size").values * unit for name, _, unit in HEADS.values()]
    shown = [tracks.axis_of(each, missing=True) for each in values]
    x, _ = across(size, np.array([math.nan]), 3)
    tracks.pair(drawing, list(HEADS), x, [axis.layout("", 5) for axis in shown], OVER.get(over, over.replace("_", " ")))
    ends: dict[str, float | None] = {}
    for panel, (head, (_, order, _)) in enumerate(HEADS.items()):
        tracks.zero_row(drawing, shown[panel], panel)
        for i, (label, look) in enumerate(looks.items()):
            found = values[panel][i]
            tracks.track(
                drawing, look, size, found, shown[panel], hover=f"{over.replace('_', ' ')} %{{x}}", panel=panel
            )
            at = tracks.end(shown[panel], found)
            ends[label] = at if at is not None else ends.get(label)
            there = np.flatnonzero(np.isfinite(found) & (found > 0))
            power = float(costs[order][i]) if order in costs else math.nan
            if there.size and not math.isnan(power):
                last = there[-1]
                drawing.scatter(
                    f"{look.name} expected", x=size, y=found[last] * (size / size[last]) ** power, mode="lines",
                    line={"color": look.colour, "width": 1.2, "dash": "2px,3px"},
                    hovertemplate=f"{look.name}: expected order {power:g} of {head}<extra></extra>", **panels.on(panel),
                )  # fmt: skip
    tracks.names(drawing, [(look, ends.get(label)) for label, look in looks.items()])
    if not any(np.isfinite(each).any() for each in values):
        panels.empty(drawing, "Points appear here<br>as updates are measured.", tracks.MIDDLE)
    return drawing.figure()
