"""Pictures of the Truncation page that follow a training run, with other schemes measured beside it."""

from math import inf
from typing import Any

import streamlit as st

from explorer.experiment import Experiment
from explorer.figures import adapted, variants_along
from explorer.ui import address, asked
from explorer.ui.look import duration, theme
from explorer.ui.pictures import STOPPED, Picture, Shown, stop, stopped, waits
from explorer.ui.presence import presence
from explorer.variants import variants
from explorer.workers.job import TrainingJob

_JOB = "beside job"


def _job(experiment: Experiment) -> TrainingJob | None:
    """The run of this experiment; that of another one ends."""
    job: TrainingJob | None = st.session_state.get(_JOB)
    if job is not None and job.experiment != experiment:
        job.stop()
        del st.session_state[_JOB]
        return None
    return job


class Beside(Picture):
    """How far the gradients of the variants are from full BPTT, at the start or along a run."""

    label = "Variants"

    def show(self, experiment: Experiment) -> Shown:
        """Draw the run where there is one, else the first batch."""
        job = _job(experiment)
        run = job.dataset() if job is not None else None
        if run is not None and "variant" in run.sizes:
            return Shown(variants_along(run, theme()), numbers=run)
        if stopped("variants", experiment):
            return Shown(sentence=STOPPED)
        answer = asked.ask("variants", experiment)
        if answer.dataset is not None:
            return Shown(variants_along(answer.dataset, theme()), numbers=answer.dataset)
        return Shown(sentence=answer.error or f"Measuring for {duration(answer.waiting or 0.0)} …")

    def busy(self, experiment: Experiment) -> bool:
        """Whether it trains, or measures the start."""
        job = _job(experiment)
        if job is not None and job.recorded:
            return job.phase == "running"
        return job is not None or waits("variants", experiment)

    def buttons(self, experiment: Experiment) -> None:
        """Train, stop, and back to the start."""
        job = _job(experiment)
        running = job is not None and job.phase == "running"
        own = experiment.truncation
        alone = own.updates_per_segment or own.partial

        def train() -> None:
            asked.give_up()
            st.session_state[_JOB] = TrainingJob(
                experiment, beside=[] if alone else variants(experiment), lease=inf, present=presence()
            )

        def end() -> None:
            if job is not None:
                job.stop()
            else:
                stop("variants", experiment)

        def reset() -> None:
            if job is not None:
                job.stop()
            st.session_state.pop(_JOB, None)

        without = "An update with this scheme is not one gradient of whole sequences; none can be measured beside it."
        tip: dict[str, Any] = {"help": without} if alone else {}
        st.button("Train", key="train-beside", type="primary", on_click=train, disabled=alone or job is not None, **tip)
        st.button("Stop", key="stop-beside", on_click=end, disabled=not (running or self.busy(experiment)))
        st.button("Reset", key="reset-beside", on_click=reset, disabled=job is None)

    def progress(self, experiment: Experiment) -> None:
        """Updates made, and time left."""
        job, total = _job(experiment), experiment.steps
        if job is None:
            st.progress(0.0, "on the first batch; Train follows them along a run, measured and not applied")
            return
        said = f"{job.recorded} of {total} updates"
        if job.error is not None:
            said += f" · {job.error}"
        elif job.phase == "running":
            said += f" · {duration((total - job.recorded) / job.rate)} left" if job.rate else " · starting"
        else:
            said += f" · {job.status}"
        st.progress(job.recorded / total, said)

    def leave(self) -> None:
        """A run goes on; it ends with its tab."""
        asked.give_up()


class Adapted(Beside):
    """The truncation length that an adaptive run chooses, and its bias, estimated and true."""

    label = "Adaptive"

    def show(self, experiment: Experiment) -> Shown:
        """Draw the run, or before it the first batch."""
        if not experiment.truncation.measured:
            return Shown(sentence=f"This experiment trains with {experiment.truncation.kind}, which chooses no length.")
        job = _job(experiment)
        run = job.dataset() if job is not None else None
        if run is not None:
            return Shown(adapted(run, theme()), numbers=run)
        answer = asked.ask("variants", experiment)
        if stopped("variants", experiment) or answer.dataset is None:
            return super().show(experiment)
        return Shown(adapted(answer.dataset, theme()), numbers=answer.dataset)

    def buttons(self, experiment: Experiment) -> None:
        """Those of a run, or the one that makes it adaptive."""
        if experiment.truncation.measured:
            super().buttons(experiment)
        else:
            st.button(
                "Choose adaptive", key="choose-adaptive", type="primary", on_click=address.change,
                kwargs={"truncation": "adaptive"}, help="The same experiment with adaptive truncation.",
            )  # fmt: skip

    def progress(self, experiment: Experiment) -> None:
        """That of the run, where there can be one."""
        if experiment.truncation.measured:
            super().progress(experiment)

    def busy(self, experiment: Experiment) -> bool:
        """Whether it trains, or measures the start."""
        return experiment.truncation.measured > 0 and super().busy(experiment)
