"""Figures: Dataset in, ``go.Figure`` out, one file a figure, one theme; nothing is measured and nothing shown here."""

from explorer.figures.adapted import adapted
from explorer.figures.against import against
from explorer.figures.bias_by_length import bias_by_length
from explorer.figures.by_lag import by_lag
from explorer.figures.captions import captions
from explorer.figures.cliff import cliff, point_at
from explorer.figures.cliff_slice import cliff_slice
from explorer.figures.cost_by_length import cost_by_length
from explorer.figures.cost_orders import cost_orders
from explorer.figures.credit_map import credit_map
from explorer.figures.decay_by_gain import decay_by_gain
from explorer.figures.descent_errors import descent_errors
from explorer.figures.gradient import gradient
from explorer.figures.heatmap import heatmap
from explorer.figures.influence import influence
from explorer.figures.learned_map import learned_map
from explorer.figures.loss import loss
from explorer.figures.losses import losses
from explorer.figures.norm_spread import norm_spread
from explorer.figures.norms import norms
from explorer.figures.panels import untitled
from explorer.figures.reach_by_length import reach_by_length
from explorer.figures.remembered import remembered
from explorer.figures.theme import Style, Theme, style, template
from explorer.figures.unrolled import unrolled
from explorer.figures.variants_along import variants_along
from explorer.figures.weight_share import weight_share, weight_share_rows

__all__ = [
    "Style",
    "Theme",
    "adapted",
    "against",
    "bias_by_length",
    "by_lag",
    "captions",
    "cliff",
    "cliff_slice",
    "cost_by_length",
    "cost_orders",
    "credit_map",
    "decay_by_gain",
    "descent_errors",
    "gradient",
    "heatmap",
    "influence",
    "learned_map",
    "loss",
    "losses",
    "norm_spread",
    "norms",
    "point_at",
    "reach_by_length",
    "remembered",
    "style",
    "template",
    "unrolled",
    "untitled",
    "variants_along",
    "weight_share",
    "weight_share_rows",
]
