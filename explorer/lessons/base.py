"""What a lesson is: a question, a prediction made before seeing, and the measurement that answers it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, Literal

import plotly.graph_objects as go
import xarray as xr

from explorer.costs import Cost
from explorer.experiment import Experiment
from explorer.figures import Theme
from explorer.findings import Piece
from explorer.settings import text
from explorer.training import measure, train

Values = Mapping[str, Any]
Material = Mapping[str, xr.Dataset]
Figures = dict[str, go.Figure]
WIDE = '"gradient side" 400px "scrub ." 4px / 1.7fr 1fr'  # the board of a large chart and one beside it
Live = Literal["measure", "train", "cost"]


@dataclass(frozen=True)
class Control:
    """One thing that can be changed in a lesson.

    Attributes:
        key: its name in links.
        label: its name on the page.
        values: what it can be, in the order of the slider.
        default: what it is first.
        help: what it does to the gradient, in one sentence.
        stepped: whether it goes on by Space and the arrow keys, as through the stages of a story.
        words: how a value is written.
    """

    key: str
    label: str
    values: Sequence[Any]
    default: Any
    help: str
    stepped: bool = False
    words: Callable[[Any], str] = text


@dataclass(frozen=True)
class Symbol:
    """A symbol of an equation, what it stands for, and whose colour it has: a cell's kind, or "theory"."""

    symbol: str
    meaning: str
    of: str | None = None


class Lesson(ABC):
    """Base of all lessons.

    A lesson's data, its material, are Datasets by name. They come from `material`, or, where training or timing would
    keep an audience waiting, from the runs kept in `assets/lessons`; figures, sentences and the right answer are all
    computed from them.

    Attributes:
        name: in links and files.
        title: a few words.
        question: what the audience is asked.
        choices: the predictions to choose from, two to four.
        controls: what can be changed once the answer is revealed.
        equation: lines; what stands in a `Symbol` gets its colour.
        symbols: what the letters stand for.
        sources: authors, year, and where.
        areas: the board's grid, see `board`.
        live: how the material is made anew on the page: "measure" at once, "train" with the Train button, "cost" with
            the Measure button.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    choices: ClassVar[tuple[str, ...]]
    controls: ClassVar[tuple[Control, ...]] = ()
    equation: ClassVar[tuple[str, ...]]
    symbols: ClassVar[tuple[Symbol, ...]] = ()
    sources: ClassVar[tuple[str, ...]]
    areas: ClassVar[str]
    live: ClassVar[Live] = "measure"

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """What is measured or trained, by the name of its Dataset."""
        del values
        return {}

    def material(self, values: Values) -> Material:
        """The Datasets, computed here and now."""
        make = train if self.live == "train" else measure
        return {name: make(experiment) for name, experiment in self.experiments(values).items()}

    def prices(self, values: Values) -> list[Experiment]:
        """What updates are to be timed, one after the other, where `live` is "cost"."""
        del values
        return []

    def priced(self, values: Values, known: Callable[[Experiment], Cost | None]) -> Material:
        """The Datasets from what updates cost, as far as that is known."""
        del known
        return self.material(values)

    @abstractmethod
    def right(self, material: Material, values: Values) -> int:
        """Which choice is true of the data, counted from 0."""

    @abstractmethod
    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """What was seen: one sentence, every number in it from the data."""

    @abstractmethod
    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The charts by their area; before the answer is revealed, only what the question speaks of."""

    def focus(self, values: Values) -> Experiment | None:
        """The experiment that the lesson is about, for a file and a script of it; None where it is about none."""
        del values
        return None

    def picked(self, panel: str, number: int) -> dict[str, Any]:
        """The values of controls that follow from a click on a chart's point; none where that means nothing."""
        del panel, number
        return {}

    @property
    def defaults(self) -> dict[str, Any]:
        """The values first shown."""
        return {control.key: control.default for control in self.controls}

    def kept(self) -> Iterator[dict[str, Any]]:
        """The values whose material is kept: all where it cannot be made at once, else those first shown."""
        if self.live == "measure":
            yield self.defaults
            return
        for chosen in product(*(control.values for control in self.controls)):
            yield {control.key: value for control, value in zip(self.controls, chosen, strict=True)}
