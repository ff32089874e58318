"""Every field of an experiment as one flat list: where widgets, flags, URL keys and documentation rows come from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from explorer.parts import Part

Path = tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """One field.

    Attributes:
        path: where it stands, such as ("cell", "weights", "gain").
        default: its value when absent.
        type: `int`, `float`, `bool` or `str`.
        description: what it does, one line.
        label: short name for people.
        unit: unit, or empty.
        ge: smallest value, or None.
        le: largest value, or None.
        slider: range a slider offers, or None.
        step: increment of the slider, or None.
        log: whether the slider is logarithmic.
        choices: the words allowed, for a `str`.
    """

    path: Path
    default: Any
    type: type
    description: str
    label: str
    unit: str = ""
    ge: float | None = None
    le: float | None = None
    slider: tuple[float, float] | None = None
    step: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name in URLs and flags: the path's last word, for a `kind` its owner's name."""
        return self.path[-2] if self.path[-1] == "kind" else self.path[-1]

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)

    @property
    def allowed(self) -> str:
        """What values are allowed, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.type is bool:
            return "true or false"
        noun = "an integer" if self.type is int else "a number"
        return f"{noun} from {text(self.ge)} to {text(self.le)}" + (f" {self.unit}" if self.unit else "")


def text(value: Any) -> str:
    """A value as URLs and flags write it; reads back to the same value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def members(info: FieldInfo) -> dict[str, type[Part]]:
    """Kind → class for a field that holds a part; empty for a plain field."""
    options = get_args(info.annotation) or (info.annotation,)
    parts = [o for o in options if isinstance(o, type) and issubclass(o, Part)]
    return {part.model_fields["kind"].default: part for part in parts}


@cache
def settings_of(part: type[Part], path: Path = ()) -> tuple[Setting, ...]:
    """The settings of one class of part and of all parts it can hold, each path once, in the order of definition."""
    found: dict[Path, Setting] = {}
    for name, info in part.model_fields.items():
        for setting in _of_field(info, (*path, name)):
            known = found.get(setting.path)
            found[setting.path] = setting if known is None else _either(known, setting)
    return tuple(found.values())


def _either(one: Setting, other: Setting) -> Setting:
    """The setting of a field that two kinds have: it allows what either allows, and is otherwise the first."""
    choices = one.choices + tuple(c for c in other.choices if c not in one.choices)
    if one.ge is None or other.ge is None or one.le is None or other.le is None:
        return replace(one, choices=choices)
    return replace(one, choices=choices, ge=min(one.ge, other.ge), le=max(one.le, other.le))


def _of_field(info: FieldInfo, path: Path) -> Iterator[Setting]:
    kinds = members(info)
    if not kinds:
        if path[-1] != "kind":
            yield _plain(info, path)
        return
    extra = _extra(info)
    label = extra.get("label") or path[-1].capitalize()
    yield Setting((*path, "kind"), info.default.kind, str, info.description or "", label, choices=tuple(kinds))
    for kind in kinds.values():
        yield from settings_of(kind, path)


def _plain(info: FieldInfo, path: Path) -> Setting:
    choices = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    bounds: dict[str, Any] = {}
    for rule in info.metadata:
        if isinstance(rule, Ge):
            bounds["ge"] = rule.ge
        if isinstance(rule, Le):
            bounds["le"] = rule.le
    kind: Any = str if choices else info.annotation
    assert kind in (int, float, bool, str), f"{path}: a field is a number, a truth value, a word or a part"
    label = path[-1].replace("_", " ").capitalize()
    return Setting(
        path, info.default, kind, info.description or "", **{"label": label, **_extra(info)}, choices=choices, **bounds
    )


def _extra(info: FieldInfo) -> dict[str, Any]:
    extra = info.json_schema_extra
    return dict(extra) if isinstance(extra, dict) else {}
