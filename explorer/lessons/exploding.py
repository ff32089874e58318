"""Lesson: the gradient explodes, and what one such update does to the weights."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from explorer.experiment import Experiment
from explorer.figures import Theme, against, gradient
from explorer.findings import Piece, reaching
from explorer.findings.facts import number
from explorer.lessons.base import WIDE, Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief
from explorer.settings import text
from explorer.training import Training

SCALES = (0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2)
RATE = 0.0005
START = Experiment().changed(
    cell="relu", length="60", hidden_size="32", batch_size="16", clipping="none", optimizer="sgd",
    learning_rate=str(RATE), steps="2", dtype="float64",
)  # fmt: skip
SMALL, LARGE = 0.01, 1.0  # size of the update relative to the weights, between which the choices divide


class Exploding(Lesson):
    """Weights a little above the identity, sixty steps: the gradient explodes and one update ruins the network."""

    name = "exploding"
    title = "… or explodes"
    question = (
        "Here W_hh starts as the identity times a scale, and a ReLU does not bend what is positive. At scale 1 the "
        "gradient comes back as it went. With scale 1.1 it grows at each step. What does one update of plain gradient "
        "descent, learning rate 0.0005, do to the weights?"
    )
    choices = (
        "It moves them by less than a hundredth of their size",
        "It moves them noticeably, by less than their size",
        "It throws them farther than their whole size",
    )
    controls = (
        Control("scale", "Scale of the identity", SCALES, 1.1, "Each step back multiplies the gradient by it."),
    )
    equation = ("‖∂L/∂h_{t−1}‖ = scale · ‖∂L/∂h_t‖ where all units are active", "θ ← θ − η · ∂L/∂θ")
    symbols = (
        Symbol("∂L/∂h_t", "the gradient at step t, measured", "relu"),
        Symbol("scale", "what W_hh alone multiplies it by", "theory"),
        Symbol("η", "learning rate, here 0.0005"),
    )
    sources = (
        "Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, sections 2.1 and 3.2",
        "Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear units",
    )
    areas = WIDE

    def experiments(self, values: Values) -> dict[str, Experiment]:
        """One for each scale."""
        return {str(scale): START.changed(scale=str(scale)) for scale in SCALES}

    def material(self, values: Values) -> Material:
        """Two updates of each, and how far the first one moved the weights."""
        return {name: _first_update(experiment) for name, experiment in self.experiments(values).items()}

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return self.experiments(values)[str(values["scale"])]

    def right(self, material: Material, values: Values) -> int:
        """By the size of the update against that of the weights."""
        moved = float(material[str(values["scale"])]["moved"][0])
        return int(np.searchsorted([SMALL, LARGE], moved)) if np.isfinite(moved) else 2

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """Growth, the update, and the loss before and after it."""
        run = material[str(values["scale"])]
        before, after = (float(loss) for loss in (run["loss"].values[0], run["loss"].values[-1]))
        moved = float(run["moved"][0])
        word = "rises" if not after <= before else "falls"
        return [
            (f"With scale {text(values['scale'])}, {number(reaching(run, 0).fraction)} times the end's gradient "
             f"reaches "
             "the first cue of this ", None),
            ("ReLU", "relu"),
            (f" network. One update moves the weights by {number(moved)} times their size, and the loss {word} from "
             f"{number(before)} to {number(after)}.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The gradient before the update, and the update against the scale."""
        scale = float(values["scale"]) if revealed else 1.0
        flow = material[str(scale)].isel(step=slice(0, 1))
        end = float(flow["grad_h"].values[0, -1])
        lag = flow.sizes["time"] - np.arange(1, flow.sizes["time"] + 1)
        curve = gradient([flow], against=[("linear theory", end * scale**lag)], theme=theme)
        each = [material[str(s)] if revealed or s <= 1.0 else None for s in SCALES]
        moved = np.array([np.nan if run is None else float(run["moved"][0]) for run in each])
        update = against(
            SCALES, {"ReLU": (moved, "relu", "solid")}, across="scale of the identity", up="‖Δθ‖ / ‖θ‖",
            said="How far one update moves the weights", theme=theme, chosen=scale,
        )  # fmt: skip
        return {
            "gradient": brief(curve, "Gradient at each time step"),
            "side": brief(update, "How far one update goes"),
        }


def _first_update(experiment: Experiment) -> xr.Dataset:
    """The run, and `moved` [step]: ‖Δθ‖ / ‖θ‖ of its first update, with θ before it."""
    training = Training(experiment)
    updates = iter(training)
    start = _vector(training)
    next(updates)
    moved = float((_vector(training) - start).norm() / start.norm())
    for _ in updates:
        pass
    found = training.dataset()
    return found.assign(moved=("step", np.full(found.sizes["step"], moved)))


def _vector(training: Training) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten().double() for parameter in training.model.parameters()]).clone()
