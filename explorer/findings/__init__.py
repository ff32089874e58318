"""What a Dataset shows: numbers first, then the sentences made from them; imports no torch and no streamlit."""

from explorer.findings.fading import Decay, Reach, decay, reaching
from explorer.findings.quantities import (
    chance_loss,
    clipped_share,
    diverged_at,
    first_nonfinite,
    normal_from,
    recent_loss,
    weight_share,
    with_loss,
    zero_before,
)
from explorer.findings.rates import behaviour
from explorer.findings.sentences import Piece, headline, learned, setting, subline

__all__ = [
    "Decay", "Piece", "Reach", "behaviour", "chance_loss", "clipped_share", "decay", "diverged_at", "first_nonfinite",
    "headline", "learned", "normal_from", "reaching", "recent_loss", "setting", "subline", "weight_share", "with_loss",
    "zero_before",
]  # fmt: skip
