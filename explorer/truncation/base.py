"""What a truncation scheme is: from a sequence's length to the plan of each update."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from explorer.parts import Part
from explorer.truncation.plan import Plan

Array = NDArray[np.float64]


class Truncation(Part):
    """Base of all schemes. Each segment of a plan ends at or after the one before it.

    A scheme whose plan is the same for every update defines `plan`, one whose plans are drawn defines `plans`, one that
    follows measurements says in `measured` of how many lags and decides in `adapt`.

    Attributes:
        alone: whether each experiment trains by itself, not in one tensor program with others.
        forward: whether the gradient is carried forward in time instead of taken back.
        partial: whether losses that no segment holds do not count at all, not even for the readout.
        records: names of numbers that it leaves for each update.
        orders: size → the exponents with which time and memory of an update grow with it, where it is large; 0 where
            they do not.
    """

    alone: ClassVar[bool] = False
    forward: ClassVar[bool] = False
    partial: ClassVar[bool] = False
    records: ClassVar[tuple[str, ...]] = ()
    orders: ClassVar[Mapping[str, tuple[float, float]]] = {"length": (1, 1), "k2": (0, 0), "hidden_size": (2, 1)}

    kind: str

    @property
    def updates_per_segment(self) -> bool:
        """Whether the weights change after each piece, instead of once per sequence by the sum of all pieces."""
        return False

    @property
    def varies(self) -> bool:
        """Whether each update has a plan of its own."""
        return type(self).plans is not Truncation.plans or self.measured > 0

    @property
    def carries(self) -> bool:
        """Whether the state before a part of a sequence is carried into it, instead of zero."""
        return True

    @property
    def measured(self) -> int:
        """Of how many lags the decay of the gradient is to be measured before a plan is made; 0 for none."""
        return 0

    @property
    def measured_every(self) -> int:
        """Updates from one such measurement to the next."""
        return 1

    def adapt(self, phi: Array, partial: Array, beyond: int, length: int) -> tuple[Plan, dict[str, float]]:
        """The plan that follows from a measurement, and what is recorded of it.

        Args:
            phi: mean over sequences of ‖∂L_s/∂s_{s−k}‖ for the lags k = 0…R − 1, [R].
            partial: ‖mean over sequences of Σ_{j≤k} ∂L_s/∂s_{s−j}‖, [R].
            beyond: how many more lags there are.
            length: steps of a sequence.
        """
        raise NotImplementedError

    @abstractmethod
    def plan(self, length: int) -> Plan:
        """The segments of a sequence of `length` steps, in the order of time; of a drawn plan, its longest form."""

    def plans(self, length: int, random: np.random.Generator) -> Iterator[Plan]:
        """The plan of one update after another.

        Args:
            length: steps of a sequence.
            random: where what is drawn is drawn from.
        """
        del random
        return repeat(self.plan(length))

    def lanes(self, length: int) -> float:
        """How many pieces overlap at most, about: what the recurrent part of a backward pass is multiplied by."""
        del length
        return 1.0

    def reach(self, length: int) -> float:
        """Truncation length: how many steps a loss flows back at most, or on average where that is drawn."""
        return float(length)
