"""What an instrument is asked for: numbers in their ranges, lists of them, and no more memory than there is."""

from collections.abc import Sequence
from numbers import Real
from operator import index
from typing import Any

import numpy as np

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


def whole(name: str, value: Any, least: int, most: int) -> int:
    """The value, an integer in the range.

    Raises:
        InstrumentError: where it is not, with a sentence that names the argument and the value.
    """
    try:
        number = index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or not least <= number <= most:
        raise InstrumentError(f"{name}: {shown(value)} is not allowed; give an integer from {least} to {most}.")
    return number


def real(name: str, value: Any, least: float, most: float, instead: str = "") -> float:
    """The value, a number in the range, as a float.

    Args:
        name: of the argument.
        value: what was given.
        least: that is allowed.
        most: that is allowed.
        instead: what else is, such as " or None"; for the sentence.

    Raises:
        InstrumentError: where it is not, with a sentence that names the argument and the value.
    """
    if not _number(value) or not least <= value <= most:
        allowed = f"a number from {least:g} to {most:g}{instead}"
        raise InstrumentError(f"{name}: {shown(value)} is not allowed; give {allowed}.")
    return float(value)


def pair(name: str, values: Any, largest: float) -> tuple[float, float]:
    """The values, two numbers of at most that size, as floats.

    Raises:
        InstrumentError: where they are not, with a sentence that names the argument and the value.
    """
    return _pair(name, values, largest, "")


def interval(name: str, values: Any, largest: float) -> tuple[float, float]:
    """The values, two numbers of at most that size, the smaller first, as floats.

    Raises:
        InstrumentError: where they are not, with a sentence that names the argument and the value.
    """
    low, high = _pair(name, values, largest, ", the smaller first")
    if low >= high:
        raise InstrumentError(_not_two(name, values, largest, ", the smaller first"))
    return low, high


def _pair(name: str, values: Any, largest: float, order: str) -> tuple[float, float]:
    two = not isinstance(values, str) and hasattr(values, "__len__") and len(values) == 2
    if not two or not all(_number(value) and -largest <= value <= largest for value in values):
        raise InstrumentError(_not_two(name, values, largest, order))
    first, second = values
    return float(first), float(second)


def _not_two(name: str, values: Any, largest: float, order: str) -> str:
    return f"{name}: {shown(values)} is not allowed; give two numbers from −{largest:g} to {largest:g}{order}."


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)
