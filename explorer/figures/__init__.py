"""Figures: Dataset in, ``go.Figure`` out, one file a figure, one theme; nothing is measured and nothing shown here."""

from explorer.figures.captions import captions
from explorer.figures.cost_by_length import cost_by_length
from explorer.figures.decay_by_gain import decay_by_gain
from explorer.figures.gradient import gradient
from explorer.figures.heatmap import heatmap
from explorer.figures.learned_map import learned_map
from explorer.figures.loss import loss
from explorer.figures.losses import losses
from explorer.figures.norm_spread import norm_spread
from explorer.figures.norms import norms
from explorer.figures.panels import untitled
from explorer.figures.reach_by_length import reach_by_length
from explorer.figures.theme import Style, Theme, style, template
from explorer.figures.weight_share import weight_share, weight_share_rows

__all__ = [
    "Style",
    "Theme",
    "captions",
    "cost_by_length",
    "decay_by_gain",
    "gradient",
    "heatmap",
    "learned_map",
    "loss",
    "losses",
    "norm_spread",
    "norms",
    "reach_by_length",
    "style",
    "template",
    "untitled",
    "weight_share",
    "weight_share_rows",
]
