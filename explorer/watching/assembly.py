"""The record of a watched module as an xarray.Dataset."""

import json
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr

from explorer.bptt.recording import Array
from explorer.dataset import UNITS

DIRECTIONS = ("forward", "reverse")
BY_TIME = ("grad_h", "grad_c", "grad_weight")


class Track(NamedTuple):
    """One direction of one layer of one module."""

    module: str
    layer: int
    direction: int


class Series(NamedTuple):
    """What one backward pass found for one track: variables by time, and the spectral radius."""

    by_time: dict[str, Array]
    radius: float


Table = dict[tuple[int, Track], Series]


def watched_dataset(table: Table, steps: int, about: dict[str, Any]) -> xr.Dataset:
    """Everything recorded as one Dataset, nan where the table has nothing; dimensions of one entry left out.

    Args:
        table: (backward pass, track) → what was found.
        steps: number of backward passes.
        about: what to tell of each module; its keys are the modules.
    """
    modules, tracks = list(about), [track for _, track in table]
    layers, directions = 1 + max(t.layer for t in tracks), 1 + max(t.direction for t in tracks)
    length = max(series.by_time["grad_h"].size for series in table.values())
    shape = (len(modules), layers, directions, steps)
    found = {
        name: np.full((*shape, length), np.nan) for name in BY_TIME if any(name in s.by_time for s in table.values())
    }
    found["spectral_radius"] = np.full(shape, np.nan)
    for (step, track), series in table.items():
        place = (modules.index(track.module), track.layer, track.direction, step)
        found["spectral_radius"][place] = series.radius
        for name, values in series.by_time.items():
            found[name][place][: values.size] = values
    leading = {"module": modules, "layer": range(layers), "direction": list(DIRECTIONS[:directions])}
    coordinates = {**leading, "step": np.arange(steps), "time": np.arange(1, length + 1)}
    dims = tuple(coordinates)
    variables = {name: (dims[: values.ndim], values, {"long_name": UNITS[name]}) for name, values in found.items()}
    attributes = {"status": "finished", "torch": str(torch.__version__), "modules": json.dumps(about)}
    single = [name for name, values in leading.items() if len(values) == 1]
    return xr.Dataset(variables, coordinates, attributes).squeeze(single, drop=True)
