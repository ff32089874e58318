"""How a gradient changes on its way back from the question, in one clause.

Built on normal numbers only: below them rounding, not the network, decides what is recorded.
"""

import math
from itertools import pairwise

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import number
from explorer.findings.fading import Decay, decay, track
from explorer.findings.quantities import first_nonfinite, normal_from, zero_before

STRAIGHT = 0.98  # R² of log(gradient) over time above which one rate describes the whole curve
ROUGHLY = 0.9  # R² above which a rate is still given, as an average
TURN = math.log(1.5)  # a curve that goes back by less has not turned


def behaviour(dataset: xr.Dataset, step: int = -1) -> str:
    """Say in one clause, after "the gradient", how it changes going back from the question."""
    values = facts.row(dataset, "grad_h", step)
    if not np.isfinite(values).any():
        return "is not finite at any step"
    if not values.any():
        return "is exactly zero at every step"
    if (bad := first_nonfinite(dataset, step)) is not None:
        word = "overflows" if bad[1] == "inf" else "is not a number"
        return f"{word} at step {bad[0]}, going back"
    start = normal_from(dataset, step)
    if start is None:
        return f"is too small for {facts.floor(dataset)[0]} at every step"
    if (zero := zero_before(dataset, step)) is not None and zero[0] > facts.cue(dataset):
        if zero[1] == "underflow":
            return f"underflows {facts.floor(dataset)[0]} before step {start}"
        return f"is exactly zero before step {zero[0]}: {zero[1]}"
    return _rate(dataset, step)


def _rate(dataset: xr.Dataset, step: int) -> str:
    found = decay(dataset, step)
    if found is None:
        return "goes back too few steps to speak of a rate"
    if found.constant:
        return f"stays within a factor of {number(max(found.spread, 1.1))}"
    if found.fit >= ROUGHLY:
        word, steps = ("halves", found.half_life) if found.half_life else ("doubles", found.doubling)
        mean = " on average" if found.fit < STRAIGHT else ""
        back = " going back" if word == "doubles" else ""
        if steps is not None:
            return f"{word}{mean} every {_steps(steps)}{back}"
    return _uneven(dataset, step, found)


def _uneven(dataset: xr.Dataset, step: int, found: Decay) -> str:
    """Say how a curve goes that no single rate describes: its legs from the question back to the cue."""
    times, logs = (values[::-1] for values in track(dataset, step))
    logs = logs - logs[0]
    turns = _turns(logs)
    if len(turns) > 3 or times[0] != facts.asked(dataset):
        return f"varies by a factor of {number(found.spread)}"
    verbs = ["falls" if logs[b] < logs[a] else "rises" for a, b in pairwise(turns)]
    if len(turns) == 3:
        return f"{verbs[0]} to {of_the_end(_exp(logs[turns[1]]))} at t = {times[turns[1]]}, then {verbs[1]}"
    first, last = turns
    gone = first + int(np.argmax((logs[first:] - logs[first]) / (logs[last] - logs[first]) >= 0.9))
    if gone > 0.9 * (len(logs) - 1):
        return f"{verbs[0]} unevenly"
    return f"{verbs[0]} to {of_the_end(_exp(logs[gone]))} by t = {times[gone]}"


def _turns(logs: np.ndarray) -> list[int]:
    """Return the indices where a curve starts, turns and ends: extremes that it leaves again by more than TURN."""
    turns, best, way = [0], 0, 0
    low = high = 0
    for i in range(1, len(logs)):
        if way == 0:
            low, high = (i if logs[i] < logs[low] else low), (i if logs[i] > logs[high] else high)
            if abs(logs[high] - logs[low]) > TURN:
                way, best = (1, high) if high > low else (-1, low)
        elif way * (logs[i] - logs[best]) > 0:
            best = i
        elif way * (logs[best] - logs[i]) > TURN:
            turns.append(best)
            way, best = -way, i
    return [*turns, best]


def of_the_end(share: float) -> str:
    """Write a share of the end's gradient: ``0.1 of the end's``, ``1.4 times the end's``, ``all of the end's``."""
    said = number(share)
    if said == "1":
        return "all of the end's"
    return f"{said} times the end's" if share > 1 else f"{said} of the end's"


def _exp(log: float) -> float:
    return math.exp(min(700.0, float(log)))


def _steps(steps: float) -> str:
    return "step" if number(steps) == "1" else f"{number(steps)} steps"
