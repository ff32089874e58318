"""What a Dataset says about itself, and how numbers and names are written for people."""

import json
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

CELL_NAMES = {"tanh": "tanh", "relu": "ReLU", "lstm": "LSTM", "gru": "GRU"}
BY_TIME = {"grad_h", "grad_c", "grad_weight"}  # variables with a value for each time step
MINOR = {"steps", "seed", "device", "dtype"}  # fields named only where nothing else differs
FLOORS = {
    "float32": (1.18e-38, 1.4e-45),
    "float64": (2.2e-308, 4.9e-324),
}  # smallest normal and subnormal number


def number(x: float) -> str:
    """Write a number as people say it: two digits where it matters, ``1e-8`` where it is tiny."""
    if not math.isfinite(x):
        return "nan" if math.isnan(x) else ("inf" if x > 0 else "-inf")
    if x == 0:
        return "0"
    size = abs(x)
    if 99.5 <= size < 999.5:
        return f"{x:.0f}"
    rounded = float(f"{x:.1e}")
    if 1e-3 <= abs(rounded) < 1e4:
        return np.format_float_positional(rounded, trim="-")
    mantissa, exponent = f"{x:.0e}".split("e")
    if int(exponent) == -4:
        return np.format_float_positional(float(f"{x:.0e}"), trim="-")
    return f"{mantissa}e{int(exponent)}"


def count(amount: int, thing: str) -> str:
    """Write an amount of things: ``1 unit``, ``2 units``."""
    return f"{amount} {thing}{'s' * (amount != 1)}"


