"""Experiment: the one source of truth for the Python config, the flags, the URL and the file."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Literal, Self

import numpy as np
from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from explorer import budget
from explorer.cells import AnyCell, Tanh
from explorer.clipping import AnyClipping, NormClipping
from explorer.optimizers import Adam, AnyOptimizer
from explorer.parts import Part, quantity
from explorer.problems import ExperimentError, Problem, in_words, no_such, problem_of, shown
from explorer.settings import Path, Setting, members, settings_of, text
from explorer.tasks import Adding, AnyTask
from explorer.truncation import AnyTruncation, Full, Plan

PLAN_STREAM = 1  # beside the seed, so that cuts come from a stream of their own


class Experiment(Part):
    """One experiment: a task, a cell, and how it is trained.

    Frozen; validation raises `ExperimentError`, whose text names each field, its value and what is allowed.
    """

    task: AnyTask = quantity(
        Adding(), "What has to be remembered, and how far the gradient has to carry it.", label="Task"
    )
    cell: AnyCell = quantity(
        Tanh(),
        "What happens in one time step; gates give the gradient a way round the recurrent weights.",
        label="Cell",
    )
    truncation: AnyTruncation = quantity(
        Full(), "Which losses flow back how far; beyond, the gradient is exactly zero.", label="Truncation"
    )
    clipping: AnyClipping = quantity(
        NormClipping(),
        "What bounds the gradient before an update; it limits explosion and does nothing for vanishing.",
        label="Clipping",
    )
    optimizer: AnyOptimizer = quantity(Adam(), "How the weights follow the gradient.", label="Optimiser")
    batch_size: int = quantity(
        32, "Sequences in one batch; the gradient drawn is their mean, and each update takes a new batch.",
        label="Batch size B", unit="sequences", ge=1, le=4096, slider=(1, 128), step=1,
    )  # fmt: skip
    steps: int = quantity(
        500, "Updates of the weights in a training run.", label="Updates", unit="updates", ge=1, le=1_000_000,
        slider=(50, 3000), step=50,
    )  # fmt: skip
    seed: int = quantity(
        0, "Seed of the starting weights and of the batches.", label="Seed", ge=0, le=2**31 - 1, slider=(0, 20), step=1
    )
    device: Literal["auto", "cpu", "cuda"] = quantity(
        "auto", "Where tensors live; auto takes CUDA where there is one.", label="Device"
    )
    dtype: Literal["float32", "float64"] = quantity(
        "float32", "Precision of all tensors; below 1e-45 a float32 gradient is lost.", label="Precision"
    )

    @model_validator(mode="wrap")
    @classmethod
    def _readable(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping | cls):
            raise ExperimentError([Problem((), f"an experiment is a JSON object of fields, not {shown(data)}.")])
        if isinstance(data, Mapping):
            data = in_words(data)
            _fill_kinds(cls, data)
        try:
            experiment = handler(data)
        except ValidationError as error:
            raise ExperimentError([problem_of(e, cls) for e in error.errors()]) from None
        too_much = budget.excess(experiment)
        if too_much is not None:
            name = ".".join(too_much.path)
            sentence = f"{name}: with {too_much.path[-1]} = {too_much.value} the experiment {too_much.sentence}."
            raise ExperimentError([Problem(too_much.path, sentence, too_much.remedies)])
        return experiment

    @property
    def digest(self) -> str:
        """A short name for exactly this experiment: SHA-256 of its JSON, 16 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def plans(self) -> Iterator[Plan]:
        """Which losses flow back how far, for one update after another; what is drawn follows from the seed."""
        return self.truncation.plans(self.task.steps, np.random.default_rng([self.seed, PLAN_STREAM]))

    @property
    def plan(self) -> Plan:
        """That of the first update."""
        return next(self.plans())

    def settings(self) -> dict[Setting, Any]:
        """Every field that this experiment has, with the bounds and defaults of its kinds, and its value."""
        return dict(_settings_in(self, ()))

    def flat(self) -> dict[str, Any]:
        """URL key → value, of all fields."""
        return {s.key: value for s, value in self.settings().items()}

    def explicit(self) -> dict[str, str]:
        """URL key → text, only what differs from the defaults of its kinds: the shortest URL of this experiment."""
        return {s.key: text(value) for s, value in self.settings().items() if value != s.default}

    def changed(self, **flat: Any) -> Self:
        """The experiment with other values, by URL key; what its new kinds do not have is dropped.

        Raises:
            ExperimentError: where the result is not allowed, or a key given here is no field of it.
        """
        kept = _applicable({**self.explicit(), **flat})
        return type(self).model_validate(nested({**kept, **flat}))


