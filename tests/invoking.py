"""The command line called in this process, and what its results are compared with."""

from pathlib import Path

import click.testing
import numpy as np
import xarray as xr

from explorer.commands import main

SMALL = {
    "task": {"kind": "adding", "length": 12},
    "cell": {"kind": "lstm", "hidden_size": 4},
    "batch_size": 3,
    "steps": 4,
    "device": "cpu",
}
TINY = ["--length", "8", "--hidden-size", "3", "--batch-size", "2", "--device", "cpu"]


def invoke(*args: object) -> click.testing.Result:
    """The command's result; standard output and error apart."""
    return click.testing.CliRunner().invoke(main, [str(arg) for arg in args], prog_name="explorer")


def opened(path: Path) -> xr.Dataset:
    """A file as anybody opens it."""
    with xr.open_dataset(path) as found:
        return found.load()


def same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Equal to the last bit, with inf and nan in the same places."""
    assert float(np.nanmax(expected["grad_h"])) > 0
    xr.testing.assert_equal(found, expected)
    assert found.attrs == expected.attrs


def refused(done: click.testing.Result, sentence: str) -> None:
    """One sentence on standard error, nothing else."""
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert sentence in line
    assert line.endswith((".", "?"))
    assert isinstance(done.exception, SystemExit), done.exception
