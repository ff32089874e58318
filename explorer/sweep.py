"""Many experiments as one grid."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import xarray as xr

from explorer.experiment import Experiment
from explorer.settings import text
from explorer.training import Training, train

Point = dict[str, Any]


class SweepError(Exception):
    """The axes of a sweep make no sense; the sentence names the axis."""


def sweep(
    config: Experiment,
    over: Mapping[str, Sequence[Any]],
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> xr.Dataset:
    """Train the experiment once for every combination of the values given.

    Args:
        config: the experiment that everything else is taken from.
        over: path of a field, such as "truncation.k2" or "cell.kind", to its values; a value may be a whole part, such as
            {"kind": "window", "k1": 5, "k2": 5} for "truncation".
        executor: where the runs are made; here, one after another, if None.
        progress: called with (runs done, runs in all) after each run.
        stop: once set, the run under way ends before its next update and no other is started.

    Returns:
        One Dataset with a dimension for each axis, named by the field's last word, a `kind` by its owner, or by the whole
        path where that is ambiguous; shorter runs and sequences, and variables a cell does not have, are padded with nan.

    Raises:
        SweepError: for an axis without values, or that is no field.
        ExperimentError: where a combination is not allowed, before anything is trained.
    """
    grid = Grid(config, over)
    done: dict[int, xr.Dataset] = {}
    stop = stop or threading.Event()
    for number, run in enumerate(_here(grid, stop) if executor is None else executor.map(train, grid.experiments)):
        done[number] = run
        if progress is not None:
            progress(len(done), len(grid.experiments))
    return grid.combine(done)


def _here(grid: "Grid", stop: threading.Event) -> Iterator[xr.Dataset]:
    """The runs one after another in this process."""
    for experiment in grid.experiments:
        if stop.is_set():
            return
        training = Training(experiment)
        for _ in training:
            if stop.is_set():
                training.stop()
        yield training.dataset()


class Grid:
    """The experiments of a sweep and where each stands.

    Attributes:
        experiments: all combinations, validated, the last axis fastest.
        axes: name of each dimension → its coordinate values.
    """

    def __init__(self, config: Experiment, over: Mapping[str, Sequence[Any]]) -> None:
        for path, values in over.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise SweepError(f"{path}: give a list of at least one value to sweep over.")
        self.config, self.over = config, over
        points = [dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())]
        self.experiments = [Experiment.model_validate(_with(config, point)) for point in points]
        self.axes = dict(zip(_names(list(over)), ([_label(v) for v in vs] for vs in over.values()), strict=True))
        for name, labels in self.axes.items():
            if len(set(labels)) < len(labels):
                raise SweepError(f"{name}: the same value is given twice.")

    def combine(self, done: Mapping[int, xr.Dataset]) -> xr.Dataset:
        """The runs done so far as one Dataset; nan where a run is missing.

        Args:
            done: place in `experiments` → its run.

        Raises:
            SweepError: where no run is done.
        """
        if not done:
            raise SweepError("no run of this sweep was finished, so there is nothing to return.")
        points = itertools.product(*(range(len(values)) for values in self.axes.values()))
        runs = {point: _plain(done[number]) for number, point in enumerate(points) if number in done}
        grid = _join(runs, list(self.axes.items()))
        statuses = {run.attrs["status"] for run in done.values()}
        finished = len(done) == len(self.experiments) and statuses == {"finished"}
        grid.attrs = {
            "experiment": self.config.model_dump_json(),
            "over": json.dumps(dict(self.over)),
            "status": "finished" if finished else ("diverged" if "diverged" in statuses else "stopped"),
        }
        return grid


def _plain(run: xr.Dataset) -> xr.Dataset:
    """One run without attributes; what differs between runs becomes a variable."""
    status, chance = run.attrs["status"], run.attrs["chance_loss"]
    return run.assign(status=status, chance_loss=chance).drop_attrs()


def _join(runs: Mapping[tuple[int, ...], xr.Dataset], axes: list[tuple[str, list[Any]]]) -> xr.Dataset:
    """Runs, by their place on each axis, as one Dataset; the first axis outermost."""
    if not axes:
        return runs[()]
    (name, labels), rest = axes[0], axes[1:]
    there = sorted({place[0] for place in runs})
    parts = [_join({place[1:]: run for place, run in runs.items() if place[0] == here}, rest) for here in there]
    index = xr.IndexVariable(name, [labels[here] for here in there])
    joined = xr.concat(parts, index, data_vars="all", coords="minimal", compat="equals", join="outer")
    return joined.reindex({name: labels})


def _with(config: Experiment, point: Point) -> dict[str, Any]:
    """The config with the fields of one point set; a change of kind drops the other fields that the new kind lacks."""
    experiment = config
    kinds = {path: value for path, value in point.items() if path.endswith(".kind")}
    for path, value in kinds.items():
        experiment = experiment.changed(**{path.split(".")[-2]: value})
    tree = experiment.model_dump()
    for path, value in point.items():
        *owners, last = path.split(".")
        level = tree
        for owner in owners:
            level = level.get(owner, {}) if isinstance(level, dict) else {}
        if not isinstance(level, dict) or (last not in level and last not in Experiment.model_fields):
            raise SweepError(f"{path}: there is no such field in this experiment.")
        level[last] = value
    return tree


def _names(paths: list[str]) -> list[str]:
    """The dimension of each axis."""
    short = [path.split(".")[-2] if path.endswith(".kind") else path.split(".")[-1] for path in paths]
    return [path if short.count(name) > 1 else name for path, name in zip(paths, short, strict=True)]


def _label(value: Any) -> Any:
    """A coordinate: the value itself, or a part's short label such as window(k1=5, k2=5)."""
    if not isinstance(value, Mapping):
        return value
    fields = ", ".join(
        f"{k}={text(v) if not isinstance(v, Mapping) else _label(v)}" for k, v in value.items() if k != "kind"
    )
    kind = str(value.get("kind", ""))
    return f"{kind}({fields})" if fields else kind
