"""What an instrument is asked for: whole numbers in a list, and no more memory than there is."""

from collections.abc import Sequence
from operator import index
from typing import Any

from explorer.budget import limits
from explorer.problems import shown


class InstrumentError(ValueError):
    """What an instrument cannot measure; the sentence says why and what to give instead."""


def integers(name: str, values: Sequence[Any], least: int, most: int | None = None) -> list[int]:
    """The values, all of them integers in the range, none twice.

    Raises:
        InstrumentError: where they are not, with a sentence that names the argument and the value.
    """
    allowed = f"integers from {least}" + ("" if most is None else f" to {most}")
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise InstrumentError(f"{name}: {shown(values)} is not allowed; give a list of {allowed}.")
    if not len(values):
        raise InstrumentError(f"{name}: give a list of at least one value; {allowed} are allowed.")
    found: list[int] = []
    for value in values:
        try:
            number = index(value)
        except TypeError:
            number = least - 1
        if isinstance(value, bool) or number < least or (most is not None and number > most):
            raise InstrumentError(f"{name}: {shown(value)} is not allowed; give {allowed}.")
        if number in found:
            raise InstrumentError(f"{name}: {number} is given twice.")
        found.append(number)
    return found


def affordable(what: str, needed: float) -> None:
    """Refuse what would fill more memory than the budget has.

    Args:
        what: what is to be held.
        needed: bytes.

    Raises:
        InstrumentError: with the sentence.
    """
    allowed = limits().memory
    if needed > allowed:
        raise InstrumentError(
            f"{what} would fill about {needed / 1e9:.3g} GB of memory, the budget is {allowed / 1e9:.3g} GB; lower "
            "cell.hidden_size or task.length."
        )
