"""What is wrong with a config, in sentences: the field, its value, and what is allowed."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import ErrorDetails

from explorer.parts import Part
from explorer.settings import Path, members, settings_of


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a config.

    Attributes:
        path: the field at fault.
        sentence: field, value and what is allowed.
        remedies: single changes, path to value, that each would mend it.
    """

    path: Path
    sentence: str
    remedies: Mapping[Path, Any] = field(default_factory=dict)


class ExperimentError(Exception):
    """A config that cannot be run; `str()` is one sentence for each problem."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(p.sentence for p in problems))

    def __reduce__(self) -> tuple[type["ExperimentError"], tuple[list[Problem]]]:
        return type(self), (self.problems,)  # made again from its problems, not from its text, in another process


def problem_of(error: ErrorDetails, root: type[Part]) -> Problem:
    """Pydantic's error in a config of the class `root`, as one sentence."""
    path, part = _strip_tags(error["loc"], root)
    context = error.get("ctx", {})
    value = error["input"]
    name = ".".join(path)
    if error["type"] == "rule":
        here = (*path, context["field"])
        remedies = {(*path, k): v for k, v in context["remedies"].items()}
        return Problem(here, f"{'.'.join(here)}: {context['value']} {context['why']}.", remedies)
    if error["type"] == "extra_forbidden":
        able = _kinds_with(path, root)
        if able and part is not None:
            kind, owner = part.model_fields["kind"].default, ".".join((*path[:-1], "kind"))
            return Problem(path, f"{name}: {kind} has no such field; give {' or '.join(able)} as {owner}.")
        names = list(part.model_fields) if part is not None else []
        return Problem(path, no_such(name, names))
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path = (*path, "kind")
        value = context.get("tag") if error["type"] == "union_tag_invalid" else _kind_of(value)
    depth = -2 if path[-1:] == ("kind",) else -1
    known = settings_of(part, path[:depth]) if part is not None else ()
    setting = next((s for s in known if s.path == path), None)
    if setting is None:
        return Problem(path, f"{name}: {shown(value)} is not allowed; give a JSON object with a kind.")
    near = difflib.get_close_matches(value, setting.choices, 1) if isinstance(value, str) else []
    hint = f"; did you mean {near[0]}?" if near else "."
    wrong = (
        "is missing" if error["type"] == "union_tag_not_found" and value is None else f"{shown(value)} is not allowed"
    )
    return Problem(path, f"{setting.name}: {wrong}; give {setting.allowed}{hint}")


def in_words(data: Mapping[Any, Any], depth: int = 3) -> dict[Any, Any]:
    """The config with what no field takes put in words: truth values (numbers to pydantic), lists, deep objects."""
    found = dict(data)
    for key, value in found.items():
        if isinstance(value, bool):
            found[key] = str(value).lower()
        elif isinstance(value, Mapping) and depth > 1:
            found[key] = in_words(value, depth - 1)
        elif isinstance(value, Mapping | list | tuple):
            found[key] = shown(value)
    return found


def _strip_tags(loc: tuple[int | str, ...], root: type[Part]) -> tuple[Path, type[Part] | None]:
    """Pydantic's location without the kinds in it, and the class of the part that holds its last name."""
    part: type[Part] | None = root
    path: list[str] = []
    rest = list(loc)
    holder: type[Part] | None = root
    while rest:
        name = str(rest.pop(0))
        path.append(name)
        holder = part
        kinds = members(part.model_fields[name]) if part is not None and name in part.model_fields else {}
        part = kinds.get(str(rest.pop(0))) if kinds and rest and str(rest[0]) in kinds else None
    return tuple(path), holder


def _kinds_with(path: Path, root: type[Part]) -> list[str]:
    """The kinds of its owner that have a field; none for a field of the experiment itself."""
    *owners, last = path
    parts = [root]
    for owner in owners:
        parts = [kind for p in parts if owner in p.model_fields for kind in members(p.model_fields[owner]).values()]
    return list(dict.fromkeys(p.model_fields["kind"].default for p in parts if owners and last in p.model_fields))


def _kind_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, Mapping) else value


def no_such(name: str, names: list[str]) -> str:
    """The sentence about a field that there is not."""
    near = difflib.get_close_matches(name.split(".")[-1], names, 1)
    plain = len(name) <= 60 and name.replace(".", "").isidentifier()
    return f"{name if plain else shown(name)}: there is no such field; " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
    )


def shown(value: Any) -> str:
    """A value as a sentence can hold it: at most 60 characters."""
    try:
        said = repr(value)
    except (RecursionError, ValueError):  # nested too deep; an integer of thousands of digits
        said = f"this {type(value).__name__}"
    return said if len(said) <= 60 else said[:57] + "…"
