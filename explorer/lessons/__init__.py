"""Lessons: a question, a prediction, and the measurement that answers it; one file a lesson, in their order."""

from explorer.lessons.balancing import Balancing
from explorer.lessons.base import Control, Lesson, Material, Values
from explorer.lessons.by_lag import ByLag
from explorer.lessons.cliff import Cliff
from explorer.lessons.clipping import Clipping
from explorer.lessons.exploding import Exploding
from explorer.lessons.fading import Fading
from explorer.lessons.gates import Gates
from explorer.lessons.prices import Prices
from explorer.lessons.truncating import Truncating
from explorer.lessons.unrolling import Unrolling

LESSONS: tuple[Lesson, ...] = (
    Unrolling(), Fading(), Exploding(), Gates(), Truncating(), Clipping(), Cliff(), Balancing(), Prices(), ByLag(),
)  # fmt: skip

__all__ = ["LESSONS", "Control", "Lesson", "Material", "Values"]
