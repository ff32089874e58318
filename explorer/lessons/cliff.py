"""Lesson: the cliff in the error surface, and what clipping does in front of it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from explorer.figures import Theme, cliff, descent_errors
from explorer.figures.cliff import point_at
from explorer.findings import Piece, cliff_sentences
from explorer.instruments import cliff as surface_of
from explorer.instruments import descent
from explorer.lessons.base import Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief

WEIGHTS = tuple(round(float(w), 2) for w in np.linspace(4, 6, 21))
BIASES = tuple(round(float(b), 3) for b in np.linspace(-3, -2, 41))
RATE, THRESHOLD, UPDATES, FINE = 0.1, 1.0, 100, 151


class Cliff(Lesson):
    """One unit, two weights: where exploding gradients come from is a wall in the error surface."""

    name = "cliff"
    title = "The cliff"
    question = (
        "One recurrent unit, 50 steps, two weights: colour is the error over both. Descent starts at the circle, "
        "learning "
        "rate 0.1, and comes to the wall, where the gradient is thousands of times what it is elsewhere. Without "
        "clipping, "
        "where does the step from there land?"
    )
    choices = (
        "A little farther down, at the foot of the wall",
        "On the other side, still in this picture",
        "Far outside this picture",
    )
    controls = (
        Control("w", "Start: weight w", WEIGHTS, 5.0, "Where descent begins; a click into the map chooses it as well."),
        Control("b", "Start: bias b", BIASES, -2.2, "Where descent begins; a click into the map chooses it as well."),
    )
    equation = ("x_t = w·σ(x_{t−1}) + b,  E = (σ(x_50) − 0.7)²", "(w, b) ← (w, b) − η·g·min(1, threshold / ‖g‖)")
    symbols = (
        Symbol("g", "the gradient (∂E/∂w, ∂E/∂b), exact"),
        Symbol("threshold", "1 on the solid path; none on the dashed one"),
    )
    sources = ("Pascanu, Mikolov & Bengio 2013, section 2.3, figure 6 and algorithm 1",)
    areas = '"cliff side" 420px "scrub ." 4px / 1.35fr 1fr'

    def material(self, values: Values) -> Material:
        """The surface, and descent with and without clipping."""
        start = (values["w"], values["b"])
        return {
            "surface": _surface(),
            "free": descent(start, RATE, None, UPDATES),
            "clipped": descent(start, RATE, THRESHOLD, UPDATES),
        }

    def right(self, material: Material, values: Values) -> int:
        """By where the longest step of the free path ends."""
        free, surface = material["free"], material["surface"]
        if cliff_sentences.leaves(surface, free) is not None:
            return 2
        longest = float(np.nanmax(cliff_sentences.moves(free)))
        return int(longest > 0.1)

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """What the longest step of each path does."""
        return [(f"{cliff_sentences.paths_sentence(material['surface'], _paths(material))}.", None)]

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The map with both paths, and the error along them; before, the path until it meets the wall."""
        paths = _paths(material) if revealed else [_until_the_wall(material["free"])]
        return {
            "cliff": brief(cliff(material["surface"], paths, theme), "Error over both weights"),
            "side": brief(descent_errors(paths, theme), "Error along the path"),
        }

    def picked(self, panel: str, number: int) -> dict[str, Any]:
        """The start nearest to a point of the map."""
        if panel != "cliff":
            return {}
        w, b = point_at(_surface(), number)
        return {"w": min(WEIGHTS, key=lambda value: abs(value - w)), "b": min(BIASES, key=lambda value: abs(value - b))}


@lru_cache(maxsize=1)
def _surface() -> xr.Dataset:
    return surface_of(resolution=FINE)


def _paths(material: Material) -> list[xr.Dataset]:
    return [material["free"], material["clipped"]]


def _until_the_wall(path: xr.Dataset) -> xr.Dataset:
    """The updates before the longest step."""
    moved = cliff_sentences.moves(path)
    longest = int(np.nanargmax(moved)) if np.isfinite(moved).any() else 0
    return path.isel(update=slice(0, longest + 1))