def experiment(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the experiment's configuration, empty where the Dataset carries none; not to be changed."""
    text = dataset.attrs.get("experiment", "{}")
    return _config(text) if isinstance(text, str) else {}


@lru_cache(maxsize=64)
def _config(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def part(dataset: xr.Dataset, name: str) -> dict[str, Any]:
    """Return one sub-object of the configuration, such as ``task`` or ``cell``."""
    found = experiment(dataset).get(name)
    return found if isinstance(found, dict) else {}


def ranges(dataset: xr.Dataset, name: str) -> list[tuple[int, int]]:
    """Return the [first, last] steps kept in the attribute ``signal`` or ``question``, clipped to 1..T."""
    length = dataset.sizes["time"]
    found = _listed(dataset, name)
    return [(max(1, int(a)), min(length, int(b))) for a, b in found if int(a) <= length and int(b) >= 1]


def cuts(dataset: xr.Dataset) -> list[int]:
    """Return the steps t such that truncation lets no gradient flow from step t + 1 to step t."""
    return [int(t) for t in _listed(dataset, "cuts")]


def cut_anywhere(dataset: xr.Dataset) -> bool:
    """Tell whether each update has cuts of its own, and no unit that is off could be what stops its gradient."""
    return bool(dataset.attrs.get("cuts_vary")) and is_run(dataset) and kind(dataset) != "relu"


def _listed(dataset: xr.Dataset, name: str) -> list[Any]:
    """Return an attribute that holds a list as JSON, empty where there is none."""
    text = dataset.attrs.get(name)
    return list(json.loads(text)) if isinstance(text, str) and text.startswith("[") else []


def kind(dataset: xr.Dataset) -> str:
    """Return the kind of the cell, ``"network"`` where the Dataset does not say."""
    return str(part(dataset, "cell").get("kind") or "network")


def name(cell: str) -> str:
    """Return the cell's name as the field writes it."""
    return CELL_NAMES.get(cell, cell)


def cue(dataset: xr.Dataset) -> int:
    """Return the middle of the first range of steps where the signal can be (step 1 where none is known)."""
    found = ranges(dataset, "signal")
    return (found[0][0] + found[0][1]) // 2 if found else 1


def asked(dataset: xr.Dataset) -> int:
    """Return the last step whose answer enters the loss (the last step where none is known)."""
    found = ranges(dataset, "question")
    return max(b for _, b in found) if found else int(dataset.sizes["time"])


def is_run(dataset: xr.Dataset) -> bool:
    """Tell whether the Dataset holds more than one update."""
    return bool(dataset.sizes["step"] > 1)


def untrained(dataset: xr.Dataset, step: int = -1) -> bool:
    """Tell whether a row is the gradient at the starting weights: row r is what update r is made with."""
    return bool(values(dataset, "step")[step] == 0)


def values(dataset: xr.Dataset, name: str) -> np.ndarray:
    """Return a variable's numbers [step] or [step,time]; nan throughout where it was not recorded.

    A watched model has no loss of its own. Of layers, directions, modules and swept fields, the first is taken.
    """
    variable = dataset.variables.get(name)  # dataset[name] would gather all coordinates, at ten times the cost
    if variable is None:
        shape = [dataset.sizes[d] for d in (("step", "time") if name in BY_TIME else ("step",))]
        return np.arange(shape[0]) if name == "step" else np.full(shape, np.nan)
    more = [d for d in variable.dims if d not in ("step", "time")]
    return np.asarray(variable.isel(dict.fromkeys(more, 0)).values if more else variable.values)


def asks(dataset: xr.Dataset) -> np.ndarray:
    """Tell which updates use a loss [step]: all, where that was not recorded."""
    if "asked" not in dataset.variables:
        return np.ones(dataset.sizes["step"], dtype=bool)
    return np.asarray(values(dataset, "asked") > 0)


def taken(dataset: xr.Dataset) -> list[str]:
    """Return in words what ``values`` takes of a Dataset with further dimensions: ``layer 1 of 2``."""
    more = [str(d) for d in dataset.sizes if d not in ("step", "time")]
    return [f"{name.replace('_', ' ')} 1 of {dataset.sizes[name]}" for name in more if dataset.sizes[name] > 1]


def row(dataset: xr.Dataset, variable: str, step: int = -1) -> np.ndarray:
    """Return one update's values over time as float64 [T]; ``step`` counts rows, -1 is the newest."""
    return np.asarray(values(dataset, variable)[step], dtype=np.float64)


def positive(numbers: np.ndarray) -> np.ndarray:
    """Return the positive finite ones, those a log axis can show, in one dimension."""
    return np.asarray(numbers[(numbers > 0) & (numbers < np.inf)])


def span(arrays: Iterable[np.ndarray | float]) -> tuple[float, float]:
    """Return the smallest and the largest positive finite number of all arrays; nan where there is none."""
    found = [x for x in (positive(np.asarray(a)) for a in arrays) if x.size]
    return (float(min(x.min() for x in found)), float(max(x.max() for x in found))) if found else (math.nan, math.nan)


def has_cell_state(dataset: xr.Dataset) -> bool:
    """Tell whether a cell-state gradient was recorded."""
    return "grad_c" in dataset


def floor(dataset: xr.Dataset) -> tuple[str, float, float]:
    """Return the number format's name, its smallest normal and its smallest subnormal number."""
    config = experiment(dataset)
    dtype = str(config.get("dtype", "float32")) if config else _dtype(dataset)
    normal, subnormal = FLOORS.get(dtype, FLOORS["float32"])
    return (dtype if dtype in FLOORS else "float32"), normal, subnormal


def _dtype(dataset: xr.Dataset) -> str:
    """Return the format a Dataset without an experiment shows: numbers that float32 does not have mean float64."""
    found = positive(values(dataset, "grad_h"))
    return "float64" if found.size and found.min() < FLOORS["float32"][1] / 2 else "float32"


def labels(datasets: Sequence[xr.Dataset]) -> list[str]:
    """Return one short name for each Dataset: the cell, and what differs where cells are the same."""
    flat = [_flat(experiment(d)) for d in datasets]
    names = [name(kind(d)) for d in datasets]
    out = []
    for i, own in enumerate(names):
        twins = [j for j, other in enumerate(names) if other == own]
        differing = {f for j in twins for f in flat[j] | flat[i] if flat[j].get(f) != flat[i].get(f)}
        fields = sorted(differing - MINOR) or sorted(differing)
        said = [f"{f.split('.')[-1].replace('_', ' ')} {_said(flat[i].get(f))}" for f in fields[:2]]
        out.append("<br>".join([own, *said]) if said else own if len(twins) == 1 else f"{own} {twins.index(i) + 1}")
    return out


def _said(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return "none" if value is None else str(value)


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in config.items():
        out |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return out
