"""What a Dataset shows: numbers first, then the sentences made from them; imports no torch and no streamlit."""

from explorer.findings.comparison import VERDICTS, compared, differing, verdicts
from explorer.findings.fading import Decay, Reach, decay, reaching
from explorer.findings.quantities import (
    chance_loss,
    clipped_share,
    diverged_at,
    first_nonfinite,
    has_learned,
    normal_from,
    recent_loss,
    weight_share,
    with_loss,
    zero_before,
)
from explorer.findings.rates import behaviour
from explorer.findings.sentences import Piece, headline, learned, setting, subline
from explorer.findings.summary import summary
from explorer.findings.sweep_sentences import decay_sentence, learned_sentence, norm_sentence, reach_sentence
from explorer.findings.swept import Swept

__all__ = [
    "VERDICTS",
    "Decay",
    "Piece",
    "Reach",
    "Swept",
    "behaviour",
    "chance_loss",
    "clipped_share",
    "compared",
    "cost_sentence",
    "decay",
    "decay_sentence",
    "differing",
    "diverged_at",
    "first_nonfinite",
    "has_learned",
    "headline",
    "learned",
    "learned_sentence",
    "norm_sentence",
    "normal_from",
    "reach_sentence",
    "reaching",
    "recent_loss",
    "setting",
    "subline",
    "summary",
    "verdicts",
    "weight_share",
    "with_loss",
    "zero_before",
]  # fmt: skip
