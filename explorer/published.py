"""Numbers from the literature, each with its source and the name of the measured quantity that it stands beside."""

from dataclasses import dataclass
from typing import Literal

Quantity = Literal["loss_without_memory", "decay"]


@dataclass(frozen=True)
class Published:
    """One number that somebody printed, or that follows exactly from a setting that somebody printed.

    Attributes:
        value: the number.
        what: what it is, for people.
        source: who, when and where.
        note: what else has to be known; empty for most.
    """

    value: float
    what: str
    source: str
    note: str = ""


COPYING_100 = Published(
    0.1733, "loss of the best answer without memory, 10·ln 8/(T + 20)", "Arjovsky, Shah & Bengio 2016"
)
ADDING = Published(
    0.167, "loss of the best answer without memory, Var(x₁ + x₂)", "Arjovsky, Shah & Bengio 2016",
    "Le, Jaitly & Hinton 2015 print 0.1767, which is wrong: two numbers from U[0, 1] have the variance 1/6.",
)  # fmt: skip
ORDER = Published(
    1.387, "loss before anything is learned, ln 4", "log of Pascanu, Mikolov & Bengio 2013, pascanur/trainingRNNs"
)
BOUND = Published(
    0.9, "largest factor that a step back can have, σ_max(W_hh)·γ with γ = 1 for tanh",
    "Pascanu, Mikolov & Bengio 2013, section 2",
)  # fmt: skip
INFLUENCE = Published(
    -6.0, "factor of (s¹ − 1) in the gradient of full BPTT, exactly", "setting of Tallec & Ollivier 2017"
)
OPTIMUM = Published(-1 / 6, "θ at which the loss is 0, exactly", "setting of Tallec & Ollivier 2017")
WALL = Published(
    -2.6123, "bias of the wall at w = 5: ½ − w·σ(½), where x_0 is the unstable fixed point",
    "setting of Pascanu, Mikolov & Bengio 2013, figure 6",
)  # fmt: skip
