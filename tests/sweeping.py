"""Small sweeps, and what their members are compared with."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer import Experiment
from explorer.dataset import save

SMALL: dict[str, Any] = {
    "task": {"kind": "adding", "length": 10},
    "cell": {"kind": "tanh", "hidden_size": 4},
    "batch_size": 3,
    "steps": 4,
    "dtype": "float64",
    "device": "cpu",
}
DIVERGES: dict[str, Any] = {
    "cell": {"kind": "relu", "hidden_size": 8},
    "optimizer": {"kind": "sgd", "learning_rate": 100.0},
    "clipping": {"kind": "none"},
    "dtype": "float32",
    "steps": 20,
}


def config(**fields: Any) -> Experiment:
    return Experiment.model_validate({**SMALL, **fields})


def same(member: xr.Dataset, alone: xr.Dataset) -> None:
    """A member of a grid is the run alone, then nan; nothing compared is trivially zero."""
    assert np.nanmax(alone["grad_h"].values) > 1e-4
    # Products of many models round differently from those of one.
    rtol = 1e-8 if json.loads(alone.attrs["experiment"])["dtype"] == "float64" else 1e-5
    steps, time = alone.sizes["step"], alone.sizes["time"]
    for name, values in alone.data_vars.items():
        cut = {"step": slice(steps), "time": slice(time)} if "time" in values.dims else {"step": slice(steps)}
        found = member[name].isel(cut)
        np.testing.assert_allclose(found.values, values.values, rtol=rtol, atol=0, err_msg=str(name))
        assert np.isnan(member[name].values).sum() == np.isnan(values.values).sum() + member[name].size - values.size
    assert member["status"].item() == alone.attrs["status"]
    assert member["recorded"].item() == steps


def reopened(grid: xr.Dataset, folder: Path) -> xr.Dataset:
    """The grid as its file gives it back."""
    found = xr.load_dataset(save(grid, folder / "grid.nc"))
    xr.testing.assert_equal(found, grid)
    assert found.attrs == grid.attrs
    return found
