"""A field of colours on a log scale, in which exact zeros and what is not finite have colours of their own."""

import numpy as np
from plotly.colors import get_colorscale

from explorer.figures.drawing import Drawing
from explorer.figures.theme import LogAxis, decade, decades

VIRIDIS = get_colorscale("Viridis")


def log_field(
    drawing: Drawing, name: str, x: np.ndarray, y: np.ndarray, values: np.ndarray, axis: LogAxis, where: str,
    there: np.ndarray | None = None,
) -> None:  # fmt: skip
    """Add log₁₀ of values [Y, X] as colour with its bar, zeros in grey, inf and nan in pink.

    Args:
        drawing: the chart.
        name: of the trace; the zeros and the rest are called ``exactly 0`` and ``inf or nan``.
        x: places of the columns [X].
        y: places of the rows [Y].
        values: what is drawn, ≥ 0.
        axis: ends of the colour scale.
        where: the place in the hover text, such as ``t = %{x}``.
        there: which places belong to the field [Y, X]; nothing is drawn at the others.
    """
    there = np.ones(values.shape, dtype=bool) if there is None else there
    shown = np.isfinite(values) & (values > 0) & there
    marks = decades(axis.low, axis.high, 4)
    drawing.heatmap(
        name, x=x, y=y,
        z=np.log10(values, where=shown, out=np.full_like(values, np.nan)).astype(np.float32),
        colorscale=VIRIDIS, zmin=axis.low, zmax=axis.high, hoverongaps=False,
        colorbar={"thickness": 12, "len": 1, "y": 0.5, "x": 1, "xpad": 10, "ypad": 0, "outlinewidth": 0,
                  "tickvals": marks, "ticktext": [decade(d) for d in marks],
                  "tickfont": {"size": 14, "color": drawing.ink.quiet}},
        hovertemplate=f"10^%{{z:.1f}} at {where}<extra></extra>",
    )  # fmt: skip
    for mask, said, colour in (
        ((values == 0) & there, "exactly 0", drawing.ink.zero),
        (~np.isfinite(values) & there, "inf or nan", drawing.ink.broken),
    ):
        if mask.any():
            drawing.heatmap(
                said, x=x, y=y, z=np.where(mask, np.float32(1), np.float32(np.nan)), showscale=False, hoverongaps=False,
                colorscale=[[0, colour], [1, colour]], zmin=0, zmax=1,
                hovertemplate=f"{said} at {where}<extra></extra>",
            )  # fmt: skip
