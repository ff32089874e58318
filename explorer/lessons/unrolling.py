"""Lesson: unrolling; the four stages of a training step with the real numbers of a network of three units."""

from collections.abc import Sequence

import numpy as np

from explorer.experiment import Experiment
from explorer.figures import Theme, unrolled
from explorer.figures.unrolled import stage_of, stages
from explorer.findings import Piece
from explorer.findings.facts import number
from explorer.lessons.base import Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.unrolled_step import training_step

STEPS = 4
START = Experiment().changed(
    task="recall", length=str(STEPS), hidden_size="3", batch_size="1", clipping="none", optimizer="sgd",
    learning_rate="0.5", steps="1", dtype="float64",
)  # fmt: skip
ALIKE = 1.1  # largest over smallest gradient up to which they are called the same


class Unrolling(Lesson):
    """Forward, unroll, backward, update: one training step, number by number."""

    name = "unrolling"
    title = "One training step, unrolled"
    question = (
        "Three tanh units read four symbols, one a step; the loss compares their answer after the last step with the "
        "first symbol. The chart shows the states of the forward pass. The gradient will now go back the same way. "
        "Where "
        "is ∂L/∂h the largest?"
    )
    choices = (
        "At the first step, where the symbol came in",
        "At the last step, beside the loss",
        "The same everywhere",
    )
    controls = (
        Control(
            "stage", "Stage", tuple(range(len(stages(STEPS)))), 0, "Forward, unroll, backward, update; Space goes on.",
            stepped=True, words=lambda stage: stages(STEPS)[stage],
        ),
    )  # fmt: skip
    equation = (
        "h_t = tanh(W_hh·h_{t−1} + W_ih·x_t + b)",
        "∂L/∂h_{t−1} = W_hhᵀ·diag(1 − h_t²)·∂L/∂h_t",
        "W_hh ← W_hh − η·Σ_t G_t",
    )
    symbols = (
        Symbol("h_t", "the state after step t", "tanh"),
        Symbol("∂L/∂h_t", "what a small change of that state would do to the loss", "lstm"),
        Symbol("G_t", "what step t adds to ∂L/∂W_hh: the same W_hh stands at every step"),
    )
    sources = (
        "Rumelhart, Hinton & Williams 1986; Werbos 1990, Backpropagation through time: what it does and how to do it",
    )
    areas = '"diagram" 430px "scrub" 4px / 1fr'

    def material(self, values: Values) -> Material:
        """The step's numbers."""
        return {"step": training_step(START)}

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return START

    def right(self, material: Material, values: Values) -> int:
        """By the norms."""
        norms = np.linalg.norm(material["step"]["grad_h"].values, axis=1)
        return 2 if norms.max() < ALIKE * norms.min() else int(np.argmax(norms) > 0)

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """What this stage does, with its numbers."""
        step, (name, at) = material["step"], stage_of(int(values["stage"]), STEPS)
        norms = np.linalg.norm(step["grad_h"].values, axis=1)
        if name == "forward":
            length = number(float(np.linalg.norm(step["h"].values[at])))
            return [
                (
                    f"Forward: step {at} reads its symbol and h{_low(at - 1)}, and leaves a state of length {length}.",
                    None,
                )
            ]
        if name == "unroll":
            return [
                (f"Unrolled: the same W_hh stands between all {STEPS} steps, so its gradient is a sum over them.", None)
            ]
        if name == "backward":
            share = number(float(norms[at - 1] / norms[-1]))
            return [
                (
                    f"Backward: ‖∂L/∂h{_low(at)}‖ = {number(float(norms[at - 1]))}, {share} of that beside the loss.",
                    None,
                )
            ]
        if name == "update":
            before, after = (number(float(step[key])) for key in ("loss", "loss_after"))
            return [
                (
                    f"Update: after one step down the gradient, the loss of this sequence is {after}; it was {before}.",
                    None,
                )
            ]
        return [(f"A network of three units, {STEPS} steps, one loss. Go on with Space.", None)]

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The diagram up to this stage; before the answer, the whole forward pass."""
        stage = int(values["stage"]) if revealed else STEPS
        return {"diagram": unrolled(material["step"], stage, theme)}


def _low(place: int) -> str:
    """A place as a subscript."""
    return str(place).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
