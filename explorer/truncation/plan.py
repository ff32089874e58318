"""A plan says which losses flow back how far, in step numbers only: it is read and tested without a tensor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Segment:
    """Losses of the steps first…last flow back through the states after `oldest`; the state at `oldest` is a constant.

    Steps are counted from 1; the initial state is the state at 0.

    Attributes:
        factor: what the gradient is multiplied by each time it passes from one step to the step before.

    Raises:
        ValueError: unless 0 ≤ oldest < first ≤ last and the factor is a positive number.
    """

    first: int
    last: int
    oldest: int
    factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.oldest < self.first <= self.last:
            raise ValueError(f"{self}: a segment needs 0 ≤ oldest < first ≤ last.")
        if not 0 < self.factor < inf:
            raise ValueError(f"{self}: a segment needs a positive factor.")


Plan = tuple[Segment, ...]


def mask(plan: Plan, length: int) -> NDArray[np.float64]:
    """mask[s−1, t−1]: by what the gradient of step s's loss through the state of step t is multiplied.

    0 where it does not reach, elsewhere factor^(s − t): what truncation means, written out.
    """
    reaches = np.zeros((length, length))
    for segment in plan:
        for s in range(segment.first, segment.last + 1):
            reaches[s - 1, segment.oldest : s] = segment.factor ** np.arange(s - segment.oldest - 1, -1, -1)
    return reaches


def with_loss(plan: Plan, asked: tuple[int, int]) -> Plan:
    """The segments that hold one of the steps asked (first, last); the others send nothing back."""
    return tuple(s for s in plan if s.first <= asked[1] and s.last >= asked[0])


def after(plan: Plan, start: int) -> Plan:
    """What a plan means for the steps after `start`, counted from there."""
    return tuple(
        replace(s, first=max(s.first - start, 1), last=s.last - start, oldest=max(s.oldest - start, 0))
        for s in plan
        if s.last > start
    )


def cuts(plan: Plan, length: int) -> list[int]:
    """The steps t such that no gradient flows from step t + 1 to step t."""
    crossed = np.zeros(length + 1, dtype=bool)
    for segment in plan:
        crossed[segment.oldest + 1 : segment.last] = True
    return [t for t in range(1, length) if not crossed[t]]


@dataclass(frozen=True)
class Lanes:
    """A plan laid out for one sweep back through time.

    Overlapping segments run beside one another in lanes; in each lane at most one segment is under way at any step.

    Attributes:
        inject: [T, L], whether the lane takes in the loss of step t (index t − 1).
        carry: [T, L], by what is multiplied what the lane holds when it passes from step t + 1 to step t
            (index t − 1); 0 where it does not.
    """

    inject: NDArray[np.bool_]
    carry: NDArray[np.float64]

    @classmethod
    def of(cls, plan: Plan, length: int) -> "Lanes":
        """Put each segment into the first lane that is free at its steps."""
        lanes: list[list[Segment]] = []
        for segment in sorted(plan, key=lambda s: -s.last):
            free = (lane for lane in lanes if lane[-1].oldest >= segment.last)
            lane = next(free, None)
            if lane is None:
                lanes.append([segment])
            else:
                lane.append(segment)
        inject, carry = (np.zeros((length, max(1, len(lanes))), dtype=kind) for kind in (bool, float))
        for number, lane in enumerate(lanes):
            for segment in lane:
                inject[segment.first - 1 : segment.last, number] = True
                carry[segment.oldest : segment.last - 1, number] = segment.factor
        return cls(inject, carry)


def ends_every(stride: int, length: int) -> list[tuple[int, int]]:
    """(previous end, end) for ends at every `stride` steps and at the last."""
    points: Sequence[int] = [*range(0, length, stride), length]
    return list(pairwise(points))