def all_settings() -> tuple[Setting, ...]:
    """Every setting of every kind."""
    return settings_of(Experiment)


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """URL keys and values as the nested config.

    Raises:
        ExperimentError: for a key that is no field, or one that the chosen kinds do not have.
    """
    paths = {s.key: s.path for s in all_settings()}
    unknown = [Problem((key,), no_such(key, list(paths))) for key in flat if key not in paths]
    if unknown:
        raise ExperimentError(unknown)
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *owners, last = paths[key]
        level = tree
        for owner in owners:
            level = level.setdefault(owner, {})
        level[last] = value
    return tree


def read(flat: Mapping[str, Any]) -> tuple[Experiment, list[Problem]]:
    """The experiment of a URL, lenient: what is not allowed is named and replaced by its default.

    Raises:
        ExperimentError: where even the default experiment is beyond the budget.
    """
    problems: list[Problem] = []
    keys = {s.path: s.key for s in all_settings()}
    flat = dict(flat)
    while True:
        try:
            return Experiment.model_validate(nested(flat)), problems
        except ExperimentError as error:
            if not flat:
                raise
            problems += error.problems
            named = {keys.get(p.path, p.path[-1] if p.path else "") for p in error.problems}
            # What is wrong may follow from fields together, of which the one named is not in the URL.
            others = {keys[path] for p in error.problems for path in p.remedies}
            wrong = named & flat.keys() or others & flat.keys() or flat.keys()
            flat = {k: v for k, v in flat.items() if k not in wrong}


def load(path: str | FilePath) -> dict[str, Any]:
    """The nested config in a JSON file, not yet validated.

    Raises:
        ExperimentError: where the file cannot be read or is not a JSON object.
    """
    try:
        data = json.loads(FilePath(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ExperimentError([Problem((), f"{path}: the config cannot be read: {error.strerror}.")]) from None
    except (ValueError, RecursionError) as error:  # ValueError: also bad UTF-8, and integers of thousands of digits
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ExperimentError([Problem((), f"{path}: the config is not valid JSON{where}.")]) from None
    if not isinstance(data, dict):
        raise ExperimentError([Problem((), f"{path}: the config is not a JSON object of fields.")])
    return data


def _applicable(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Only the keys that mean something under the kinds that `flat` chooses."""
    chosen = {s.path: flat[s.key] for s in all_settings() if s.key in flat}
    known = _paths(Experiment, (), chosen)
    return {s.key: flat[s.key] for s in all_settings() if s.key in flat and s.path in known}


def _paths(part: type[Part], path: Path, chosen: Mapping[Path, Any]) -> set[Path]:
    """All paths that exist under the kinds chosen."""
    found: set[Path] = set()
    for name, info in part.model_fields.items():
        here = (*path, name)
        kinds = members(info)
        if kinds:
            kind = str(chosen.get((*here, "kind"), info.default.kind))
            if kind in kinds:
                found.add((*here, "kind"))
            found |= _paths(kinds.get(kind, type(info.default)), here, chosen)
        elif name != "kind":  # those count with their owner
            found.add(here)
    return found


def _fill_kinds(part: type[Part], tree: dict[str, Any]) -> None:
    """Name the kind of every part in the tree that leaves it out: the default of its owner."""
    for name, info in part.model_fields.items():
        kinds = members(info)
        if kinds and isinstance(tree.get(name), dict):
            kind = tree[name].setdefault("kind", info.default.kind)
            if isinstance(kind, str) and kind in kinds:
                _fill_kinds(kinds[kind], tree[name])


def _settings_in(part: Part, path: Path) -> Iterator[tuple[Setting, Any]]:
    """The settings of a part as it is, with their values."""
    own = {s.path: s for s in settings_of(type(part), path)}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            yield own[*path, name, "kind"], value.kind  # type: ignore[attr-defined]
            yield from _settings_in(value, (*path, name))
        elif (*path, name) in own:
            yield own[*path, name], value
