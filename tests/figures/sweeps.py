"""Grids of summaries, as the page of sweeps builds them: of real runs, and of runs that are only made up."""

import itertools
import json
import math

import numpy as np
import xarray as xr
from figures.conftest import make

from explorer.findings import summary


def stack(runs, axes, config, over):
    """Return the summaries as one Dataset with the axes in order; nan where a number is not among the runs."""
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


CONFIG = {
    "task": {"kind": "adding", "length": 40}, "cell": {"kind": "tanh", "hidden_size": 8},
    "truncation": {"kind": "full"}, "clipping": {"kind": "norm", "threshold": 1.0}, "dtype": "float32",
}  # fmt: skip
RATES = {"tanh": 0.8, "gru": 0.9, "lstm": 0.97}
LENGTHS = [5, 15, 35]
OVER = {"cell.kind": list(RATES), "truncation.k2": LENGTHS, "clipping": ["none", "norm"], "seed": [0, 1, 2]}
CLIPPINGS = ["none", "norm(threshold=0.1)"]
AXES = {"cell": list(RATES), "k2": LENGTHS, "clipping": CLIPPINGS, "seed": [0, 1, 2]}


def run(cell="tanh", k2=None, clipping="norm(threshold=1.0)", seed=0, learned=None, length=40, **more):
    """Return a made-up run: faded by the cell's rate, cut at k2, learned where it reaches back beyond the lag of 30."""
    rate = RATES.get(cell, 0.9) ** (1 + 0.05 * seed)
    found = make(cell, updates=20, length=length, rate=rate, cut=length - k2 if k2 and k2 < length else None)
    threshold = float(clipping.partition("=")[2].rstrip(")") or 1)
    kind = clipping.partition("(")[0]
    config = json.loads(found.attrs["experiment"])
    config["truncation"] = {"kind": "window", "k1": 1, "k2": k2} if k2 else {"kind": "full"}
    config["clipping"] = {"kind": kind} if kind == "none" else {"kind": kind, "threshold": threshold}
    far = (k2 or length) > 30 and cell != "tanh" if learned is None else learned
    found["loss"].values[:] = (0.05 if far else 1.0) / 6
    found["grad_norm"].values[:] = 10.0 ** np.linspace(-1.8, 1, 20)
    clipped = found["grad_norm"].values if kind == "none" else np.minimum(found["grad_norm"].values, threshold)
    found["grad_norm_clipped"].values[:] = clipped
    return found.assign_attrs(experiment=json.dumps(config), **more)


def made(axes=AXES, over=OVER, keep=lambda **place: True, one=run):
    """Return a grid of made-up runs, of the places that ``keep`` says are done."""
    found = dict(places(axes))
    return stack({i: one(**place) for i, place in found.items() if keep(**place)}, axes, CONFIG, over)
