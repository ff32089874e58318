"""The command line: measure, train and sweep without a browser."""

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import torch
import xarray as xr

from explorer import findings
from explorer.building import DeviceError
from explorer.dataset import SaveError, check_target, save
from explorer.experiment import Experiment, ExperimentError, all_settings, load
from explorer.sweep import Grid, SweepError, sweep
from explorer.training import Training, measure

INTERRUPTED = 130  # what shells report after Ctrl-C


class _Sentences(click.Group):
    """Ends every foreseeable failure in its sentence, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (ExperimentError, SweepError, DeviceError, SaveError) as error:
            raise click.ClickException(str(error)) from None
        except torch.OutOfMemoryError:
            raise click.ClickException("the memory of the device is not enough; lower batch_size or length.") from None


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Measure how the gradient flows back through time in small recurrent networks."""
    torch.set_num_threads(1)  # at these sizes one thread is faster than two


def _experiment_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config, one flag for every field, and --out."""
    command = click.option("--out", type=click.Path(), help="File to write: .nc (NetCDF) or .csv.")(command)
    for setting in reversed(all_settings()):
        flag = f"--{setting.key.replace('_', '-')}"
        shown = f"{setting.description} [{setting.name}: {setting.allowed}; default {setting.default}]"
        command = click.option(flag, setting.key, metavar=setting.type.__name__.upper(), help=shown)(command)
    return click.option("--config", type=click.Path(), help="JSON file with the experiment; flags win over it.")(
        command
    )


def _experiment(config: str | None, flags: dict[str, str | None]) -> Experiment:
    experiment = Experiment.model_validate(load(config) if config else {})
    return experiment.changed(**{key: value for key, value in flags.items() if value is not None})


@main.command("measure")
@_experiment_options
def measure_command(config: str | None, out: str | None, **flags: str | None) -> None:
    """Gradient flow at the start of training; trains nothing."""
    experiment = _experiment(config, flags)
    _check(out)
    _deliver(measure(experiment), out)


@main.command("train")
@_experiment_options
@click.pass_context
def train_command(context: click.Context, config: str | None, out: str | None, **flags: str | None) -> None:
    """Train, recording every update; Ctrl-C ends the run and keeps what was recorded."""
    experiment = _experiment(config, flags)
    _check(out)
    training = Training(experiment)
    _on_interrupt(training.stop)
    with click.progressbar(training, experiment.steps, label="training", file=sys.stderr) as updates:
        for _ in updates:
            pass
    click.echo(f"{training.status} after {training.recorded} of {experiment.steps} updates.")
    _deliver(training.dataset(), out)
    if training.status == "stopped":
        context.exit(INTERRUPTED)


@main.command("sweep")
@_experiment_options
@click.option("--over", "axes", multiple=True, required=True, metavar="FIELD=V1,V2,…",
              help="Field and its values, such as seed=0,1,2 or cell.kind=tanh,lstm or truncation=[{…},{…}] as JSON; repeatable.")  # fmt: skip
@click.pass_context
def sweep_command(
    context: click.Context, config: str | None, out: str | None, axes: tuple[str, ...], **flags: str | None
) -> None:
    """Train every combination of values; Ctrl-C keeps the runs made so far."""
    experiment = _experiment(config, flags)
    over = dict(_axis(axis) for axis in axes)
    _check(out)
    runs = len(Grid(experiment, over).experiments)
    stop = threading.Event()
    _on_interrupt(stop.set)
    with click.progressbar(length=runs, label=f"{runs} runs", file=sys.stderr) as bar:
        grid = sweep(experiment, over, progress=lambda done, total: bar.update(1), stop=stop)
    click.echo(f"{grid.attrs['status']}: {runs} runs asked for over {', '.join(over)}.")
    _deliver(grid, out)
    if stop.is_set():
        context.exit(INTERRUPTED)


def _axis(text: str) -> tuple[str, list[Any]]:
    """FIELD=V1,V2 or FIELD=[JSON]."""
    path, _, values = text.partition("=")
    paths = {s.key: s.name for s in all_settings()}
    path = paths.get(path, path)
    try:
        found = json.loads(values if values.startswith("[") else f"[{values}]")
    except json.JSONDecodeError:
        found = [v for v in values.split(",") if v]
    return path, found


def _on_interrupt(stop: Callable[[], None]) -> None:
    """Ctrl-C and termination ask for an orderly end; a second one ends at once."""

    def handler(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        click.echo("\nstopping after this update …", err=True)
        stop()

    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


def _check(out: str | None) -> None:
    if out is not None:
        check_target(out)


def _deliver(dataset: xr.Dataset, out: str | None) -> None:
    """Write the file, or say in words what was found; nothing recorded is lost to a full disk."""
    if out is None:
        if set(dataset["grad_h"].dims) == {"step", "time"}:
            click.echo("".join(text for text, _ in findings.headline([dataset])))
        else:
            click.echo(str(dataset))
        return
    try:
        click.echo(f"saved to {save(dataset, out)}")
    except SaveError as error:
        try:
            rescue = save(dataset, Path(tempfile.mkdtemp(prefix="explorer-")) / Path(out).name)
        except (SaveError, OSError) as second:
            raise SaveError(f"{error} Nor could it be kept elsewhere: {second}") from None
        raise SaveError(f"{error} What was recorded is in {rescue} instead.") from None


if __name__ == "__main__":
    main(prog_name="explorer")
