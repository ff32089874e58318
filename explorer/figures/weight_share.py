"""Which time steps the weight update comes from."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import findings
from explorer.figures import updates
from explorer.figures.drawing import Drawing
from explorer.figures.theme import LINE, SMALL, Theme, style, time_axis
from explorer.findings import facts


def weight_share(dataset: xr.Dataset, *, step: int = -1, theme: Theme = "light") -> go.Figure:
    """Draw the share of Σ_t ‖∂L/∂W_t‖ that comes from step t and later; W_t is time t's own use of W_hh.

    Shares of norms, not of the sum of vectors: contributions that cancel count in full.
    """
    said = title(dataset, step)
    alt = f"Line chart of the cumulative share of the weight gradient by time step: {said}."
    drawing = Drawing(said, alt, theme, SMALL)
    length = dataset.sizes["time"]
    drawing.line(
        "weight share", x=facts.values(dataset, "time"), y=_shares(facts.row(dataset, "grad_weight", step)),
        line={"color": style(facts.kind(dataset), theme).colour, "width": LINE}, meta={"track": "weight_share"},
        hovertemplate="%{y:.0%} from t = %{x} on<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    ticks = {"tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"]}
    drawing.axes(time_axis(length, most=4), {"title": {"text": "share from t on"}, "range": [0, 1.06], **ticks})
    drawing.across("90 %", 0.9, {"color": drawing.ink.reference, "width": 1.5, "dash": "dash"}, layer="below")
    updates.side_label(drawing, "90 %", 0.9)
    return drawing.figure()


def weight_share_rows(dataset: xr.Dataset, rows: np.ndarray) -> np.ndarray:
    """Return Σ_{t' ≥ t} ‖∂L/∂W_t'‖ / Σ_{t'} ‖∂L/∂W_t'‖ for some updates [R,T]; nan where this is undefined."""
    return _shares(np.asarray(facts.values(dataset, "grad_weight")[rows], dtype=float))


def _shares(values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        sums = np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
        total = sums[..., :1]
        return np.where(np.isfinite(total) & (total > 0), sums / total, np.nan)


def title(dataset: xr.Dataset, step: int = -1) -> str:
    """Return how many of the last steps hold 90 % of the weight gradient, in words."""
    count = findings.weight_share(dataset, step)
    if count is None:
        return "∂L/∂W is zero or not finite"
    if count == dataset.sizes["time"]:
        return f"∂L/∂W comes from all {count} steps" if count > 1 else "∂L/∂W comes from the only step"
    return f"90 % of ∂L/∂W: last {facts.count(count, 'step')}"
