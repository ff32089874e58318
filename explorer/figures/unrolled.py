"""One training step as a diagram: states, arrows that carry the measured values, and the update of W_hh."""

from typing import Literal

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.drawing import Drawing, Settings
from explorer.figures.theme import FONT, TITLE, Theme, style
from explorer.findings.facts import number

Stage = Literal["start", "forward", "unroll", "backward", "update"]
MARGIN = {"l": 12, "r": 12, "t": 40, "b": 8}
BOX, HIGH = 0.27, 0.42  # half of a state's width in steps, and of its height
STATES, INPUTS, BACK, MATRICES = 1.0, 0.02, 1.62, -1.0  # heights of the rows


def stages(steps: int) -> list[str]:
    """Return the names of all stages of a training step of so many time steps, in their order."""
    forward = [f"forward, step {t}" for t in range(1, steps + 1)]
    backward = [f"backward, step {t}" for t in range(steps, 0, -1)]
    return ["start", *forward, "unroll", *backward, "update"]


def stage_of(stage: int, steps: int) -> tuple[Stage, int]:
    """Return what a stage, counted from 0, is about, and its time step, 0 where it is about all."""
    if stage == 0:
        return "start", 0
    if stage <= steps:
        return "forward", stage
    if stage == steps + 1:
        return "unroll", 0
    return ("backward", 2 * steps + 2 - stage) if stage <= 2 * steps + 1 else ("update", 0)


def unrolled(step: xr.Dataset, stage: int, theme: Theme = "light") -> go.Figure:
    """Draw a training step up to a stage.

    Args:
        step: what ``training_step`` returns.
        stage: counted from 0, see ``stages``.
        theme: ``light`` or ``dark``.
    """
    steps = step.sizes["time"]
    name, at = stage_of(stage, steps)
    title = f"One training step: {stages(steps)[stage]}"
    norms = np.linalg.norm(step["grad_h"].values, axis=1)
    arrived = steps + 1 if stage <= steps + 1 else at if name == "backward" else 1
    said = ", ".join(f"{number(float(norms[t - 1]))} at step {t}" for t in range(steps, arrived - 1, -1))
    alt = f"Diagram of a network unrolled over {steps} steps; {title}."
    drawing = Drawing(title, alt + (f" Gradient norms: {said}." if said else ""), theme, MARGIN)
    hidden = {"visible": False, "fixedrange": True}
    drawing.axes(hidden | {"range": [-0.5, steps + 0.75]}, hidden | {"range": [-1.6, 2.15]})
    drawing.scatter("states", x=list(range(steps + 1)), y=[STATES] * (steps + 1), mode="markers", hoverinfo="skip",
                    marker={"size": 1, "color": drawing.ink.paper})  # fmt: skip
    reached = steps if stage > steps else stage
    for t in range(steps + 1):
        _state(drawing, step["h"].values[t], t, known=t <= reached, now=name == "forward" and t == at)
    for t in range(1, steps + 1):
        _forward(drawing, step, t, known=t <= reached, shared=name == "unroll")
    if reached == steps:
        _loss(drawing, float(step["loss"]), steps)
    for t in range(steps, arrived - 1, -1):
        _backward(drawing, float(norms[t - 1]), float(norms.max()), t, steps, now=name == "backward" and t == at)
    if name == "update":
        _update(drawing, step)
    return drawing.figure()


def _state(drawing: Drawing, h: np.ndarray, t: int, *, known: bool, now: bool) -> None:
    """A state as a box of its numbers."""
    colour = style("tanh", drawing.theme).colour if known else drawing.ink.reference
    drawing.shape("state", "rect", x0=t - BOX, x1=t + BOX, y0=STATES - HIGH, y1=STATES + HIGH, layer="below",
                  line={"color": colour, "width": 3.5 * now or 1.5, "dash": "solid" if known else "dot"})  # fmt: skip
    words = "<br>".join(f"{value:.2f}".replace("-", "−") for value in h) if known else f"h<sub>{t}</sub>"
    _words(drawing, words, t, STATES, color=colour if known else drawing.ink.quiet)
    if known:
        _words(drawing, f"h<sub>{t}</sub>", t - BOX, STATES + HIGH + 0.1, xanchor="left", color=colour)


