"""What a truncation scheme is: from a sequence's length to a plan."""

from abc import abstractmethod

from explorer.parts import Part
from explorer.truncation.plan import Plan


class Truncation(Part):
    """Base of all schemes. Each segment of the plan ends at or after the one before it."""

    kind: str

    @property
    def updates_per_segment(self) -> bool:
        """Whether the weights change after each piece, instead of once per sequence by the sum of all pieces."""
        return False

    @abstractmethod
    def plan(self, length: int) -> Plan:
        """The segments of a sequence of `length` steps, in the order of time."""
