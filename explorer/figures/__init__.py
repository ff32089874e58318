"""Figures: Dataset in, ``go.Figure`` out, one file a figure, one theme; nothing is measured and nothing shown here."""

from explorer.figures.captions import captions
from explorer.figures.gradient import gradient
from explorer.figures.heatmap import heatmap
from explorer.figures.loss import loss
from explorer.figures.norms import norms
from explorer.figures.theme import Style, Theme, style, template
from explorer.figures.weight_share import weight_share, weight_share_rows

__all__ = [
    "Style",
    "Theme",
    "captions",
    "gradient",
    "heatmap",
    "loss",
    "norms",
    "style",
    "template",
    "weight_share",
    "weight_share_rows",
]
