"""How the biases start. All but the gate named are zero, except under `pytorch`."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from explorer.cells.weights import uniform
from explorer.parts import Part, quantity


class Bias(Part):
    """Base: the starting values of b_ih and b_hh."""

    kind: str

    @abstractmethod
    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""


class PytorchBias(Bias):
    """Uniform in ±1/√H, as torch.nn does."""

    kind: Literal["pytorch"] = "pytorch"

    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""
        shape = (len(gates) * size,)
        return uniform(shape, size, generator), uniform(shape, size, generator)


class ZeroBias(Bias):
    """All zero."""

    kind: Literal["zero"] = "zero"

    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""
        del generator
        return _with(gates, size, {})


class ForgetBias(Bias):
    """A constant on the LSTM's forget gate, so that the cell state is kept.

    Source: Gers, Schmidhuber & Cummins 2000.
    """

    kind: Literal["forget"] = "forget"
    forget_bias: float = quantity(
        3.0,
        "Bias of the forget gate: σ(3) = 0.95 of the cell state is kept in each step.",
        label="Forget bias",
        ge=-20.0,
        le=20.0,
        slider=(-3.0, 6.0),
        step=0.5,
    )

    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""
        del generator
        return _with(gates, size, {"f": torch.full((size,), self.forget_bias, dtype=torch.float64)})


class UpdateBias(Bias):
    """A constant on the GRU's update gate; in PyTorch's form z near 1 keeps the state."""

    kind: Literal["update"] = "update"
    update_bias: float = quantity(
        3.0,
        "Bias of the update gate: σ(3) = 0.95 of the state is kept in each step.",
        label="Update bias",
        ge=-20.0,
        le=20.0,
        slider=(-3.0, 6.0),
        step=0.5,
    )

    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""
        del generator
        return _with(gates, size, {"z": torch.full((size,), self.update_bias, dtype=torch.float64)})


class ChronoBias(Bias):
    """Gates spread over time scales, from one step to the longest lag.

        b_keep = log U(1, max_lag − 1)

    On the forget or update gate; −b_keep on the LSTM's input gate.

    Source: Tallec & Ollivier 2018, "Can recurrent neural networks warp time?".
    """

    kind: Literal["chrono"] = "chrono"
    max_lag: int = quantity(
        100,
        "Longest lag the gates should span; about the sequence length.",
        label="Longest lag",
        unit="steps",
        ge=3,
        le=100_000,
        slider=(10, 400),
        step=10,
    )

    def draw(self, gates: Sequence[str], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(b_ih, b_hh), each float64 [G·H], gates in PyTorch's order."""
        spread = 1 + (self.max_lag - 2) * torch.rand(size, generator=generator, dtype=torch.float64)
        keep = spread.log()
        return _with(gates, size, {"f": keep, "i": -keep} if "f" in gates else {"z": keep})


def _with(gates: Sequence[str], size: int, values: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Zero biases but for the gates named, whose values go into b_ih."""
    zero = torch.zeros(size, dtype=torch.float64)
    return torch.cat([values.get(g, zero) for g in gates]), torch.zeros(len(gates) * size, dtype=torch.float64)


PlainBias = Annotated[PytorchBias | ZeroBias, Field(discriminator="kind")]
LstmBias = Annotated[PytorchBias | ZeroBias | ForgetBias | ChronoBias, Field(discriminator="kind")]
GruBias = Annotated[PytorchBias | ZeroBias | UpdateBias | ChronoBias, Field(discriminator="kind")]
