"""Sixty-four experiments at once, against as many hand-written loops one after another."""

from typing import Any

import numpy as np
import xarray as xr

from benchmarks.agreement import DisagreementError
from benchmarks.contestants import Loop, experiment
from benchmarks.report import Line, Section
from benchmarks.timing import median, once
from explorer import Experiment, sweep

WINDOWS = (2, 4, 5, 10, 20, 25, 50, 100)  # k1 = k2, all that divide T = 100
SEEDS = range(8)
UPDATES, LOOPED = 200, 4
ROUNDS = 3
EXACT = 1e-8
NAME = "64 LSTM experiments on 2 cores ÷ 64 loops one after another"
TITLE = (
    f"sweep: {len(WINDOWS)} truncation lengths (k1 = k2 = {', '.join(map(str, WINDOWS))}) × {len(SEEDS)} seeds "
    "(LSTM, adding, T=100, H=32, B=16, float32)"
)
NOTES = (
    f"The sweep makes {UPDATES} updates of each experiment, on all cores, the start of its processes included; of the "
    f"loops {LOOPED} updates each are timed, on one thread, and both count by update. The loops truncate by "
    "`detach()`, so their backward passes are as short as the windows.",
)


def run() -> Section:
    """Sweep and loops in turns."""
    _check()
    sweeps, loops = list[float](), list[float]()
    for _ in range(ROUNDS):
        loops.append(once(_loops) / LOOPED)
        sweeps.append(once(_sweep) / UPDATES)
    values = tuple(a / b for a, b in zip(sweeps, loops, strict=True))
    return Section(TITLE, (Line(NAME, values, took=median(sweeps)),), NOTES)


def _base(**flat: Any) -> Experiment:
    return experiment("lstm", hidden_size=32, batch_size=16, **flat)


def _windows() -> list[dict[str, Any]]:
    return [{"kind": "window", "k1": k, "k2": k} for k in WINDOWS]


def _sweep() -> xr.Dataset:
    """All experiments, as `sweep` does it by itself: in groups, in a process of one thread for each core."""
    return sweep(_base(steps=UPDATES), {"truncation": _windows(), "seed": SEEDS})


def _loops() -> None:
    """All experiments, one after another."""
    for k in WINDOWS:
        for seed in SEEDS:
            loop = Loop(_base(truncation="window", k1=k, k2=k, seed=seed))
            for _ in range(LOOPED):
                loop.step()


def _check() -> None:
    """Every window of one seed in float64: what the sweep records in its first updates is what the loop finds.

    Raises:
        DisagreementError: naming the window and the quantity.
    """
    same: dict[str, Any] = {"dtype": "float64", "learning_rate": 0.01, "seed": 3}
    found = sweep(_base(steps=2, **same), {"truncation": _windows()})
    for number, k in enumerate(WINDOWS):
        loop = Loop(_base(truncation="window", k1=k, k2=k, **same))
        for step in range(2):
            update = loop.step()
            row = found.isel(truncation=number, step=step)
            for name, norms in {"loss": update.loss, "grad_norm": update.grad_norm, **update.by_time}.items():
                expected, largest = np.asarray(norms, np.float64), float(np.asarray(norms).max())
                if not np.abs(row[name].values - expected).max() <= EXACT * largest > 0:
                    raise DisagreementError(f"the sweep and the loop disagree in {name} at k={k}; nothing was timed.")
