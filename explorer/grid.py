"""The combinations of a sweep as a grid: the experiment at each place, and the runs put together."""

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from math import nan, prod
from typing import Any

import numpy as np
import xarray as xr

from explorer import budget
from explorer.combination import Point, at, axis, called, label, member, names, said
from explorer.experiment import Experiment
from explorer.several import Several, SweepError

NOT_RUN = "not run"
Runs = Mapping[int, xr.Dataset]  # number of an experiment → its run


class Grid(Several):
    """The experiments of a sweep and where each stands.

    Attributes:
        over: path of each axis → its values, as plain as JSON.
        points: the combinations, path → value; the last axis fastest.
        experiments: the same combinations, validated.
        axes: name of each dimension → its coordinate values.
    """

    def __init__(self, config: Experiment, over: Mapping[str, Iterable[Any]]) -> None:
        self.config = config
        self.over: dict[str, list[Any]] = {}
        for given, values in over.items():
            path, found = axis(given, _values(given, values))
            if path in self.over:
                raise SweepError(f"{path}: this field is given twice.")
            self.over[path] = found
        places = itertools.product(*self.over.values())
        self.points: list[Point] = [dict(zip(self.over, place, strict=True)) for place in places]
        super().__init__([member(config, point) for point in self.points], lambda number: called(self.points[number]))
        self.axes = dict(zip(names(list(self.over)), map(self._labels, self.over), strict=True))
        self._shape = tuple(len(labels) for labels in self.axes.values())
        self._check_size()

    def combine(self, done: Runs) -> xr.Dataset:
        """The runs done so far as one Dataset; nan where a run is missing or shorter than others.

        Args:
            done: number of the experiment → its run.

        Raises:
            SweepError: where no run is done.
        """
        if not done:
            raise SweepError("no run of this sweep was made, so there is nothing to return.")
        runs = [done[number] for number in sorted(done)]
        like = dict[Any, xr.DataArray]()
        for run in runs:
            like |= {name: values for name, values in run.data_vars.items() if name not in like}
        steps, time = (max(run.sizes[dim] for run in runs) for dim in ("step", "time"))
        variables = {name: self._stacked(v, {"step": steps, "time": time}, done) for name, v in like.items()}
        variables["status"] = self._told(done, NOT_RUN, lambda run: run.attrs["status"])
        variables["recorded"] = self._told(done, 0, lambda run: run.sizes["step"])
        variables["chance_loss"] = self._told(done, nan, lambda run: run.attrs["chance_loss"])
        coords = {**self.axes, "step": np.arange(steps), "time": np.arange(1, time + 1)}
        return xr.Dataset(variables, coords, self._attributes(runs))

    def _stacked(self, like: xr.DataArray, sizes: Mapping[str, int], done: Runs) -> tuple[Any, ...]:
        """One variable of all runs, padded with nan: dimensions, values, attributes."""
        values = np.full((*self._shape, *(sizes[str(dim)] for dim in like.dims)), nan)
        for number, run in done.items():
            if like.name in run:
                own = run[like.name].values
                values[np.unravel_index(number, self._shape)][tuple(slice(n) for n in own.shape)] = own
        return (*self.axes, *like.dims), values, like.attrs

    def _told(self, done: Runs, missing: Any, tell: Callable[[xr.Dataset], Any]) -> tuple[Any, ...]:
        """One word or number of each run: dimensions, values."""
        told = [tell(done[n]) if n in done else missing for n in range(len(self.points))]
        return tuple(self.axes), np.reshape(told, self._shape)

    def _attributes(self, runs: list[xr.Dataset]) -> dict[str, Any]:
        """What all runs have in common, the config that they start from, the axes, and how it went."""
        common = {k: v for k, v in runs[0].attrs.items() if all(k in run.attrs and run.attrs[k] == v for run in runs)}
        statuses = {run.attrs["status"] for run in runs}
        whole = len(runs) == len(self.experiments) and "stopped" not in statuses
        status = "stopped" if not whole else "diverged" if "diverged" in statuses else "finished"
        return {**common, "experiment": self.config.model_dump_json(), "over": json.dumps(self.over), "status": status}

    def _labels(self, path: str) -> list[Any]:
        """The coordinates of one axis, as the experiments understand the values: 0.1 where ".1" was given."""
        values, later = self.over[path], list(self.over.values())[list(self.over).index(path) + 1 :]
        stride = prod(map(len, later))
        understood = [at(self.experiments[place * stride], path) for place in range(len(values))]
        for place, value in enumerate(understood):
            if value in understood[:place]:
                raise SweepError(f"{path}: {said(values[place])} is given twice.")
        return [label(value, given) for value, given in zip(understood, values, strict=True)]

    def _check_size(self) -> None:
        sizes = ((e.steps, e.task.steps, len(e.cell.states)) for e in self.experiments)
        steps, time, states = (max(size) for size in zip(*sizes, strict=True))
        wanted, allowed = len(self.points) * budget.rows_bytes(steps, time, states), budget.limits().memory
        if wanted > allowed:
            raise SweepError(
                f"{len(self.points)} runs of up to {steps} updates of {time} time steps would fill about "
                f"{wanted / 1e9:.3g} GB, the budget is {allowed / 1e9:.3g} GB; lower steps or give fewer values."
            )


def _values(path: str, values: Iterable[Any]) -> list[Any]:
    """The values of one axis as a list of plain ones."""
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable) or not (found := list(values)):
        raise SweepError(f"{path}: give a list of at least one value to sweep over.")
    return [_plain(value) for value in found]


def _plain(value: Any) -> Any:
    """The value without numpy's types, and apart from the caller's own objects."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return value.item() if isinstance(value, np.generic) else value
