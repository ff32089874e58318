"""The clipping rules: gradient in, gradient out. A new rule is one file and one line here."""

from typing import Annotated

from pydantic import Field

from explorer.clipping.base import Clipping
from explorer.clipping.none import NoClipping
from explorer.clipping.norm import NormClipping
from explorer.clipping.value import ValueClipping

AnyClipping = Annotated[NoClipping | NormClipping | ValueClipping, Field(discriminator="kind")]

__all__ = ["AnyClipping", "Clipping", "NoClipping", "NormClipping", "ValueClipping"]
