"""The truncation schemes: which losses flow back how far. A new scheme is one file and one line here."""

from typing import Annotated

from pydantic import Field

from explorer.truncation.base import Truncation
from explorer.truncation.full import Full
from explorer.truncation.plan import Lanes, Plan, Segment, after, cuts, mask, with_loss
from explorer.truncation.window import Window

AnyTruncation = Annotated[Full | Window, Field(discriminator="kind")]

__all__ = [
    "AnyTruncation",
    "Full",
    "Lanes",
    "Plan",
    "Segment",
    "Truncation",
    "Window",
    "after",
    "cuts",
    "mask",
    "with_loss",
]
