"""The cells: what happens in one time step. A new cell is one file and one line here."""

from typing import Annotated

from pydantic import Field

from explorer.cells.base import Cell, Partials
from explorer.cells.gru import Gru
from explorer.cells.lstm import Lstm
from explorer.cells.relu import Relu
from explorer.cells.tanh import Tanh

AnyCell = Annotated[Tanh | Relu | Lstm | Gru, Field(discriminator="kind")]

__all__ = ["AnyCell", "Cell", "Gru", "Lstm", "Partials", "Relu", "Tanh"]
