"""Lesson: clipping bounds the step and does nothing for vanishing."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from explorer.experiment import Experiment
from explorer.figures import Theme, gradient, losses, norms
from explorer.findings import Piece, chance_loss, clipped_share, diverged_at, has_learned, learned, reaching
from explorer.findings.facts import number
from explorer.lessons.base import Control, Figures, Lesson, Live, Material, Symbol, Values
from explorer.lessons.charts import starts

START = Experiment().changed(
    task="recall", length="30", hidden_size="24", batch_size="16", steps="300", optimizer="sgd", learning_rate="0.05",
    dtype="float64",
)  # fmt: skip


class Clipping(Lesson):
    """A claim tested: exploding gradients make backpropagation through time unusable."""

    name = "clipping"
    title = "Clipping bounds the step"
    question = (
        "A and B are the same ReLU network, whose gradient grows at each step back; B’s gradient is clipped to "
        "norm 1 before each update. C is a tanh network whose gradient fades, clipped as well. “Exploding gradients "
        "make "
        "BPTT unusable,” it is said. What does clipping mend?"
    )
    choices = (
        "Nothing: B does no better than A",
        "The explosion: B learns. C’s gradient at the cue stays as small as it was",
        "Both: B learns, and more gradient reaches the cue in C",
    )
    controls = (Control("threshold", "Threshold", (0.1, 1.0), 1.0, "The norm that no update’s gradient exceeds."),)
    equation = ("g ← g · min(1, threshold / ‖g‖)", "θ ← θ − η · g")
    symbols = (
        Symbol("‖g‖", "norm of the whole gradient"),
        Symbol("threshold", "what it is cut down to; the direction stays, and so does the share from each step"),
    )
    sources = ("Pascanu, Mikolov & Bengio 2013, algorithm 1; Mikolov 2012",)
    areas = '"gradient loss" 186px "gradient norms" 184px "scrub ." 44px / 1.5fr 1fr'
    live: ClassVar[Live] = "train"

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """Exploding without and with clipping, and vanishing with it."""
        clip = {"clipping": "norm", "threshold": str(values["threshold"])}
        exploding = START.changed(cell="relu", scale="1.1")
        return {
            "free": exploding.changed(clipping="none"),
            "clipped": exploding.changed(**clip),
            "fading": START.changed(gain="0.7", **clip),
        }

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return self.experiments(values)["clipped"]

    def right(self, material: Material, values: Values) -> int:
        """By who has learned, and what reaches the cue at the start and at the end."""
        if not has_learned(material["clipped"]):
            return 0
        before, after = (reaching(material["fading"], step).fraction for step in (0, -1))
        return 2 if has_learned(material["fading"]) or after > 100 * before else 1

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """How A ended, what clipping did in B, what is left in C."""
        free, clipped, fading = (material[name] for name in ("free", "clipped", "fading"))
        broken, worst = diverged_at(free), float(np.nanmax(free["loss"].values)) / chance_loss(free)
        ended = f"diverges at update {broken}" if broken is not None else f"rises to {number(worst)} times chance"
        left, held = reaching(fading).fraction, number(100 * clipped_share(clipped))
        return [
            ("A, the ", None), ("ReLU", "relu"),
            (f" network left free, {ended}. B, {held} % of its updates clipped at {number(values['threshold'])}: "
             f"{learned(clipped)[1]}. In C, ", None),
            ("tanh", "tanh"), (f", {number(left)} of the end's gradient reaches the cue: {learned(fading)[1]}.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """Gradients, losses, and the norms of B before and after clipping; before, those of the start."""
        shown = material if revealed else starts(material)
        each = list(shown.values())
        return {
            "gradient": gradient(each, theme=theme, equals=True),
            "loss": losses(each, theme),
            "norms": norms(shown["clipped"], theme),
        }
