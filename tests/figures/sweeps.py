"""Grids of summaries, as the page of sweeps builds them: of real runs, and of runs that are only made up."""

import itertools
import json
import math

import numpy as np
import xarray as xr

from explorer.findings import summary


def stack(runs, axes, config, over):
    """Return the summaries as one Dataset: axes by name in order, nan where a run's number is not in ``runs``."""
    found = {number: summary(run) for number, run in runs.items()}
    like = next(iter(found.values()))
    shape = [len(values) for values in axes.values()]
    data = {}
    for name, variable in like.data_vars.items():
        values = np.full((math.prod(shape), *variable.shape), math.nan)
        for number, each in found.items():
            values[number] = each[name].values
        data[name] = ((*axes, *variable.dims), values.reshape(*shape, *variable.shape))
    attrs = {"experiment": json.dumps(config), "over": json.dumps(over)}
    return xr.Dataset(data, {**axes, "bin": like.bin.values}, attrs)


def empty(grid):
    """Return the grid as it is before any run is done."""
    return grid.map(lambda v: xr.full_like(v, math.nan), keep_attrs=True).assign_attrs(grid.attrs)


def places(axes):
    """Yield number and coordinates of each place of a grid, the last axis fastest."""
    for number, values in enumerate(itertools.product(*axes.values())):
        yield number, dict(zip(axes, values, strict=True))


def made(axes, over, run, keep=None):
    """Return a grid of made-up runs: ``run`` gives a Dataset for the coordinates of a place, None where none is done."""
    config = {"cell": {"kind": "tanh"}, "truncation": {"kind": "full"}, "task": {"kind": "adding", "length": 40},
              "clipping": {"kind": "norm", "threshold": 1.0}, "dtype": "float32"}  # fmt: skip
    runs = {number: run(**place) for number, place in places(axes)}
    return stack({number: each for number, each in runs.items() if each is not None}, axes, config, over)
