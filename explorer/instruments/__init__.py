"""What truncation does to the gradient, measured on an experiment's own weights and sequences, and small systems apart.

These are known exactly: one that truncation sends the wrong way, and one whose error has a cliff.
"""

from explorer.instruments.asked import InstrumentError
from explorer.instruments.bias import truncation_bias
from explorer.instruments.by_lag import lags
from explorer.instruments.cliff import cliff
from explorer.instruments.credit import credit_matrix
from explorer.instruments.descent import descent
from explorer.instruments.influence import influence_balancing

__all__ = [
    "InstrumentError", "cliff", "credit_matrix", "descent", "influence_balancing", "lags", "truncation_bias",
]  # fmt: skip
