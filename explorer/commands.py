"""The command line: measure, train, sweep, the instruments and scripts without a browser."""

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from time import monotonic
from typing import Any

import click
import torch
import xarray as xr

from explorer.budget import LimitError
from explorer.building import DeviceError
from explorer.code_command import code_command
from explorer.dataset import SaveError
from explorer.delivering import check, deliver, finding, keep
from explorer.grid import NOT_RUN, Grid
from explorer.instrument_commands import COMMANDS
from explorer.instruments import InstrumentError
from explorer.interrupts import INTERRUPTED, interruptible
from explorer.kept_runs import kept_runs
from explorer.lesson_commands import lessons_command
from explorer.library import library
from explorer.options import experiment_of, experiment_options
from explorer.preset_commands import presets_command
from explorer.problems import ExperimentError
from explorer.recording import Row, chance_of
from explorer.schemes import truncation_of
from explorer.several import SweepError
from explorer.terminal import Progress, tell
from explorer.training import Training, measure

OVER = "FIELD=V1,V2,…"
OVER_HELP = (
    "Field and its values, such as seed=0,1,2 or cell=tanh,lstm or truncation.k2=20,50 or, as JSON, "
    'truncation="full",{"kind":"window","k1":5,"k2":5}; repeatable.'
)

SCHEDULER_HELP = (
    "Train on the Dask cluster of this scheduler, such as tcp://HOST:8786 [default: EXPLORER_SCHEDULER, if set]."
)


class _Sentences(click.Group):
    """Ends every foreseeable failure in its sentence, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (ExperimentError, LimitError, SweepError, DeviceError, SaveError, InstrumentError) as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            click.echo("\nstopped before anything was recorded.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except (MemoryError, RuntimeError) as error:
            if not isinstance(error, MemoryError) and "memory" not in str(error):
                raise
            raise click.ClickException("the memory here is not enough; lower batch_size, length or steps.") from None


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Measure how the gradient flows back through time in small recurrent networks.

    Results go to --out, or in a sentence to standard output; how it goes is told on standard error.
    """
    torch.set_num_threads(1)  # at these sizes one thread is faster than two


for command in (*COMMANDS, presets_command, code_command, lessons_command):
    main.add_command(command)


@main.command("measure")
@experiment_options
def measure_command(config: str | None, out: str | None, **flags: str | None) -> None:
    """Gradient flow at the start of training; trains nothing."""
    experiment = experiment_of(config, flags)
    check(out, config)
    flow = measure(experiment)
    deliver(flow, out, [finding(flow)])


BESIDE_HELP = (
    "Truncation scheme whose gradient is measured at each update and not applied, against full BPTT: a kind such as "
    'rtrl, or JSON such as {"kind":"window","k1":5,"k2":5}; repeatable.'
)


@main.command("train")
@experiment_options
@click.option("--again", is_flag=True, help="Train even where the run library has this run.")
@click.option("--beside", multiple=True, metavar="KIND|JSON", help=BESIDE_HELP)
@click.pass_context
def train_command(
    context: click.Context,
    /,
    config: str | None,
    out: str | None,
    again: bool,
    beside: tuple[str, ...],
    **flags: str | None,
) -> None:
    """Train, recording every update; Ctrl-C ends the run and keeps what was recorded."""
    experiment = experiment_of(config, flags)
    schemes = [truncation_of(experiment, _scheme(given)) for given in beside]
    check(out, config)
    known = None if again or beside else library().entry(experiment)
    if known is not None and known.status != "stopped" and (run := library().open(experiment)) is not None:
        tell(f"{known.status} after {known.updates} updates before, taken from the run library; --again trains anew.")
        deliver(run, out, [finding(run)])
        return
    training, (chance, _) = Training(experiment, schemes), chance_of(experiment)
    with interruptible(training.stop):
        began = monotonic()
        with Progress(experiment.steps) as progress:
            for row in training:
                progress.show(row, chance)
        tell(f"{training.status} after {training.recorded} of {experiment.steps} updates.")
        if training.recorded:
            run = training.dataset()
            keep(run, monotonic() - began)
            deliver(run, out, [finding(run)])
    if training.status == "stopped":
        context.exit(INTERRUPTED)


