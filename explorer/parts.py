"""What every configurable part shares: frozen pydantic models whose fields describe themselves."""

from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Part(BaseModel):
    """A frozen piece of an experiment; unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)


def quantity(
    default: Any,
    description: str,
    *,
    label: str,
    unit: str = "",
    ge: float | None = None,
    le: float | None = None,
    slider: tuple[float, float] | None = None,
    step: float | None = None,
    log: bool = False,
) -> Any:
    """A field that carries all its widget, flag, URL key and documentation row need.

    Args:
        default: value when absent.
        description: one line; what it does.
        label: short name for people.
        unit: unit of the value, empty for pure numbers.
        ge: smallest value allowed.
        le: largest value allowed.
        slider: range a slider offers; values outside it but within the bounds stay possible by file, flag and URL.
        step: increment of the slider.
        log: whether the slider is logarithmic.

    Returns:
        A pydantic field.
    """
    extra: dict[str, Any] = {"label": label, "unit": unit, "slider": slider, "step": step, "log": log}
    return Field(default, ge=ge, le=le, description=description, json_schema_extra=extra)


def refuse(field: str, value: Any, why: str, remedies: dict[str, Any]) -> NoReturn:
    """Refuse a combination of fields from inside a validator.

    Args:
        field: name of the field at fault, within its part.
        value: its value.
        why: the rest of the sentence: what is wrong and what is allowed.
        remedies: changes, field to value, each of which alone makes the combination valid.

    Raises:
        PydanticCustomError: always; `Experiment` turns it into a sentence.
    """
    raise PydanticCustomError("rule", "{why}", {"field": field, "value": value, "why": why, "remedies": remedies})
