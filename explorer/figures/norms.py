"""The norm of the whole parameter gradient over updates, before and after clipping."""

import math

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import facts, findings
from explorer.facts import number
from explorer.figures import updates
from explorer.figures.theme import LINE, SMALL, LogAxis, Theme, figure, ink, log_axis, style


def norms(dataset: xr.Dataset, theme: Theme = "light", *, step: int = -1) -> go.Figure:
    """Draw ‖∂L/∂θ‖₂ of all parameters together (log): grey before clipping, in the cell's colour after it."""
    said = title(dataset)
    fig = figure(said, f"Line chart of the gradient norm over updates before and after clipping: {said}.", theme, SMALL)
    steps, chosen = dataset["step"].values, updates.kept(dataset.sizes["step"])
    mode = "lines+markers" if len(steps) == 1 else "lines"
    looks = (("grad_norm", "before clipping", ink(theme).reference, 1.2),
             ("grad_norm_clipped", "after clipping", style(facts.kind(dataset), theme).colour, 1.8))  # fmt: skip
    for variable, name, colour, width in looks:
        values = np.asarray(dataset[variable].values, dtype=float)
        fig.add_scatter(
            x=steps[chosen], y=np.where(np.isfinite(values) & (values > 0), values, np.nan)[chosen],
            name=name, mode=mode,
            line={"color": colour, "width": LINE if len(steps) == 1 else width},
            hovertemplate=f"{name} %{{y:.3g}} at update %{{x}}<extra></extra>",
        )  # fmt: skip
    threshold = _threshold(dataset)
    axis = _axis(dataset, threshold)
    fig.update_layout(xaxis=updates.axis(dataset), yaxis=axis.layout("norm ‖∂L/∂θ‖", 4))
    if threshold is not None:
        line = {"color": ink(theme).reference, "width": 1.5, "dash": "dash"}
        fig.add_shape(name="threshold", type="line", xref="paper", x0=0, x1=1, y0=threshold, y1=threshold, line=line)
        share = axis.share(math.log10(threshold))
        anchor = "bottom" if share < 0.2 else "top" if share > 0.8 else "middle"
        updates.side_label(fig, f"threshold<br>{number(threshold)}", math.log10(threshold), theme, yanchor=anchor)
    updates.cursor(fig, dataset, theme, step)
    return fig


def title(dataset: xr.Dataset) -> str:
    """Return the share of clipped updates in words."""
    share, rule = findings.clipped_share(dataset), facts.part(dataset, "clipping").get("kind", "none")
    if not math.isfinite(share):
        return "Gradient norm is not finite"
    if rule == "none" and share == 0:
        return "Gradient norm, no clipping"
    if not facts.is_run(dataset):
        before, after = (number(float(dataset[v].values[-1])) for v in ("grad_norm", "grad_norm_clipped"))
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
    pool = np.concatenate([dataset["grad_norm"].values, dataset["grad_norm_clipped"].values, [threshold or np.nan]])
    pool = pool[np.isfinite(pool) & (pool > 0)]
    return log_axis(float(pool.min()), float(pool.max())) if pool.size else log_axis(math.nan, math.nan)
