"""What the runs of a sweep came to, as one grid: what its figures are drawn from while they arrive."""

import json
from collections.abc import Mapping
from math import nan

import numpy as np
import xarray as xr

from explorer.findings.summary import BINS, NAMES, SPREADS
from explorer.grid import Grid


def summaries(grid: Grid, found: Mapping[int, xr.Dataset]) -> xr.Dataset:
    """The summaries with the sweep's axes as dimensions, and `bin`.

    nan where a run has not ended, but for `truncation_length`, which is known before.

    Args:
        grid: the sweep.
        found: number of an experiment → the `summary` of its run.
    """
    shape = [len(labels) for labels in grid.axes.values()]
    variables = {}
    for name in (*NAMES, *SPREADS):
        more = ("bin",) if name in SPREADS else ()
        values = np.full((len(grid.experiments), *([len(BINS)] if more else [])), nan)
        if name == "truncation_length":  # known before a run is made
            values[:] = [e.truncation.reach(e.task.steps) for e in grid.experiments]
        for number, each in found.items():
            values[number] = each[name].values
        variables[name] = ((*grid.axes, *more), values.reshape(*shape, *values.shape[1:]))
    attributes = {"experiment": grid.config.model_dump_json(), "over": json.dumps(grid.over)}
    return xr.Dataset(variables, {**grid.axes, "bin": BINS}, attributes)
