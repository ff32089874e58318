"""Many runs of which nothing is computed twice: what the run library has comes from there, the rest goes there."""

import threading
from collections.abc import Callable, Iterator

import xarray as xr

from explorer.dataset import SaveError
from explorer.library import library
from explorer.recording import Row
from explorer.several import Several
from explorer.sweeping import runs


def kept_runs(
    several: Several,
    stop: threading.Event,
    after_update: Callable[[int, Row], None] | None = None,
    *,
    scheduler: str | None = None,
    aside: bool = False,
    not_kept: Callable[[str], None] = lambda sentence: None,
) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs as they end, those that the library has to their end first.

    Args:
        several: what to run.
        stop: once set, every run under way ends before its next update and no other is started.
        after_update: called with the number and the row of each update made now.
        scheduler: address of a Dask cluster; EXPLORER_SCHEDULER where None.
        aside: use other processes even for what is done soon.
        not_kept: told why a run could not be kept.

    Yields:
        Number and Dataset of each run.
    """
    rest = []
    for number, experiment in enumerate(several.experiments):
        if stop.is_set():
            return
        entry = library().entry(experiment)
        run = library().open(experiment) if entry is not None and entry.status != "stopped" else None
        if run is None:
            rest.append(number)
        else:
            yield number, run
    if not rest:
        return

    def after(number: int, row: Row) -> None:
        if after_update is not None:
            after_update(rest[number], row)

    for number, run in runs(several.part(rest), stop, after, scheduler=scheduler, aside=aside):
        try:
            library().keep(run)
        except SaveError as error:
            not_kept(str(error))
        yield rest[number], run
