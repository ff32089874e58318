"""Instruments: what truncation does to the gradient, measured on an experiment's own weights and sequences."""

from explorer.instruments.asked import InstrumentError
from explorer.instruments.bias import truncation_bias
from explorer.instruments.by_lag import lags
from explorer.instruments.credit import credit_matrix
from explorer.instruments.influence import influence_balancing

__all__ = ["InstrumentError", "credit_matrix", "influence_balancing", "lags", "truncation_bias"]
