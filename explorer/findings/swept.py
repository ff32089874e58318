"""A grid of summaries read run by run: what each place trained, and what groups of places come to."""

import json
import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import number

NUMBER = r"=\s*([-+.\deE]+)"
PARTS = {"k1": "truncation", "k2": "truncation", "threshold": "clipping", "length": "task"}


@dataclass(frozen=True)
class Middle:
    """What the seeds of one group come to: median, lowest, highest, and the place whose run is nearest the median."""

    median: float
    low: float
    high: float
    nearest: int


class Swept:
    """A grid of summaries as a list of places, in C order over the grid's dimensions.

    Attributes:
        dims: the grid's dimensions, without ``bin``.
        places: index of each place along each dimension [N, dims].
        done: whether a run is there [N].
    """

    def __init__(self, grid: xr.Dataset) -> None:
        self.grid = grid
        self.dims = tuple(str(dim) for dim in grid["updates"].dims)
        self.shape = tuple(grid.sizes[dim] for dim in self.dims)
        self.places = np.stack([i.ravel() for i in np.indices(self.shape)], -1).reshape(-1, len(self.dims))
        self.done = np.isfinite(self.number("updates"))

    def number(self, name: str) -> np.ndarray:
        """Return a variable of each place [N], or [N, bin]; nan throughout where the grid has none."""
        if name not in self.grid:
            return np.full(math.prod(self.shape), math.nan)
        values = self.grid[name].transpose(*self.dims, ...).values
        return np.asarray(values, dtype=np.float64).reshape(math.prod(self.shape), *values.shape[len(self.dims) :])

    def coordinate(self, *names: str) -> list[object] | None:
        """Return the coordinate of each place along the first dimension whose last word is one of the names."""
        for column, dim in enumerate(self.dims):
            if dim.removesuffix(".kind").split(".")[-1] in names and dim in self.grid.coords:
                values = self.grid[dim].values.tolist()
                return [values[i] for i in self.places[:, column]]
        return None

    @cached_property
    def cells(self) -> list[str]:
        """The cell's label at each place, such as ``lstm`` or ``lstm(hidden_size=8)``."""
        return self._labels("cell")

    @cached_property
    def clippings(self) -> list[str]:
        """What clipping does at each place, in words: ``no clipping``, ``norm ≤ 1``, ``elements ≤ 0.1``."""
        kinds, given = self._labels("clipping"), self.coordinate("threshold")
        known, base = self.number("threshold"), facts.part(self.grid, "clipping").get("threshold", math.nan)
        words = []
        for i, kind in enumerate(kinds):
            value = _within(kind, "threshold", given[i] if given else base)
            value = known[i] if math.isfinite(known[i]) else value
            rule = {"norm": "norm", "value": "elements"}.get(plain(kind), plain(kind))
            limit = f" ≤ {number(value)}" if math.isfinite(value) else ""
            words.append("no clipping" if rule == "none" else rule + limit)
        return words

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """The threshold of each way to clip the norm; value clipping limits single elements, not the norm."""
        found = self.number("threshold")
        return {w: float(t) for w, t in zip(self.clippings, found, strict=True) if "norm" in w and math.isfinite(t)}

    @cached_property
    def lengths(self) -> np.ndarray:
        """Truncation length of each place in steps [N], also where nothing is run yet; nan where it is not known."""
        labels, k2 = self._labels("truncation"), self.coordinate("k2")
        base = facts.part(self.grid, "truncation").get("k2", math.nan)
        found = self._filled("truncation_length", "truncation", "task")
        for i in np.flatnonzero(np.isnan(found)):
            if plain(labels[i]) != "full":  # then it is T, which only the task knows
                found[i] = _within(labels[i], "k2", k2[i] if k2 else base)
        return found

    @cached_property
    def lags(self) -> np.ndarray:
        """Steps from the first signal to the question of each place [N], also where the same task has been run."""
        return self._filled("lag", "task")

    def _filled(self, name: str, *parts: str) -> np.ndarray:
        """Return a number that depends on these parts alone, taken over from other runs where it is not run yet."""
        found, columns = self.number(name), [i for i, dim in enumerate(self.dims) if self.owner(dim) in parts]
        for group in self.groups(*(self.places[:, column] for column in columns)).values():
            known = found[group][np.isfinite(found[group])]
            found[group] = np.where(np.isnan(found[group]), known[0] if known.size else math.nan, found[group])
        return found

    def owner(self, dim: str) -> str:
        """Return the part of the experiment that a dimension belongs to, such as ``truncation`` for ``k2``."""
        for path in (path for path in _over(self.grid) if "." in path):
            if dim in (path, path.removesuffix(".kind").split(".")[-1]):
                return path.split(".")[0]
        return PARTS.get(dim, dim)

    def _labels(self, part: str) -> list[str]:
        """Return the kind, or the label of a whole part, at each place."""
        found = self.coordinate(part)
        if found is not None:
            return [str(label) for label in found]
        return [str(facts.part(self.grid, part).get("kind", ""))] * len(self.places)

    def groups(self, *keys: Sequence[Hashable] | np.ndarray) -> dict[tuple[Hashable, ...], np.ndarray]:
        """Return the places that agree in all keys; those with a nan among them are left out."""
        found: dict[tuple[Hashable, ...], list[int]] = {}
        lists = [key.tolist() if isinstance(key, np.ndarray) else key for key in keys]
        for i, values in enumerate(zip(*lists, strict=True) if keys else [()] * len(self.places)):
            if not any(isinstance(value, float) and math.isnan(value) for value in values):
                found.setdefault(values, []).append(i)
        return {key: np.array(places) for key, places in found.items()}

    def middle(self, values: np.ndarray, places: np.ndarray) -> Middle | None:
        """Return median and range over the seeds of some places, of whose other differences the median is taken first.

        None where no value there is known; inf counts as a value.
        """
        places = places[~np.isnan(values[places])]
        if not places.size:
            return None
        seed = self.places[:, self.dims.index("seed")] if "seed" in self.dims else np.zeros(len(self.places), dtype=int)
        each = [float(_median(values[places[seed[places] == s]])) for s in np.unique(seed[places])]
        median = float(_median(np.array(each)))
        with np.errstate(invalid="ignore"):  # inf - inf
            apart = np.where(values[places] == median, 0.0, np.abs(values[places] - median))
        return Middle(median, min(each), max(each), int(places[np.argmin(np.where(np.isnan(apart), np.inf, apart))]))

    def merged(self, groups: dict[tuple[Hashable, ...], np.ndarray]) -> list[str]:
        """Return the dimensions, but for the seed, whose differences are gone within some group of finished runs."""
        gone = set()
        for places in groups.values():
            found = self.places[places[self.done[places]]]
            gone |= {d for d, column in zip(self.dims, found.T, strict=True) if len(np.unique(column)) > 1}
        return [dim for dim in self.dims if dim in gone and dim != "seed"]

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.grid.sizes.get("seed", 1)


def plain(label: str) -> str:
    """Return the kind that a coordinate names: ``window`` of ``window(k1=5, k2=5)``."""
    return label.split("(")[0]


def cell_name(label: str) -> str:
    """Return a cell's label as its name is written: ``LSTM``, ``LSTM, hidden size 8``."""
    kind, _, rest = label.partition("(")
    fields = rest.removesuffix(")").replace("_", " ").replace("=", " ")
    return ", ".join(filter(None, [facts.name(kind) if kind else "network", fields]))


def _within(label: str, field: str, otherwise: object) -> float:
    found = re.search(rf"\b{field}{NUMBER}", label)
    return _float(found.group(1)) if found else _float(otherwise)


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _median(values: np.ndarray) -> float:
    """Return the median; of two infinities of one sign, that infinity."""
    with np.errstate(invalid="ignore"):
        return float(np.median(values))


def _over(grid: xr.Dataset) -> list[str]:
    """Return the paths of the fields that were swept, such as ``truncation.k2``."""
    found = json.loads(str(grid.attrs.get("over", "{}")))
    return list(found) if isinstance(found, dict) else []
