"""What a page with a choice of pictures asks of each of them, and the kind whose data one question answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
import xarray as xr

from explorer.answers import Question
from explorer.experiment import Experiment
from explorer.ui import asked
from explorer.ui.look import duration


@dataclass(frozen=True)
class Shown:
    """What a picture shows now: a figure and the Dataset it is drawn from, or the sentence of why there is none yet."""

    figure: go.Figure | None = None
    sentence: str = ""
    claim: str = ""  # that is put to the test
    numbers: xr.Dataset | None = None
    file: str = ""  # what it shows, for names of files, where that is not the experiment


class Picture(ABC):
    """One picture of an experiment, with whatever has to be started for it."""

    label: str

    @abstractmethod
    def show(self, experiment: Experiment) -> Shown:
        """The picture as far as it is known."""

    def busy(self, experiment: Experiment) -> bool:
        """Whether more will be known without anybody doing anything."""
        del experiment
        return False

    def buttons(self, experiment: Experiment) -> None:
        """Draw what starts and stops it."""
        del experiment

    def progress(self, experiment: Experiment) -> None:
        """Draw how far it is."""
        del experiment

    def leave(self) -> None:  # noqa: B027  # most pictures have nothing to end
        """End what is under way for it: another picture is looked at."""


class Instrument(Picture):
    """A picture of the answer to one question about the experiment."""

    def __init__(self, label: str, question: Question, draw: Callable[[xr.Dataset, Experiment], go.Figure]) -> None:
        self.label, self._question, self._draw = label, question, draw

    def show(self, experiment: Experiment) -> Shown:
        """Draw the answer."""
        if stopped(self._question, experiment):
            return Shown(sentence=STOPPED)
        answer = asked.ask(self._question, experiment)
        if answer.dataset is not None:
            return Shown(self._draw(answer.dataset, experiment), numbers=answer.dataset)
        if answer.error is not None:
            return Shown(sentence=answer.error)
        return Shown(sentence=f"Measuring for {duration(answer.waiting or 0.0)} …")

    def busy(self, experiment: Experiment) -> bool:
        """Whether the answer is awaited."""
        return waits(self._question, experiment)

    def buttons(self, experiment: Experiment) -> None:
        """Stop, where it takes long."""
        if self.busy(experiment):
            st.button("Stop", key="stop-instrument", on_click=stop, args=(self._question, experiment))

    def progress(self, experiment: Experiment) -> None:
        """The share done, where the answer takes long."""
        if self.busy(experiment):
            share = asked.ask(self._question, experiment).progress or 0.0
            st.progress(share, f"{share:.0%} measured")

    def leave(self) -> None:
        """Give it up."""
        asked.give_up()


STOPPED = "The measurement was stopped; any change of the experiment starts it anew."
_STOPPED = "instrument stopped"


def waits(question: Question, experiment: Experiment) -> bool:
    """Whether the answer to a question is awaited, and was not given up."""
    return not stopped(question, experiment) and asked.ask(question, experiment).waiting is not None


def stop(question: Question, experiment: Experiment) -> None:
    """Give up what is under way; called by widgets."""
    asked.give_up()
    st.session_state[_STOPPED] = (question, experiment.digest)


def stopped(question: Question, experiment: Experiment) -> bool:
    """Whether it was given up for this experiment."""
    return bool(st.session_state.get(_STOPPED) == (question, experiment.digest))
