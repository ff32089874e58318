"""Times taken in turns, so that a busy machine slows all sides alike."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

ROUNDS = 15
BLOCK = 0.06  # seconds that one contestant works at a time: short against changes of the machine's load
Times = dict[str, list[float]]


def side_by_side(contestants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, block: float = BLOCK) -> Times:
    """Seconds for each call, one figure for each round.

    Every contestant is called twice beforehand, which also tells how many calls make a block. Each round starts with
    another one, so that nobody always comes first.
    """
    calls: dict[str, int] = {}
    for name, work in contestants.items():
        work()
        calls[name] = max(1, round(block / max(1e-9, _seconds(work, 1))))
    names, found = list(contestants), Times()
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found.setdefault(name, []).append(_seconds(contestants[name], calls[name]))
    return found


def once(work: Callable[[], object]) -> float:
    """Seconds of a single call, without one beforehand."""
    return _seconds(work, 1)


def ratios(times: Mapping[str, Sequence[float]], of: str, to: str) -> tuple[float, ...]:
    """The ratio of two contestants in each round."""
    return tuple(a / b for a, b in zip(times[of], times[to], strict=True))


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The values a quarter and three quarters of the way up."""
    if len(values) < 2:
        return values[0], values[0]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, upper


def _seconds(work: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls
