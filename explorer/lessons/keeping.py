"""The material kept in `assets/lessons`, so that lessons open at once: one file a lesson, made by `lessons --make`."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.dataset import COMPRESSED
from explorer.lessons.base import Lesson, Material, Values

FOLDER = Path(__file__).parents[2] / "assets" / "lessons"


def opened(lesson: Lesson, values: Values) -> Material | None:
    """The material of these values, where it is kept."""
    return _all(lesson.name).get(_name(values))


def make(lesson: Lesson, folder: Path = FOLDER) -> Path:
    """Compute a lesson's material anew and keep it."""
    folder.mkdir(parents=True, exist_ok=True)
    tree = {
        f"/{place}/{name}": _small(dataset).assign_attrs(values=_name(values))
        for place, values in enumerate(lesson.kept())
        for name, dataset in lesson.material(values).items()
    }
    encoding = {
        path: {name: COMPRESSED for name in found.data_vars if found[name].ndim} for path, found in tree.items()
    }
    target = folder / f"{lesson.name}.nc"
    xr.DataTree.from_dict(tree).to_netcdf(target, engine="h5netcdf", encoding=encoding)
    return target


@lru_cache(maxsize=16)
def _all(name: str) -> dict[str, dict[str, xr.Dataset]]:
    """All that is kept of a lesson: values → name → Dataset; nothing where there is no file."""
    target = FOLDER / f"{name}.nc"
    found: dict[str, dict[str, xr.Dataset]] = {}
    if not target.is_file():
        return found
    with xr.open_datatree(target, engine="h5netcdf") as tree:
        for path, node in tree.to_dict().items():
            if "values" in node.attrs:
                dataset = node.load()
                found.setdefault(str(dataset.attrs.pop("values")), {})[path.rpartition("/")[2]] = _large(dataset)
    return found


def _name(values: Values) -> str:
    return json.dumps(dict(values), sort_keys=True)


def _small(dataset: xr.Dataset) -> xr.Dataset:
    """The Dataset with half the bytes for each variable in which that turns nothing into zero or infinity."""
    changed: dict[str, Any] = {}
    for name, variable in dataset.data_vars.items():
        if variable.dtype != np.float64:
            continue
        with np.errstate(over="ignore", under="ignore"):
            small = variable.astype(np.float32)
        tiny = (small != 0) & (np.abs(small) < np.finfo(np.float32).tiny)
        zeros, finite = (small == 0) == (variable == 0), np.isfinite(small) == np.isfinite(variable)
        if not tiny.any() and zeros.all() and finite.all():
            changed[str(name)] = small
    return dataset.assign(changed)


def _large(dataset: xr.Dataset) -> xr.Dataset:
    """The Dataset in float64 again, as it is made."""
    floats = {name: v.astype(np.float64) for name, v in dataset.data_vars.items() if v.dtype == np.float32}
    return dataset.assign(floats)
