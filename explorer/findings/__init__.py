"""What a Dataset shows: numbers first, then the sentences made from them; imports no torch and no streamlit."""

from explorer.findings.fading import Decay, Reach, decay, reaching
from explorer.findings.quantities import (
    clipped_share,
    diverged_at,
    first_nonfinite,
    recent_loss,
    weight_share,
    with_loss,
    zero_before,
)
from explorer.findings.sentences import Piece, behaviour, headline, learned, setting, subline

__all__ = [
    "Decay", "Piece", "Reach", "behaviour", "clipped_share", "decay", "diverged_at", "first_nonfinite", "headline",
    "learned", "reaching", "recent_loss", "setting", "subline", "weight_share", "with_loss", "zero_before",
]  # fmt: skip
