"""Lesson: gates keep the gradient alive, and ∂L/∂c beside ∂L/∂h tells how."""

from collections.abc import Sequence

import numpy as np

from explorer.experiment import Experiment
from explorer.figures import Theme, against, gradient
from explorer.findings import Piece, reaching
from explorer.findings.facts import number
from explorer.findings.rates import of_the_end
from explorer.lessons.base import WIDE, Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief

BIASES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
START = Experiment().changed(length="100", hidden_size="32", batch_size="16", clipping="none", dtype="float64")


class Gates(Lesson):
    """The cell state of an LSTM carries the gradient; h beside it loses it; the bias of the gate decides."""

    name = "gates"
    title = "Gates keep it alive"
    question = (
        "A tanh network, an LSTM and a GRU read the same 100 steps. The LSTM's forget gate and the GRU's update gate "
        "start open: with bias 3 they keep σ(3) = 0.95 of their state in each step. The chart shows tanh. Which of "
        "these "
        "has the largest share of the end's gradient left at the first cue?"
    )
    choices = ("The h of the tanh network", "The h of the LSTM", "The cell state c of the LSTM", "The h of the GRU")
    controls = (
        Control(
            "bias", "Bias of forget and update gate", BIASES, 3.0, "How much of the state the gate keeps in a step."
        ),
    )
    equation = (
        "c_t = f_t · c_{t−1} + i_t · g_t",
        "∂L/∂c_{t−1} = f_t · ∂L/∂c_t + what comes through W_hh",
        "f_t = σ(… + bias)",
    )
    symbols = (
        Symbol("∂L/∂c_t", "the gradient of the LSTM's cell state, the thin line", "lstm"),
        Symbol("f_t", "the forget gate: the only factor on the way through c", "lstm"),
    )
    sources = (
        "Hochreiter & Schmidhuber 1997, Long short-term memory; Gers, Schmidhuber & Cummins 2000",
        "Cho et al. 2014 (the gated recurrent unit)",
    )
    areas = WIDE

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """Tanh, and both gated cells with each bias."""
        gated = {
            f"{cell} {bias}": START.changed(cell=cell, **{field: str(bias)})
            for cell, field in (("lstm", "forget_bias"), ("gru", "update_bias"))
            for bias in BIASES
        }
        return {"tanh": START, **gated}

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return self.experiments(values)[f"lstm {values['bias']}"]

    def right(self, material: Material, values: Values) -> int:
        """By the largest share."""
        return int(np.argmax(_shares(material, values["bias"])))

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """The shares that arrive."""
        tanh, h, c, gru = _shares(material, values["bias"])
        return [
            (f"With bias {number(values['bias'])}, {of_the_end(c)} gradient reaches the first cue through the cell "
             "state of the ", None),
            ("LSTM", "lstm"), (f" and {number(h)} through its h; {number(gru)} in the ", None), ("GRU", "gru"),
            (f", {number(tanh)} in the ", None), ("tanh", "tanh"), (" network.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The gradients, and what reaches the cue against the bias."""
        bias = values["bias"]
        shown = (
            [material[f"lstm {bias}"], material[f"gru {bias}"], material["tanh"]] if revealed else [material["tanh"]]
        )
        table = np.array([_shares(material, b) for b in BIASES])
        names = (
            ("tanh", "tanh", "solid"),
            ("LSTM h", "lstm", "dash"),
            ("LSTM c", "lstm", "solid"),
            ("GRU", "gru", "dot"),
        )
        lines = {name: (table[:, i], of, dash) for i, (name, of, dash) in enumerate(names) if revealed or i == 0}
        share = against(
            BIASES, lines, across="bias of forget and update gate", up="share of the end's gradient at the cue",
            said="What reaches the first cue", theme=theme, chosen=bias if revealed else None,
        )  # fmt: skip
        return {
            "gradient": brief(gradient(shown, theme=theme), "Gradient at each time step"),
            "side": brief(share, "What reaches the first cue"),
        }


def _shares(material: Material, bias: float) -> list[float]:
    """Shares at the first cue: tanh, the LSTM's h and c, the GRU."""
    lstm = reaching(material[f"lstm {bias}"])
    cell = lstm.cell_fraction if lstm.cell_fraction is not None else np.nan
    return [reaching(material["tanh"]).fraction, lstm.fraction, cell, reaching(material[f"gru {bias}"]).fraction]
