"""Lesson: a short truncation can point the wrong way."""

from collections.abc import Sequence

import numpy as np

from explorer.figures import Theme, influence
from explorer.findings import Piece
from explorer.findings.facts import count, number
from explorer.instruments import influence_balancing
from explorer.lessons.base import Control, Figures, Lesson, Material, Symbol, Values
from explorer.lessons.charts import brief, marked

LENGTHS = (1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100)


class Balancing(Lesson):
    """Influence balancing: early and late influences oppose one another, and truncation sees only the late ones."""

    name = "balancing"
    title = "A short truncation can point the wrong way"
    question = (
        "A parameter θ pushes 23 linear units; what it does to the first unit at once is opposed, and outweighed, by "
        "what "
        "arrives there later. Full backpropagation finds the coefficient −6: downhill. Truncated after 10 steps, which "
        "way does the gradient of θ point?"
    )
    choices = ("The right way, only weaker", "The right way, as strong", "The wrong way: θ is driven away")
    controls = (Control("block", "Truncation length K", LENGTHS, 10, "How many steps back the gradient flows."),)
    equation = ("s_{t+1} = A·s_t + θ·v,  L = ½(s¹ − 1)²", "E[∂L/∂θ] = c · (s¹ − 1),  c = e₁ᵀ(I + A + … + A^{K−1})v")
    symbols = (
        Symbol("A", "half the identity and half a shift: what unit k+1 holds reaches unit k one step later"),
        Symbol("v", "+1 for the first ten units, −1 for the other thirteen"),
        Symbol("c", "negative is downhill; full BPTT has −6", "theory"),
    )
    sources = ("Tallec & Ollivier 2017, Unbiasing truncated backpropagation through time, section 5",)
    areas = '"sign" 430px "scrub" 4px / 1fr'

    def material(self, values: Values) -> Material:
        """The coefficients, exactly."""
        return {"balance": influence_balancing(LENGTHS)}

    def right(self, material: Material, values: Values) -> int:
        """By the sign, and by half of the full coefficient."""
        found, full = _coefficient(material, values), float(material["balance"].attrs["full"])
        return 2 if found * full <= 0 else int(abs(found) >= abs(full) / 2)

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """The coefficient at this length, and from which on the sign is right."""
        balance, found = material["balance"], _coefficient(material, values)
        full = float(balance.attrs["full"])
        way = "the wrong way: θ is driven away from its optimum" if found * full <= 0 else "the right way"
        wrong = np.flatnonzero(balance["diverges"].sel(style="end").values)
        until = f" The last length tried that points the wrong way is {LENGTHS[wrong[-1]]}." if wrong.size else ""
        length = count(int(values["block"]), "step")
        return [
            (f"Truncated after {length} the coefficient is {number(found)} against {number(full)}: {way}.{until}", None)
        ]

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """The coefficient against the truncation length; before, only where truncation hardly cuts."""
        balance = material["balance"]
        shown = balance if revealed else balance.where(balance["length"] >= LENGTHS[-1])
        shown = shown.assign(diverges=balance["diverges"])
        figure = brief(influence(shown, theme), "Coefficient of the truncated gradient")
        return {"sign": marked(figure, values["block"], theme) if revealed else figure}


def _coefficient(material: Material, values: Values) -> float:
    return float(material["balance"]["coefficient"].sel(style="end", length=values["block"]))