@main.command("sweep")
@experiment_options
@click.option("--over", "axes", multiple=True, required=True, metavar=OVER, help=OVER_HELP)
@click.option("--scheduler", metavar="ADDRESS", help=SCHEDULER_HELP)
@click.pass_context
def sweep_command(
    context: click.Context,
    /,
    config: str | None,
    out: str | None,
    axes: tuple[str, ...],
    scheduler: str | None,
    **flags: str | None,
) -> None:
    """Train every combination of values; Ctrl-C ends the sweep and keeps what was recorded."""
    grid = Grid(experiment_of(config, flags), _over(axes))
    check(out, config)
    stop, done, failure = threading.Event(), dict[int, xr.Dataset](), None
    chances = [chance_of(experiment)[0] for experiment in grid.experiments]
    made, complaints = Counter[int](), list[str]()
    with interruptible(stop.set):
        with Progress(sum(experiment.steps for experiment in grid.experiments)) as progress:

            def show(number: int, row: Row) -> None:
                made[number] += 1
                progress.show(row, chances[number], f"{len(done)} of {len(grid.points)} runs done")

            try:
                for number, run in kept_runs(grid, stop, show, scheduler=scheduler, not_kept=complaints.append):
                    done[number] = run
                    if not stop.is_set():  # a run that was kept, or diverged, leaves updates out
                        progress.skip(grid.experiments[number].steps - made[number])
            except SweepError as error:
                failure = error
        if done or failure is None:
            tell(_summary(grid, done.values()))
        known = sum(number not in made for number in done)
        if known:
            tell(f"{known} of them were in the run library; nothing is trained twice.")
        if complaints:
            tell(f"{len(complaints)} runs are not kept in the run library. {complaints[0]}")
        if done:
            deliver(grid.combine(done), out, [f"{grid.called(n)}: {finding(run)}" for n, run in sorted(done.items())])
    if failure is not None:
        raise failure
    if stop.is_set():
        context.exit(INTERRUPTED)


@main.command("runs")
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON, experiments included.")
def runs_command(as_json: bool) -> None:
    """List the run library, the last used run first; EXPLORER_LIBRARY names its folder."""
    entries, aside = library().entries()
    if as_json:
        click.echo(json.dumps([entry.plain() for entry in entries], indent=1, allow_nan=False))
    else:
        for entry in entries:
            about = ", ".join(f"{key} = {value}" for key, value in entry.experiment.explicit().items())
            how = f"{entry.status} after {entry.updates} updates, loss {entry.loss:.3g}{' (pinned)' * entry.pinned}"
            name = f"{entry.experiment.digest}  {entry.used:%Y-%m-%d %H:%M}"
            click.echo(f"{name}  {how}: {about or 'the default experiment'}")
        tell(f"{len(entries)} runs in {library().folder}.")
    for file in aside:
        tell(f"set aside: {file.sentence}")


def _scheme(given: str) -> str | dict[str, Any]:
    """A kind, or a scheme as JSON."""
    if not given.startswith("{"):
        return given
    try:
        found: dict[str, Any] = json.loads(given)
    except (ValueError, RecursionError):
        raise SweepError(f"--beside {given}: this is not valid JSON.") from None
    return found


def _over(axes: Iterable[str]) -> dict[str, list[Any]]:
    """FIELD=V1,V2 with words, numbers or JSON objects, or FIELD=[JSON], for each axis."""
    found: dict[str, list[Any]] = {}
    for axis in axes:
        path, equals, values = axis.partition("=")
        if not (path and equals and values):
            raise SweepError(f"--over {axis}: write {OVER}, such as seed=0,1,2.")
        if path in found:
            raise SweepError(f"--over {axis}: {path} is given twice.")
        found[path] = _listed(axis, values)
    return found


def _listed(axis: str, values: str) -> list[Any]:
    try:
        listed = json.loads(values if values.startswith("[") else f"[{values}]")
    except (ValueError, RecursionError):
        if any(sign in values for sign in '[]{}"'):
            raise SweepError(f"--over {axis}: the values are not valid JSON.") from None
        listed = values.split(",")
    return list(listed)


def _summary(grid: Grid, runs: Collection[xr.Dataset]) -> str:
    """How the runs of a sweep went, and how many updates were made."""
    statuses = Counter(str(run.attrs["status"]) for run in runs)
    statuses[NOT_RUN] += len(grid.points) - len(runs)
    made, asked = sum(run.sizes["step"] for run in runs), sum(experiment.steps for experiment in grid.experiments)
    told = ", ".join(f"{count} {status}" for status, count in statuses.items() if count)
    return f"{len(grid.points)} runs: {told}; {made} of {asked} updates."
