"""What a run leaves: a row for each update, and what belongs to the whole run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Literal

import numpy as np
import torch
import xarray as xr

from explorer.bptt import recorded_names
from explorer.bptt.recording import Array
from explorer.dataset import BY_VARIANT, run_dataset
from explorer.experiment import Experiment
from explorer.truncation import Plan, cuts, with_loss

Status = Literal["running", "finished", "stopped", "diverged"]
NUMBERS = ("loss", "accuracy", "asked", "grad_norm", "grad_norm_clipped", "spectral_radius")


@dataclass(frozen=True)
class Row:
    """What one update leaves: numbers, norms by time [T], and what was measured of other schemes [variants]."""

    numbers: dict[str, float]
    by_time: dict[str, Array]
    beside: dict[str, Array] = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are."""
        return isfinite(self.numbers["loss"]) and isfinite(self.numbers["grad_norm"])


class Recording:
    """The rows of one run, growing; read at any time from any thread.

    Attributes:
        status: `running`, `finished`, `stopped` or `diverged`.
        recorded: number of rows.
    """

    def __init__(self, experiment: Experiment, variants: Sequence[str] = ()) -> None:
        self.experiment, self.variants = experiment, tuple(variants)
        self.status: Status = "running"
        self.recorded = 0
        total, by_time = experiment.steps, recorded_names(experiment.cell)
        self._rows: dict[str, Array] = {name: np.zeros((total, experiment.task.steps)) for name in by_time}
        self._rows |= {name: np.zeros(total) for name in (*NUMBERS, *experiment.truncation.records)}
        if variants:
            self._rows |= {name: np.zeros((total, len(variants))) for name in BY_VARIANT}

    def keep(self, row: Row) -> None:
        """Add a row; one that is not finite ends the run as diverged, the last one asked for as finished."""
        here = self.recorded
        for name, values in (row.by_time | row.numbers | row.beside).items():
            self._rows[name][here] = values
        self.recorded = here + 1  # last, so that readers in other threads see whole rows only
        if not row.finite:
            self.status = "diverged"
        elif self.recorded == self.experiment.steps:
            self.status = "finished"

    @property
    def nbytes(self) -> int:
        """Bytes that all rows asked for fill."""
        return sum(values.nbytes for values in self._rows.values())

    def dataset(self) -> xr.Dataset:
        """All rows so far."""
        status = self.status  # read before the rows, and set after the last of them
        recorded = self.recorded
        rows = {name: values[:recorded] for name, values in self._rows.items()}
        return run_dataset(rows, attributes(self.experiment, status, recorded), self.variants)


def attributes(experiment: Experiment, status: Status, recorded: int, plan: Plan | None = None) -> dict[str, object]:
    """What belongs to the whole run, in types that every file format can hold.

    Args:
        experiment: what was run.
        status: how it ended.
        recorded: number of rows.
        plan: that of the only update, where each has one of its own.
    """
    task = experiment.task
    chance, formula = chance_of(experiment)
    found: dict[str, object] = {
        "experiment": experiment.model_dump_json(),
        "status": status,
        "signal": json.dumps(task.signal),
        "question": json.dumps([task.question]),
        "chance_loss": chance,
        "chance_text": formula,
        "cuts": json.dumps(_cuts(experiment, plan)),
        "cuts_vary": int(experiment.truncation.varies),
        "truncation_length": experiment.truncation.reach(task.steps),
        "torch": str(torch.__version__),
    }
    if status == "diverged":
        found["diverged_step"] = recorded - 1
    return found


def _cuts(experiment: Experiment, plan: Plan | None) -> list[int]:
    """Where the gradient is cut in all updates; where each has a plan of its own, its zeros are in the data."""
    steps = experiment.task.steps
    if not experiment.truncation.varies:
        return cuts(_with_loss(experiment), steps)
    return cuts(with_loss(plan, experiment.task.asked), steps) if plan else []


def chance_of(experiment: Experiment) -> tuple[float, str]:
    """Expected loss of the best answer without memory, and its formula, for what one update calls its loss.

    The task's own is that of a whole sequence. Where each update has only a part of a sequence's loss there is none:
    nan and no formula.
    """
    truncation, (first, last) = experiment.truncation, experiment.task.asked
    if (truncation.updates_per_segment and len(_with_loss(experiment)) > 1) or (truncation.partial and first < last):
        return nan, ""
    return experiment.task.chance


def _with_loss(experiment: Experiment) -> Plan:
    """The pieces that hold a loss: what only the others cross is cut as well."""
    return with_loss(experiment.truncation.plan(experiment.task.steps), experiment.task.asked)
