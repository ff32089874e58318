"""Any runs as one Dataset, for a file that holds them all."""

from collections.abc import Sequence
from math import nan

import numpy as np
import xarray as xr

from explorer.budget import limits
from explorer.experiment import Experiment
from explorer.settings import text
from explorer.several import SweepError


def check_room(runs: int, updates: int, time: int, each: float) -> None:
    """Refuse what would not fit into the memory budget.

    Args:
        runs: their number.
        updates: of the longest.
        time: steps of the longest.
        each: bytes for each update and time step of a run.

    Raises:
        SweepError: where the whole is beyond the budget.
    """
    wanted, allowed = each * runs * updates * time, limits().memory
    if wanted > allowed:
        raise SweepError(
            f"These {runs} runs in one file would fill {wanted / 1e9:.3g} GB of memory, the budget is "
            f"{allowed / 1e9:.3g} GB; select fewer."
        )


def collected(runs: Sequence[xr.Dataset]) -> xr.Dataset:
    """Runs of different experiments along a new dimension `run`, padded with nan to the longest.

    `digest`, `status`, `recorded` (number of updates), `experiment` (as JSON) and one coordinate for each field whose
    value differs, as text, say what each is. What was measured of other schemes beside a run stays with that run.

    Raises:
        SweepError: where the whole is beyond the memory budget.
    """
    experiments = [Experiment.model_validate_json(run.attrs["experiment"]) for run in runs]
    sizes = {dim: max((run.sizes[dim] for run in runs), default=0) for dim in ("step", "time")}
    names = list(dict.fromkeys(str(name) for run in runs for name in run.data_vars if "variant" not in run[name].dims))
    check_room(len(runs), sizes["step"], sizes["time"], 8.0 * len(names))
    variables = {}
    for name in names:
        like = next(run[name] for run in runs if name in run)
        values = np.full((len(runs), *(sizes[str(dim)] for dim in like.dims)), nan)
        for place, run in enumerate(runs):
            if name in run:
                own = run[name].values
                values[place][tuple(slice(n) for n in own.shape)] = own
        variables[name] = (("run", *like.dims), values, like.attrs)
    flat = [experiment.flat() for experiment in experiments]
    fields = [key for key in dict.fromkeys(k for f in flat for k in f) if len({f.get(key) for f in flat}) > 1]
    told = {
        "digest": [experiment.digest for experiment in experiments],
        "status": [str(run.attrs["status"]) for run in runs],
        "recorded": [run.sizes["step"] for run in runs],
        "experiment": [experiment.model_dump_json() for experiment in experiments],
        **{f"field_{key}": [text(f.get(key, "")) for f in flat] for key in fields},
    }
    coords = {name: ("run", values) for name, values in told.items()}
    return xr.Dataset(
        variables,
        {
            "run": np.arange(len(runs)),
            "step": np.arange(sizes["step"]),
            "time": np.arange(1, sizes["time"] + 1),
            **coords,
        },
    )
