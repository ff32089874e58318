"""Lesson: truncation cuts the wire, and the state still carries what the gradient cannot."""

from collections.abc import Sequence
from typing import ClassVar

from explorer.experiment import Experiment
from explorer.figures import Theme, gradient, losses
from explorer.findings import Piece, has_learned, learned, reaching
from explorer.findings.facts import number
from explorer.lessons.base import Control, Figures, Lesson, Live, Material, Symbol, Values
from explorer.lessons.charts import starts

# A batch large and a learning rate low enough that training is not chaotic: it ends alike on every processor.
START = Experiment().changed(
    task="recall", length="20", hidden_size="24", batch_size="64", learning_rate="0.003", steps="300", dtype="float64"
)  # fmt: skip


class Truncating(Lesson):
    """A claim tested: truncated backpropagation through time loses all long-term memory."""

    name = "truncating"
    title = "Truncation cuts the wire"
    question = (
        "The first of 20 symbols is asked for at the end. A is an LSTM with full BPTT. In B and C, an LSTM and a tanh "
        "network, the gradient is cut every ten steps: exactly nothing of it reaches the first symbol. “Truncated BPTT "
        "loses all long-term memory,” it is said. Who learns to answer?"
    )
    choices = (
        "Only A: what no gradient reaches is not learned",
        "A and B: the LSTM’s state carries the symbol",
        "All three",
    )
    controls = (Control("cut", "Steps between cuts", (5, 10), 10, "Beyond, the gradient is exactly zero."),)
    equation = ("∂L/∂h_t = 0 for t before the last cut", "h_t = step(h_{t−1}, x_t) is never cut")
    symbols = (Symbol("h_t", "the state: what it carries past a cut, later weights can learn to read"),)
    sources = (
        "The task: Hochreiter & Schmidhuber 1997, experiment 2; truncation: Williams & Peng 1990",
        "What is learned without being reached: Elman 1990 trained with one step of gradient",
    )
    areas = '"gradient loss" 370px "scrub ." 44px / 1.5fr 1fr'
    live: ClassVar[Live] = "train"

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """The LSTM with and without cuts, and tanh with them."""
        cut = {"truncation": "window", "k1": str(values["cut"]), "k2": str(values["cut"])}
        return {
            "full": START.changed(cell="lstm"),
            "lstm": START.changed(cell="lstm", **cut),
            "tanh": START.changed(**cut),
        }

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return self.experiments(values)["lstm"]

    def right(self, material: Material, values: Values) -> int:
        """By who has learned."""
        cut, tanh = (has_learned(material[name]) for name in ("lstm", "tanh"))
        return 2 if cut and tanh else 1 if cut else 0

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """Who has learned, and what gradient they had."""
        said = {name: f"{learned(run)[1]}" for name, run in material.items()}
        nothing = [reaching(material[name]).fraction for name in ("lstm", "tanh")]
        left = "exactly nothing" if not any(nothing) else f"{number(max(nothing))} of the end's gradient"
        return [
            (f"With a cut every {values['cut']} steps, {left} reaches the first symbol in B and C. In B, the ", None),
            ("LSTM", "lstm"), (f", {said['lstm']}; in C, ", None), ("tanh", "tanh"),
            (f", {said['tanh']}; in A, uncut, {said['full']}.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """Gradients and losses; before, those of the start."""
        shown = list((material if revealed else starts(material)).values())
        return {"gradient": gradient(shown, theme=theme, equals=True), "loss": losses(shown, theme)}
