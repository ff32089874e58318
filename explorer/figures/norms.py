"""The norm of the whole parameter gradient over updates, before and after clipping."""

import math

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import updates
from explorer.figures.drawing import Drawing
from explorer.figures.theme import SMALL, LogAxis, Theme, log_axis, style
from explorer.findings import facts
from explorer.findings.facts import number


def norms(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw ‖∂L/∂θ‖₂ of all parameters together (log): grey before clipping, in the cell's colour after it."""
    said = title(dataset)
    alt = f"Line chart of the gradient norm over updates before and after clipping: {said}."
    drawing = Drawing(said, alt, theme, SMALL)
    steps, chosen = facts.values(dataset, "step"), updates.kept(dataset.sizes["step"])
    threshold = _threshold(dataset)
    axis = _axis(dataset, threshold)
    looks = (("grad_norm", "before clipping", drawing.ink.reference, 1.2),
             ("grad_norm_clipped", "after clipping", style(facts.kind(dataset), theme).colour, 1.8))  # fmt: skip
    for variable, name, colour, width in looks:
        values = np.asarray(facts.values(dataset, variable), dtype=float)[chosen]
        drawing.line(
            name, x=steps[chosen], y=np.where(np.isfinite(values) & (values > 0), values, np.nan),
            line={"color": colour, "width": width},
            hovertemplate=f"{name} %{{y:.3g}} at update %{{x}}<extra></extra>",
        )  # fmt: skip
    _broken(drawing, dataset, axis)
    drawing.axes(updates.axis(dataset), axis.layout("norm ‖∂L/∂θ‖", 4))
    if threshold is not None:
        drawing.across("threshold", threshold, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"})
        share = axis.share(math.log10(threshold))
        anchor = "bottom" if share < 0.2 else "top" if share > 0.8 else "middle"
        updates.side_label(drawing, f"threshold<br>{number(threshold)}", math.log10(threshold), yanchor=anchor)
    updates.cursor(drawing, dataset, step)
    return drawing.figure()


def title(dataset: xr.Dataset) -> str:
    """Return the share of clipped updates in words, among those with a finite norm where others are there."""
    share, rule = findings.clipped_share(dataset), facts.part(dataset, "clipping").get("kind", "none")
    if "grad_norm" not in dataset.variables:
        return "No gradient norm recorded"
    finite = int(np.isfinite(facts.values(dataset, "grad_norm")).sum())
    if not math.isfinite(share):
        return "Gradient norm is not finite" if not finite else "Clipped norm is not finite"
    if rule == "none" and share == 0:
        return "Gradient norm, no clipping"
    if not facts.is_run(dataset):
        before, after = (number(float(facts.values(dataset, v)[-1])) for v in ("grad_norm", "grad_norm_clipped"))
        return f"Gradient norm {before}, clipped to {after}" if share else f"Gradient norm {before}, not clipped"
    if finite == 1:
        return f"1 update with a finite norm, {'' if share else 'not '}clipped"
    percent = (
        f"{100 * share:.0f}" if share in (0, 1) or 0.005 <= share < 0.995 else "under 1" if share < 0.5 else "over 99"
    )
    among = "updates" if finite == dataset.sizes["step"] else f"{finite} finite updates"
    return f"{percent} % of {among} clipped"


def _threshold(dataset: xr.Dataset) -> float | None:
    """Return the threshold where it is one of the norm: value clipping limits single elements, not this norm."""
    clipping = facts.part(dataset, "clipping")
    found = clipping.get("threshold")
    return float(found) if clipping.get("kind") == "norm" and found and math.isfinite(found) and found > 0 else None


def _axis(dataset: xr.Dataset, threshold: float | None) -> LogAxis:
    norms = [facts.values(dataset, name) for name in ("grad_norm", "grad_norm_clipped")]
    words = [word for word, test in (("inf", np.isinf), ("nan", np.isnan)) if test(norms[0]).any()]
    broken = "/".join(words) if "grad_norm" in dataset.variables else ""
    return log_axis(*facts.span([*norms, threshold or math.nan]), broken=broken)


def _broken(drawing: Drawing, dataset: xr.Dataset, axis: LogAxis) -> None:
    """Draw norms that are not finite along the top edge, and the update at which the run diverged."""
    if axis.top is None:
        return
    before = facts.values(dataset, "grad_norm")
    bad = np.flatnonzero(~np.isfinite(before))
    bad = bad[updates.kept(len(bad))]
    drawing.scatter(
        "not finite", x=facts.values(dataset, "step")[bad], y=np.full(len(bad), 10.0**axis.top), mode="markers",
        marker={"color": drawing.ink.broken, "symbol": "x", "size": 10}, text=[number(before[i]) for i in bad],
        cliponaxis=False, hovertemplate="norm %{text} at update %{x}<extra></extra>",
    )  # fmt: skip
    updates.diverged(drawing, dataset)
