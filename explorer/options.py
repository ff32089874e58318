"""The experiment on a command line: a file, and a flag for every field."""

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import click

from explorer.experiment import Experiment, all_settings, load
from explorer.problems import ExperimentError
from explorer.settings import text


def experiment_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config, one flag for every field, and --out."""
    return experiment_flags(
        click.option("--out", type=click.Path(), help="File to write: .nc (NetCDF) or .csv.")(command)
    )


def experiment_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config, and one flag for every field."""
    for setting in reversed(all_settings()):
        flag = f"--{setting.key.replace('_', '-')}"
        shown = f"{setting.description} [{setting.name}: {setting.allowed}; default {text(setting.default)}]"
        command = click.option(flag, setting.key, metavar=setting.type.__name__.upper(), help=shown)(command)
    return click.option("--config", type=click.Path(), help="JSON file with the experiment; flags win over it.")(
        command
    )


def experiment_of(config: str | None, flags: Mapping[str, str | None]) -> Experiment:
    """The file's experiment with the flags' values, which may also mend what is wrong in the file."""
    data = load(config) if config else {}
    given = {key: value for key, value in flags.items() if value is not None}
    try:
        experiment = Experiment.model_validate(data)
    except ExperimentError:
        with suppress(ExperimentError):
            return Experiment.model_validate(_overlaid(data, given)).changed(**given)
        raise
    return experiment.changed(**given)


def _overlaid(data: Mapping[str, Any], flags: Mapping[str, str]) -> dict[str, Any]:
    """The nested config with the flags' values in their places, where it has such places."""
    tree = copy.deepcopy(dict(data))
    for setting in all_settings():
        *owners, last = setting.path
        level: Any = tree
        for owner in owners:
            level = level.get(owner) if isinstance(level, dict) else None
        if setting.key in flags and isinstance(level, dict):
            level[last] = flags[setting.key]
    return tree
