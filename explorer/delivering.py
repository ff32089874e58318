"""What a command gives back: a file, or sentences; nothing recorded is lost on the way."""

import shutil
import tempfile
from pathlib import Path

import click
import xarray as xr

from explorer import findings
from explorer.dataset import SaveError, check_target, experiment_beside, save
from explorer.library import library
from explorer.terminal import tell


def finding(dataset: xr.Dataset) -> str:
    """The headline of a page, without its colours."""
    return "".join(text for text, _ in findings.headline([dataset]))


def check(out: str | None, config: str | None) -> None:
    """Refuse a target that cannot be written, before a long computation."""
    if out is None:
        return
    target = check_target(out)
    csv = target.suffix == ".csv"
    if csv and config is not None and experiment_beside(target).resolve() == Path(config).resolve():
        raise SaveError(f"{out}: the .experiment.json beside it would replace the config; give another name.")


def keep(run: xr.Dataset, seconds: float) -> None:
    """Keep a run in the library; where that is impossible, --out still has it."""
    try:
        library().keep(run, seconds)
    except SaveError as error:
        tell(f"not kept in the run library. {error}")


def deliver(dataset: xr.Dataset, out: str | None, sentences: list[str]) -> None:
    """Write the file, or say in words what was found; nothing recorded is lost to a full disk."""
    if out is None:
        click.echo("\n".join(sentences))
        return
    try:
        tell(f"saved to {save(dataset, out)}.")
    except SaveError as error:
        raise SaveError(f"{error} {_rescued(dataset, out)}") from None


def _rescued(dataset: xr.Dataset, out: str) -> str:
    """Keep what was recorded in another folder, and say where it is."""
    for place in (tempfile.gettempdir, Path.home, Path.cwd):
        try:
            folder = Path(tempfile.mkdtemp(prefix="explorer-", dir=place()))
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            continue
        try:
            return f"What was recorded is in {save(dataset, folder / Path(out).name)} instead."
        except SaveError:
            shutil.rmtree(folder, ignore_errors=True)
    return "Nor could it be kept in the folders for temporary files, the home folder or this one."
