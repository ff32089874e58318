"""The instruments on the command line: a file, or a short table."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
import numpy as np
import xarray as xr

from explorer.delivering import check, deliver
from explorer.findings import cliff_sentences
from explorer.findings.cliff_sentences import coordinate
from explorer.findings.facts import number
from explorer.instruments import (
    InstrumentError,
    cliff,
    credit_matrix,
    descent,
    influence_balancing,
    lags,
    truncation_bias,
)
from explorer.options import experiment_of, experiment_options
from explorer.terminal import share_done

SHOWN = 8  # rows or columns of a table that fit
Row = Sequence[str]


@click.command("credit")
@experiment_options
def credit_command(config: str | None, out: str | None, **flags: str | None) -> None:
    """What each step's loss says about each state before it, at the start of training."""
    experiment = experiment_of(config, flags)
    check(out, config)
    with share_done() as told:
        found = credit_matrix(experiment, told)
    times = found["time"].values
    first, last = experiment.task.asked
    losses, states = times[first - 1 : last][_spread(last - first + 1)], times[_spread(len(times))]
    rows = [[f"s = {s}", *(number(float(v)) for v in found["credit"].sel(loss_time=s, time=states))] for s in losses]
    title = "‖∂L_s/∂h_t‖, summed over the batch: losses s down, states t across"
    deliver(found, out, [title, *_table([["", *(f"t = {t}" for t in states)], *rows])])


@click.command("lags")
@experiment_options
def lags_command(config: str | None, out: str | None, **flags: str | None) -> None:
    """How far what arrives at the recurrent weights has travelled, at the start of training."""
    experiment = experiment_of(config, flags)
    check(out, config)
    with share_done() as told:
        found = lags(experiment, told)
    chosen = [*(lag for lag in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if lag < found.sizes["lag"] - 1)]
    chosen.append(found.sizes["lag"] - 1)
    names = ("grad_weight", "grad_weight_cumulative")
    rows = [[str(lag), *(number(float(found[name][lag])) for name in names)] for lag in chosen]
    title = "part of ‖∂L/∂W_hh‖ that travelled so many steps, and at most so many"
    deliver(found, out, [title, *_table([["lag", "exactly", "at most"], *rows])])


def _lengths(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--lengths", required=True, metavar="K1,K2,…", help="Truncation lengths, such as 5,10,20.")(
        command
    )


@click.command("bias")
@experiment_options
@_lengths
@click.option(
    "--at", default="0", metavar="N1,N2,…", help="Updates after which to measure, such as 0,100 [default: 0]."
)
def bias_command(config: str | None, out: str | None, lengths: str, at: str, **flags: str | None) -> None:
    """How far truncated gradients are from the full one, for many truncation lengths."""
    experiment = experiment_of(config, flags)
    check(out, config)
    with share_done() as told:
        found = truncation_bias(experiment, _integers("lengths", lengths), _integers("at", at), told)
    names = [str(name) for name in found.data_vars]
    rows = _rows(found.expand_dims("step") if found["step"].ndim == 0 else found, names, ("step", "style", "length"))
    deliver(found, out, list(_table([["step", "style", "length", *names], *rows])))


@click.command("influence")
@_lengths
@click.option("--out", type=click.Path(), help="File to write: .nc (NetCDF) or .csv.")
def influence_command(out: str | None, lengths: str) -> None:
    """When truncation points the wrong way: influence balancing, exactly."""
    check(out, None)
    found = influence_balancing(_integers("lengths", lengths))
    rows = list(_rows(found, ["coefficient"], ("style", "length")))
    told = ["diverges" if away else "" for away in found["diverges"].values.flat]
    rows = [[*row, words] for row, words in zip(rows, told, strict=True)]
    title = f"factor of (s¹ − 1) in the gradient of θ; full BPTT has {number(found.attrs['full'])}"
    deliver(found, out, [title, *_table([["style", "length", "factor", ""], *rows])])


