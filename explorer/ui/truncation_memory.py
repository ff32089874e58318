"""The picture that puts a claim to the test: truncated backpropagation loses all long-term memory."""

from dataclasses import dataclass
from math import inf
from typing import Any

import streamlit as st

from explorer.experiment import Experiment
from explorer.figures import remembered
from explorer.grid import Grid
from explorer.groups import seconds
from explorer.problems import ExperimentError
from explorer.several import SweepError
from explorer.summaries import summaries
from explorer.ui.look import duration, theme
from explorer.ui.pictures import Picture, Shown
from explorer.ui.presence import presence
from explorer.workers.processes import CORES
from explorer.workers.side_by_side import SideBySide

CLAIM = "truncated BPTT loses all long-term memory"
CELLS, SEEDS = ("tanh", "lstm", "gru"), 2
SHARES = (0.1, 0.25, 0.5, 0.75)  # of the sequence: truncation lengths
_JOB = "memory job"


@dataclass
class _Job:
    grid: Grid
    runs: SideBySide


def asked_of(experiment: Experiment) -> Grid:
    """The runs: three cells, chunks of several lengths and full BPTT, two seeds.

    Raises:
        SweepError: where the whole is beyond the budget.
        ExperimentError: where a combination is not allowed.
    """
    steps = experiment.task.steps
    lengths = sorted({max(1, round(share * steps)) for share in SHARES})
    windows = [{"kind": "window", "k1": length, "k2": length} for length in lengths]
    over: dict[str, list[Any]] = {
        "cell.kind": list(CELLS),
        "truncation": [*windows, {"kind": "full"}],
        "seed": [experiment.seed + number for number in range(SEEDS)],
    }
    return Grid(experiment, over)


class Memory(Picture):
    """What runs learned whose gradient never reached the signal."""

    label = "Memory"

    def show(self, experiment: Experiment) -> Shown:
        """Draw the runs that have ended."""
        grid, why = self._grid(experiment)
        if grid is None:
            return Shown(sentence=why)
        job = self._job(experiment)
        found = dict(job.runs.summaries) if job is not None else {}
        task = experiment.task
        lag = float(task.question[0] - task.signal[0][1])
        shown = summaries(grid, found)
        numbers = shown if found else None
        return Shown(remembered(shown, theme(), lag=lag), claim=CLAIM, numbers=numbers)

    def busy(self, experiment: Experiment) -> bool:
        """Whether runs are under way."""
        job = self._job(experiment)
        return job is not None and job.runs.phase == "running"

    def buttons(self, experiment: Experiment) -> None:
        """Start and stop."""
        grid, _ = self._grid(experiment)
        job, running = self._job(experiment), self.busy(experiment)

        def start() -> None:
            if grid is not None:
                st.session_state[_JOB] = _Job(grid, SideBySide(grid, lease=inf, present=presence()))

        def stop() -> None:
            if job is not None:
                job.runs.stop()

        whole = job is not None and len(job.runs.summaries) == len(job.grid.experiments)
        st.button(
            "Go on" if job is not None and not whole else "Start", key="start-memory", type="primary",
            on_click=start, disabled=grid is None or running or whole,
        )  # fmt: skip
        st.button("Stop", key="stop-memory", on_click=stop, disabled=not running)

    def progress(self, experiment: Experiment) -> None:
        """Runs done, and time left."""
        grid, _ = self._grid(experiment)
        job = self._job(experiment)
        if job is not None:
            parts = [f"{len(job.runs.summaries)} of {len(job.grid.experiments)} runs"]
            if job.runs.error is not None:
                parts.append(job.runs.error)
            elif job.runs.phase == "running":
                parts.append(f"{duration(job.runs.left)} left" if job.runs.left is not None else "starting")
            st.progress(min(1.0, job.runs.made / job.runs.total), " · ".join(parts))
        elif grid is not None:
            about = duration(seconds(grid.experiments, CORES))
            st.progress(0.0, f"{len(grid.experiments)} runs, about {about}; runs in the library are not made again")

    def _job(self, experiment: Experiment) -> _Job | None:
        """The runs around this experiment; others end."""
        job: _Job | None = st.session_state.get(_JOB)
        grid, _ = self._grid(experiment)
        if job is not None and (grid is None or job.grid.experiments != grid.experiments):
            job.runs.stop()
            del st.session_state[_JOB]
            return None
        return job

    def _grid(self, experiment: Experiment) -> tuple[Grid | None, str]:
        try:
            return asked_of(experiment), ""
        except (SweepError, ExperimentError) as error:
            return None, str(error).partition("\n")[0]
