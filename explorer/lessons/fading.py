"""Lesson: the gradient fades, and how fast follows from the recurrent weights."""

from collections.abc import Sequence

import numpy as np

from explorer.experiment import Experiment
from explorer.figures import Theme, against, gradient
from explorer.findings import Piece, decay, reaching
from explorer.findings.facts import number
from explorer.lessons.base import WIDE, Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief

GAINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
START = Experiment().changed(length="60", hidden_size="32", batch_size="16", clipping="none", dtype="float64")
CUTS = (0.5, 1e-3)  # shares of the end's gradient between which the choices divide


class Fading(Lesson):
    """The gain of the recurrent weights decides how fast the gradient fades; tanh′ takes its part."""

    name = "fading"
    title = "The gradient fades"
    question = (
        "The error is known at the last step only. On its way back, each step multiplies the gradient by tanh′ and by "
        "W_hh, an orthogonal matrix times a gain. The chart shows what is measured with gain 1. With gain 0.8, how "
        "much "
        "of the end’s gradient arrives at the first cue?"
    )
    choices = ("More than a half", "Between a half and a thousandth", "Less than a thousandth")
    controls = (
        Control("gain", "Gain of the recurrent weights", GAINS, 0.8, "Each step back multiplies the gradient by it."),
    )
    equation = ("∂L/∂h_{t−1} = W_hhᵀ · diag(1 − h_t²) · ∂L/∂h_t", "‖∂L/∂h_{t−1}‖ ≤ gain · ‖∂L/∂h_t‖")
    symbols = (
        Symbol("∂L/∂h_t", "the gradient at step t, measured", "tanh"),
        Symbol("gain", "what W_hh alone multiplies it by: the theory of a linear network", "theory"),
    )
    sources = (
        "Hochreiter 1991; Bengio, Simard & Frasconi 1994, Learning long-term dependencies with gradient descent is "
        "difficult",
        "Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks, section 2.1",
    )
    areas = WIDE

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """One for each gain."""
        return {str(gain): START.changed(gain=gain) for gain in GAINS}

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return self.experiments(values)[str(values["gain"])]

    def right(self, material: Material, values: Values) -> int:
        """By the share that arrives."""
        share = reaching(material[str(values["gain"])]).fraction
        return int(np.searchsorted(-np.array(CUTS), -share))

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """The factor of one step, and what arrives."""
        flow = material[str(values["gain"])]
        found, reach = decay(flow), reaching(flow)
        factor = number(found.factor) if found else "an unknown number"
        return [
            (f"With gain {values['gain']} one step back multiplies the gradient of this ", None),
            ("tanh", "tanh"),
            (f" network by {factor}, and {number(reach.fraction)} of the end's arrives at the cue.", None),
        ]

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The gradient with the line of the theory, and the factor of a step against the gain."""
        flow = material[str(values["gain"])] if revealed else material["1.0"]
        end = float(flow["grad_h"].values[0, -1])
        lag = flow.sizes["time"] - np.arange(1, flow.sizes["time"] + 1)
        theory = ("linear theory", end * float(values["gain"]) ** lag)
        shown = [gain for gain in GAINS if revealed or gain == 1.0]
        factors = {gain: decay(material[str(gain)]) for gain in shown}
        measured = np.array([found.factor if (found := factors.get(gain)) else np.nan for gain in GAINS])
        lines = {"tanh": (measured, "tanh", "solid")}
        if revealed:
            lines = {"theory": (np.array(GAINS), "theory", "dash"), **lines}
        rate = against(
            GAINS, lines, across="gain", up="factor of one step back", said="Factor of one step back", theme=theme,
            chosen=float(values["gain"]) if revealed else None,
        )  # fmt: skip
        chart = gradient([flow], against=[theory] if revealed else [], theme=theme)
        return {"gradient": brief(chart, "Gradient at each time step"), "side": brief(rate, "Factor of one step back")}