@click.command("cliff")
@click.option("--w", default="4,6", metavar="LOW,HIGH", help="Ends of the window of weights [default: 4,6].")
@click.option("--b", default="-3,-2", metavar="LOW,HIGH", help="Ends of the window of biases [default: -3,-2].")
@click.option("--resolution", type=int, default=201, show_default=True, help="Points along either side, 2 to 1001.")
@click.option("--steps", type=int, default=50, show_default=True, help="Time steps, 1 to 200.")
@click.option("--out", type=click.Path(), help="File to write: .nc (NetCDF) or .csv.")
def cliff_command(out: str | None, w: str, b: str, resolution: int, steps: int) -> None:
    """The error of a one-unit network over its two weights, where a wall makes the gradient explode."""
    check(out, None)
    found = cliff(_numbers("w", w), _numbers("b", b), resolution, steps)
    ws, bs = (found[name].values[_spread(found.sizes[name])] for name in "wb")
    head = ["", *(f"b = {coordinate(value)}" for value in bs)]
    rows = [
        [f"w = {coordinate(value)}", *(number(float(e)) for e in found["error"].sel(w=value, b=bs))] for value in ws
    ]
    title = f"{cliff_sentences.surface_sentence(found)}. Error: w down, b across"
    deliver(found, out, [title, *_table([head, *rows])])


@click.command("descent")
@click.option("--start", default="5,-2.2", metavar="W,B", help="Where it begins [default: 5,-2.2].")
@click.option("--learning-rate", type=float, default=0.1, show_default=True, help="1e-6 to 1000.")
@click.option("--threshold", type=float, help="Largest norm of the gradient, 1e-6 to 1e6 [default: no clipping].")
@click.option("--updates", type=int, default=100, show_default=True, help="1 to 10000.")
@click.option("--steps", type=int, default=50, show_default=True, help="Time steps, 1 to 200.")
@click.option("--out", type=click.Path(), help="File to write: .nc (NetCDF) or .csv.")
def descent_command(out: str | None, start: str, **how: Any) -> None:
    """Gradient descent on the cliff, clipped or not."""
    check(out, None)
    found = descent(_numbers("start", start), **how)
    chosen = found.isel(update=_spread(found.sizes["update"]))
    columns = [[coordinate(float(v)) for v in chosen[name].values] for name in "wb"]
    columns += [[number(float(v)) for v in chosen[name].values] for name in ("error", "gradient_norm")]
    rows = zip(map(str, chosen["update"].values), *columns, strict=True)
    deliver(found, out, [f"{cliff_sentences.alone_sentence(found)}.",
                         *_table([["update", "w", "b", "error", "‖g‖"], *rows])])  # fmt: skip


COMMANDS = (credit_command, lags_command, bias_command, influence_command, cliff_command, descent_command)


def _integers(name: str, given: str) -> list[int]:
    """Numbers between commas."""
    try:
        return [int(word) for word in given.split(",")]
    except ValueError:
        raise InstrumentError(f"--{name} {given}: write integers with commas between them, such as 5,10,20.") from None


def _numbers(name: str, given: str) -> list[float]:
    """Numbers between commas."""
    try:
        return [float(word) for word in given.split(",")]
    except ValueError:
        raise InstrumentError(f"--{name} {given}: write two numbers with a comma between them, such as 4,6.") from None


def _rows(found: xr.Dataset, names: Sequence[str], dims: Sequence[str]) -> Iterable[Row]:
    """A row for each combination of coordinates, and the values there."""
    table = xr.Dataset({name: found[name].transpose(*dims) for name in names}).to_dataframe(dim_order=list(dims))
    for point, values in zip(table.index, table[list(names)].to_numpy(), strict=True):
        yield [*map(str, point), *(number(float(value)) for value in values)]


def _spread(count: int) -> list[int]:
    """A few of so many places, the first and the last among them."""
    return [int(place) for place in np.unique(np.linspace(0, count - 1, SHOWN).round())]


def _table(rows: Iterable[Row]) -> Iterable[str]:
    """Columns aligned to the right."""
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
