"""The truncation schemes: which losses flow back how far. A new scheme is one file and one line here."""

from typing import Annotated

from pydantic import Field

from explorer.truncation.adaptive import TRUE_BIAS, Adaptive, Estimate, estimate
from explorer.truncation.base import Truncation
from explorer.truncation.full import Full
from explorer.truncation.online import Online
from explorer.truncation.plan import Lanes, Plan, Segment, after, cuts, mask, with_loss
from explorer.truncation.rtrl import Rtrl
from explorer.truncation.stochastic import Stochastic
from explorer.truncation.subsequence import Subsequence
from explorer.truncation.window import Window

AnyTruncation = Annotated[
    Full | Window | Online | Stochastic | Subsequence | Adaptive | Rtrl, Field(discriminator="kind")
]

__all__ = [
    "TRUE_BIAS", "Adaptive", "AnyTruncation", "Estimate", "Full", "Lanes", "Online", "Plan", "Rtrl", "Segment",
    "Stochastic", "Subsequence", "Truncation", "Window", "after", "cuts", "estimate", "mask", "with_loss",
]  # fmt: skip
