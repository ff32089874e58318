"""What an update costs under each variant, against a size of the experiment."""

from collections.abc import Callable, Sequence
from math import nan
from typing import Literal

import numpy as np
import xarray as xr

from explorer.costs import Cost, cost
from explorer.experiment import Experiment
from explorer.problems import ExperimentError
from explorer.schemes import labels
from explorer.truncation import Truncation
from explorer.variants import priced

Over = Literal["length", "k2", "hidden_size"]
SIZES: dict[Over, tuple[int, ...]] = {
    "length": (25, 50, 100, 200, 400),
    "k2": (5, 10, 20, 40, 80),
    "hidden_size": (8, 16, 32, 64, 128),
}
OWN = {"mean_length", "max_length", "window"}  # what schemes without k2 call their length


def sized(experiment: Experiment, over: Over, size: int, scheme: Truncation) -> Experiment | None:
    """The experiment with this scheme and size; None where there is no such one, or the budget does not allow it."""
    fields = dict(scheme.model_dump())
    if over == "k2":
        for name in {"k1", "k2"} & set(fields) if fields.get("k1") == fields.get("k2") else {"k2"} & set(fields):
            fields[name] = size
        for name in OWN & set(fields):
            fields[name] = size
    plain = experiment.model_dump() | {"truncation": fields, "steps": 1}
    if over != "k2":
        owner = {"length": "task", "hidden_size": "cell"}[over]
        plain[owner] = plain[owner] | {over: size}
    try:
        return Experiment.model_validate(plain)
    except ExperimentError:
        return None


def prices(
    experiment: Experiment,
    over: Over,
    sizes: Sequence[int] | None = None,
    schemes: Sequence[Truncation] | None = None,
    known: Callable[[Experiment], Cost | None] = cost,
) -> xr.Dataset:
    """Time and memory of one update of each variant against the length T, the truncation length or the hidden size.

    Args:
        experiment: what is trained.
        over: the size that varies; "k2" is the truncation length, whatever a scheme calls it.
        sizes: its values.
        schemes: the variants.
        known: the cost of an experiment; by default it is measured here, one after the other.

    Returns:
        `seconds` and `memory` (bytes) [variant, size], nan where the budget does not allow it or it is not known; see
        `Cost` for what they are. `order_time` and `order_memory` [variant]: the exponents with which these are expected
        to grow where the size is large.
    """
    sizes, schemes = SIZES[over] if sizes is None else sizes, priced(experiment) if schemes is None else schemes
    found = np.full((2, len(schemes), len(sizes)), nan)
    for row, scheme in enumerate(schemes):
        for column, size in enumerate(sizes):
            config = sized(experiment, over, size, scheme)
            price = known(config) if config is not None else None
            if price is not None:
                found[:, row, column] = price.seconds, price.memory
    orders = np.array([_orders(experiment, over, sizes, scheme) for scheme in schemes], dtype=float).T
    return xr.Dataset(
        {
            "seconds": (("variant", "size"), found[0]),
            "memory": (("variant", "size"), found[1]),
            "order_time": ("variant", orders[0]),
            "order_memory": ("variant", orders[1]),
        },
        {"variant": list(labels(schemes)), "size": list(sizes)},
        {"over": over, "experiment": experiment.model_dump_json()},
    )


def _orders(experiment: Experiment, over: Over, sizes: Sequence[int], scheme: Truncation) -> tuple[float, float]:
    """The exponents of time and memory: those of the scheme, and 1 for the time of pieces that overlap the more."""
    time, memory = scheme.orders[over]
    ends = [sized(experiment, over, size, scheme) for size in (min(sizes), max(sizes))]
    if over != "k2" or scheme.measured or None in ends:  # how far back what is measured lets it go is not known
        return time, memory
    first, last = experiment.task.asked
    few, many = (min(end.truncation.lanes(end.task.steps), last - first + 1) for end in ends if end is not None)
    return (1.0 if many > few else time), memory
