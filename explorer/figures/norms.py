"""The norm of the whole parameter gradient over updates, before and after clipping."""

import math

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import updates
from explorer.figures.drawing import Drawing
from explorer.figures.theme import LINE, SMALL, LogAxis, Theme, log_axis, style
from explorer.findings import facts
from explorer.findings.facts import number


def norms(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw ‖∂L/∂θ‖₂ of all parameters together (log): grey before clipping, in the cell's colour after it."""
    said = title(dataset)
    alt = f"Line chart of the gradient norm over updates before and after clipping: {said}."
    drawing = Drawing(said, alt, theme, SMALL)
    steps, chosen = facts.values(dataset, "step"), updates.kept(dataset.sizes["step"])
    mode = "lines+markers" if len(steps) == 1 else "lines"
    looks = (("grad_norm", "before clipping", drawing.ink.reference, 1.2),
             ("grad_norm_clipped", "after clipping", style(facts.kind(dataset), theme).colour, 1.8))  # fmt: skip
    for variable, name, colour, width in looks:
        values = np.asarray(facts.values(dataset, variable), dtype=float)[chosen]
        drawing.scatter(
            name, x=steps[chosen], y=np.where(np.isfinite(values) & (values > 0), values, np.nan), mode=mode,
            line={"color": colour, "width": LINE if len(steps) == 1 else width},
            hovertemplate=f"{name} %{{y:.3g}} at update %{{x}}<extra></extra>",
        )  # fmt: skip
    threshold = _threshold(dataset)
    axis = _axis(dataset, threshold)
    drawing.axes(updates.axis(dataset), axis.layout("norm ‖∂L/∂θ‖", 4))
    if threshold is not None:
        drawing.across("threshold", threshold, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"})
        share = axis.share(math.log10(threshold))
        anchor = "bottom" if share < 0.2 else "top" if share > 0.8 else "middle"
        updates.side_label(drawing, f"threshold<br>{number(threshold)}", math.log10(threshold), yanchor=anchor)
    updates.cursor(drawing, dataset, step)
    return drawing.figure()


def title(dataset: xr.Dataset) -> str:
    """Return the share of clipped updates in words."""
    share, rule = findings.clipped_share(dataset), facts.part(dataset, "clipping").get("kind", "none")
    if not math.isfinite(share):
        return "Gradient norm is not finite"
    if rule == "none" and share == 0:
        return "Gradient norm, no clipping"
    if not facts.is_run(dataset):
        before, after = (number(float(facts.values(dataset, v)[-1])) for v in ("grad_norm", "grad_norm_clipped"))
        return f"Gradient norm {before}, clipped to {after}" if share else f"Gradient norm {before}, not clipped"
    percent = (
        f"{100 * share:.0f}" if share in (0, 1) or 0.005 <= share < 0.995 else "under 1" if share < 0.5 else "over 99"
    )
    return f"{percent} % of updates clipped"


def _threshold(dataset: xr.Dataset) -> float | None:
    """Return the threshold where it is one of the norm: value clipping limits single elements, not this norm."""
    clipping = facts.part(dataset, "clipping")
    found = clipping.get("threshold")
    return float(found) if clipping.get("kind") == "norm" and found and math.isfinite(found) and found > 0 else None


def _axis(dataset: xr.Dataset, threshold: float | None) -> LogAxis:
    norms = [facts.values(dataset, name) for name in ("grad_norm", "grad_norm_clipped")]
    return log_axis(*facts.span([*norms, threshold or math.nan]))
