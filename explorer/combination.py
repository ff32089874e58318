"""One combination of a sweep: from a config and the swept values to an experiment, and in words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from explorer.experiment import Experiment, all_settings
from explorer.parts import Part
from explorer.problems import ExperimentError, Problem
from explorer.settings import text

Point = Mapping[str, Any]  # path of a field → its value, plain as JSON
KEYS = {setting.name: setting.key for setting in all_settings()}
PATHS = {key: path for path, key in KEYS.items()}


def member(config: Experiment, point: Point) -> Experiment:
    """The experiment of one combination; a change of kind drops the other fields that the new kind lacks.

    Args:
        config: what everything else is taken from.
        point: the values of this combination; a mapping stands for a whole part, an inner path overrides an outer one.

    Raises:
        ExperimentError: naming the combination.
    """
    base, flat = config, dict[str, Any]()
    try:
        for path, value in sorted(point.items(), key=_order):
            part = path.removesuffix(".kind")
            if part != path or isinstance(value, Mapping):  # what an outer part says of this one is overridden
                flat = {key: v for key, v in flat.items() if not PATHS.get(key, "").startswith(f"{part}.")}
            if isinstance(value, Mapping):
                probe = _probe(config, flat, path.split("."), value)
                flat |= {s.key: v for s, v in probe.settings().items() if s.name.startswith(f"{path}.")}
                base = base.model_copy(update={path: getattr(probe, path)}) if "." not in path else base
            else:
                flat[KEYS.get(path, path)] = value
        return base.changed(**flat)
    except ExperimentError as error:
        where = called(point)
        problems = [replace(p, sentence=f"{where}: {_sentence(p, point)}") for p in error.problems]
        raise ExperimentError(problems) from None


def axis(path: str, values: list[Any]) -> tuple[str, list[Any]]:
    """The whole path of an axis that may be named by its key, and its values.

    Words for a part mean its kind; among whole parts a word means that kind with its defaults.
    """
    path = path if path in KEYS else PATHS.get(path, path)
    part = path.removesuffix(".kind")
    if f"{part}.kind" not in KEYS:
        return path, values
    if any(isinstance(value, Mapping) for value in values):
        return part, [{"kind": value} if isinstance(value, str) else value for value in values]
    return f"{part}.kind", values


def at(experiment: Experiment, path: str) -> Any:
    """The value that an experiment has at a path."""
    found: Any = experiment
    for name in path.split("."):
        found = getattr(found, name)
    return found


def names(paths: list[str]) -> list[str]:
    """The short name of each path: its last word, a `kind` by its owner; the whole path where two would be the same."""
    short = [path.split(".")[-2] if path.endswith(".kind") else path.split(".")[-1] for path in paths]
    return [path if short.count(name) > 1 else name for path, name in zip(paths, short, strict=True)]


def label(value: Any, given: Any) -> Any:
    """A coordinate: the value itself; of a part its kind with the fields given, such as window(k1=5, k2=5)."""
    return said(_tidy(value, given)) if isinstance(value, Part) else value


def called(point: Point) -> str:
    """The combination in words, such as "k2 = 5, cell = tanh"."""
    return ", ".join(f"{name} = {said(value)}" for name, value in zip(names(list(point)), point.values(), strict=True))


def said(value: Any) -> str:
    """A swept value in words: 0.1, or window(k1=5, k2=5)."""
    if not isinstance(value, Mapping):
        return text(value)
    fields = ", ".join(f"{name}={said(inner)}" for name, inner in value.items() if name != "kind")
    return f"{value.get('kind', '')}({fields})" if fields else str(value.get("kind", ""))


def _tidy(value: Any, given: Any) -> Any:
    """The fields given of a part, in the order of its class and as it understands them."""
    if not isinstance(value, Part):
        return value
    return {name: _tidy(getattr(value, name), given[name]) for name in type(value).model_fields if name in given}


def _order(item: tuple[str, Any]) -> tuple[bool, int, bool]:
    """Outer parts and kinds before inner ones, plain fields last."""
    path, value = item
    whole, kind = isinstance(value, Mapping), path.endswith(".kind")
    return not (whole or kind), path.removesuffix(".kind").count("."), kind


def _probe(config: Experiment, flat: Point, path: list[str], value: Point) -> Experiment:
    """An experiment with this part, among owners of the kinds chosen; small, for only the whole must fit the budget."""
    tree: dict[str, Any] = {"steps": 1, "batch_size": 1}
    level = tree
    for depth, owner in enumerate(path[:-1], 1):
        key = KEYS.get(".".join([*path[:depth], "kind"]), "")
        level[owner] = {"kind": flat.get(key, config.flat().get(key))}
        level = level[owner]
    level[path[-1]] = value
    return Experiment.model_validate(tree)


def _sentence(problem: Problem, point: Point) -> str:
    """The problem, with fields that are not swept and would help too."""
    others = [f"{'.'.join(path)} to {value}" for path, value in problem.remedies.items() if ".".join(path) not in point]
    return problem.sentence + (f" Or set {' or '.join(others)}." if others and ".".join(problem.path) in point else "")
