"""Lesson: why ‖∂L/∂W‖ looks healthy while long memory is dead."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.experiment import Experiment
from explorer.figures import Theme, against, by_lag
from explorer.findings import Piece
from explorer.findings.facts import number
from explorer.instruments import lags
from explorer.lessons.base import Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief

CELLS = ("tanh", "lstm", "gru")
OPEN = {"lstm": "forget", "gru": "update"}  # gated cells start with open gates
WORDS = {"tanh": "tanh", "lstm": "LSTM", "gru": "GRU"}
START = Experiment().changed(
    length="60", hidden_size="32", batch_size="16", clipping="none", dtype="float64", weights="pytorch", bias="pytorch"
)  # fmt: skip
NEAR, PARTS = 10, (0.01, 0.1)  # steps; shares of the norm between which the choices divide


class ByLag(Lesson):
    """The norm of the weight gradient is a sum over lags, and the short ones dominate it."""

    name = "by-lag"
    title = "Why ‖∂L/∂W‖ looks healthy while long memory is dead"
    question = (
        "A training monitor shows ‖∂L/∂W_hh‖, and it is far from zero. It is a sum of parts that travelled 0, 1, 2 … "
        "steps back from the loss. In a tanh network with PyTorch’s default weights, how much of that norm do "
        "the parts together have that travelled more than ten steps?"
    )
    choices = ("Most of it", "Between a hundredth and a tenth", "Less than a hundredth")
    controls = (Control("cell", "Cell", CELLS, "tanh", "What the gradient has to pass.", words=WORDS.__getitem__),)
    equation = ("∂L/∂W_hh = G_0 + G_1 + G_2 + …", "G_{ℓ} = Σ_s ∂L_s/∂W_hh through step t = s − ℓ")
    symbols = (Symbol("G_{ℓ}", "the part that travelled exactly ℓ steps"),)
    sources = ("Pascanu, Mikolov & Bengio 2013, equations 3 to 5, where the gradient is written as this sum",)
    areas = '"lags" 430px "scrub" 4px / 1fr'

    def material(self, values: Values) -> Material:
        """The parts, for each cell."""
        return {cell: lags(_of(cell)) for cell in CELLS}

    def focus(self, values: Values) -> Experiment | None:
        """That of the cell chosen."""
        return _of(values["cell"])

    def right(self, material: Material, values: Values) -> int:
        """By the share of what travelled farther."""
        beyond = _beyond(material[values["cell"]])
        return 2 - int(np.searchsorted(PARTS, beyond, side="right"))

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """What the far parts make up."""
        cell = values["cell"]
        found = material[cell]
        total = float(found["grad_weight_cumulative"].values[-1])
        last = float(found["grad_weight"].values[:-1][-1] / total)
        return [
            ("In this ", None), (WORDS[cell], cell),
            (f" network ‖∂L/∂W_hh‖ is {number(total)}. Together, the parts that travelled more than {NEAR} steps have "
             f"{number(_beyond(found))} of that norm, and the farthest alone has {number(last)}.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """Parts and sums by lag; before, only the sum of them all."""
        found = material[values["cell"]]
        title = "Parts of the weight gradient by how far they travelled"
        if revealed:
            return {"lags": brief(by_lag(found, theme), title)}
        whole = np.full(found.sizes["lag"], float(found["grad_weight_cumulative"].values[-1]))
        figure = against(
            found["lag"].values.tolist(), {"the whole": (whole, values["cell"], "dash")}, across="lag ℓ = s − t "
                                                                                                 "(steps)",
            up="‖∂L/∂W<sub>hh</sub>‖", said="What a training monitor shows", theme=theme,
        )  # fmt: skip
        return {"lags": brief(figure, "What a training monitor shows: ‖∂L/∂W<sub>hh</sub>‖")}


def _beyond(found: xr.Dataset) -> float:
    """Norm of the sum of the parts that travelled more than NEAR steps, over the norm of the whole."""
    return float(found["grad_weight_beyond"].values[NEAR] / found["grad_weight_cumulative"].values[-1])


def _of(cell: str) -> Experiment:
    """The experiment with a cell; gated ones start with open gates."""
    return START.changed(cell=cell, weights="orthogonal", bias=OPEN[cell]) if cell in OPEN else START