def _forward(drawing: Drawing, step: xr.Dataset, t: int, *, known: bool, shared: bool) -> None:
    """The arrows into a state: from the state before, by W_hh, and from the input."""
    colour = style("tanh", drawing.theme).colour if known else drawing.ink.reference
    _arrow(drawing, (t - 1 + BOX, STATES), (t - BOX, STATES), colour, 3.5 if shared else 1.5)
    _arrow(drawing, (t, INPUTS + 0.16), (t, STATES - HIGH), colour, 1.5)
    _words(drawing, f"symbol {int(step['symbol'].values[t - 1]) + 1}", t, INPUTS, color=drawing.ink.quiet)
    if shared:
        _words(drawing, "<b>W<sub>hh</sub></b>", t - 0.5, STATES + 0.16, color=colour)


def _loss(drawing: Drawing, loss: float, steps: int) -> None:
    """The loss, above the last state."""
    _words(drawing, f"<b>L = {number(loss)}</b>", steps + BOX + 0.06, STATES, xanchor="left", color=drawing.ink.text)


def _backward(drawing: Drawing, norm: float, most: float, t: int, steps: int, *, now: bool) -> None:
    """The arrow that brings the gradient to a state, as wide as it is large, with its norm."""
    colour, high = style("lstm", drawing.theme).colour, BACK + 0.02
    start = (t + 1, high) if t < steps else (t + 0.62, high)
    _arrow(drawing, start, (t, high), colour, 1.5 + 5.0 * norm / most)
    text = f"‖∂L/∂h<sub>{t}</sub>‖<br>{number(norm)}"
    _words(drawing, f"<b>{text}</b>" if now else text, t, high + 0.28, color=colour)


def _update(drawing: Drawing, step: xr.Dataset) -> None:
    """W_hh before, the part of the step, and W_hh after, as tables of numbers; each step's part under its state."""
    rate = float(step.attrs["learning_rate"])
    for t, part in zip(step["time"].values, step["grad_weight"].values, strict=True):
        _words(drawing, f"‖G<sub>{t}</sub>‖ = {number(float(part))}", int(t), INPUTS - 0.26, color=drawing.ink.text)
    last = step.sizes["time"]
    tables = (
        ("W<sub>hh</sub>", step["weight"].values),
        (f"− {number(rate)} · Σ<sub>t</sub> G<sub>t</sub>", -rate * step["weight_gradient"].values),
        ("new W<sub>hh</sub>", step["weight_after"].values),
    )  # fmt: skip
    for place, (name, table) in enumerate(tables):
        x = last * (0.12 + 0.38 * place)
        rows = "<br>".join("\u2002".join(f"{v:+.{2 + (place == 1)}f}".replace("-", "−") for v in row) for row in table)
        _words(drawing, rows, x, MATRICES, color=drawing.ink.text)
        _words(drawing, f"<b>{name}</b>", x, MATRICES + 0.45, color=drawing.ink.text)
    for place, sign in enumerate(("", "=")):
        _words(drawing, f"<b>{sign}</b>", last * (0.31 + 0.38 * place), MATRICES, color=drawing.ink.text)


def _arrow(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> None:
    settings: Settings = {"showarrow": True, "axref": "x", "ayref": "y", "arrowhead": 2, "arrowsize": 0.8}
    drawing.note("", x=end[0], y=end[1], ax=start[0], ay=start[1], arrowcolor=colour, arrowwidth=width, **settings)


def _words(drawing: Drawing, text: str, x: float, y: float, *, color: str, xanchor: str = "center") -> None:
    drawing.note(text, x=x, y=y, xanchor=xanchor, yanchor="middle", font={"color": color, "size": max(FONT, TITLE - 1)})
