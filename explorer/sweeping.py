"""Many experiments as one grid."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from typing import Any

import xarray as xr

from explorer import budget
from explorer.building import DeviceError, device_of
from explorer.clusters.connecting import scheduler_address
from explorer.clusters.runs import runs_on
from explorer.experiment import Experiment
from explorer.grid import Grid
from explorer.groups import grouped, train_group, updates
from explorer.recording import Recording, Row
from explorer.several import Several, SweepError
from explorer.workers.crew import CrewError, rows_from_processes
from explorer.workers.processes import CORES

LOOK = 0.1  # seconds between two looks at `stop` while runs are made elsewhere
SOON = 10.0  # seconds of work below which processes of their own would take longer to start than they save


def sweep(
    config: Experiment,
    over: Mapping[str, Iterable[Any]],
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> xr.Dataset:
    """Train the experiment once for every combination of the values given.

    Args:
        config: the experiment that everything else is taken from.
        over: path of a field, such as "truncation.k2" or "cell.kind", to its values; a value may be a whole part, such
            as {"kind": "window", "k1": 5, "k2": 5} for "truncation".
        executor: where the runs are made, such as ProcessPoolExecutor(2, multiprocessing.get_context("spawn"),
            torch.set_num_threads, (1,)). If None, on the Dask cluster that EXPLORER_SCHEDULER names, else on all cores
            of this machine.
        progress: called with (runs done, runs in all) after each run.
        stop: once set, no other run is started. Those under way on this machine end before their next update, on a
            cluster within a second or so; those under way in an executor run to their end.

    Returns:
        One Dataset with a dimension for each axis, named by the field's last word, a `kind` by its owner, or by the
        whole path where that is ambiguous. Shorter runs and sequences, and variables that a cell does not have, are
        padded with nan. `status` ("not run" where it was not started) and `recorded`, the number of its updates, say
        how each run went.

    Raises:
        SweepError: for an axis without values or with one value twice, a grid beyond the budget, or a cluster that
            cannot be used, before anything is trained; and where a run fails: then the error's `grid` holds the runs
            done before.
        ExperimentError: where a combination is not allowed, before anything is trained.
        DeviceError: where CUDA is asked for and there is none, before anything is trained here.
    """
    grid, stop = Grid(config, over), stop or threading.Event()
    done: dict[int, xr.Dataset] = {}
    try:
        for number, run in runs(grid, stop) if executor is None else _runs_in(executor, grid, stop):
            done[number] = run
            if progress is not None:
                progress(len(done), len(grid.experiments))
    except SweepError as error:
        error.grid = grid.combine(done) if done else None
        raise
    return grid.combine(done)


def runs(
    several: Several,
    stop: threading.Event,
    after_update: Callable[[int, Row], None] | None = None,
    scheduler: str | None = None,
    *,
    aside: bool = False,
) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs on a Dask cluster, where one is named, by its address or by EXPLORER_SCHEDULER; else on this machine.

    The arguments are those of `runs_on` and `runs_here`.
    """
    address = scheduler or scheduler_address()
    return (
        runs_on(address, several, stop, after_update)
        if address
        else runs_here(several, stop, after_update, aside=aside)
    )


def runs_here(
    several: Several,
    stop: threading.Event,
    after_update: Callable[[int, Row], None] | None = None,
    *,
    aside: bool = False,
) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs on this machine: in this process where they are done soon, else in a process for each core.

    Args:
        several: what to run.
        stop: once set, every run under way ends before its next update and no other is started.
        after_update: called with the run's number and the row of each update.
        aside: use other processes even for what is done soon, so that this one stays free for its pages.

    Yields:
        Number and Dataset of each run, as they end; after a stop, also of those that were under way.

    Raises:
        DeviceError: naming the combination, before anything is trained.
        SweepError: where a run fails, naming the combination.
    """
    for number, experiment in enumerate(several.experiments):
        try:
            device_of(experiment)
        except DeviceError as error:
            raise DeviceError(f"{several.called(number)}: {error}") from None
    under_way: dict[int, Recording] = {}
    rows = _rows(several, stop, aside=aside)
    with closing(rows):
        for number, row in rows:
            recording = under_way.setdefault(number, Recording(several.experiments[number]))
            recording.keep(row)
            if after_update is not None:
                after_update(number, row)
            if recording.status != "running":
                yield number, under_way.pop(number).dataset()
    for number, recording in sorted(under_way.items()):
        recording.status = "stopped"
        yield number, recording.dataset()


def _rows(several: Several, stop: threading.Event, *, aside: bool) -> Generator[tuple[int, Row], None, None]:
    """The rows of all runs, with the runs' numbers, as they are made; whole updates only."""
    experiments = several.experiments
    aside = aside or _worth_processes(experiments)
    places = CORES if aside else 1
    groups = grouped(experiments, places)
    if not aside:
        for group in groups:
            if stop.is_set():
                return
            try:
                for rows in updates([experiments[number] for number in group]):
                    yield from ((group[place], row) for place, row in rows.items())
                    if stop.is_set():
                        return
            except (RuntimeError, MemoryError) as error:
                raise several.failed(group, error) from error
        return
    try:
        for number, found in rows_from_processes([[experiments[n] for n in group] for group in groups], places):
            yield from ((groups[number][place], row) for place, row in found)
            if stop.is_set():
                return
    except CrewError as error:
        raise several.failed(groups[error.group], error) from error


def _worth_processes(experiments: Sequence[Experiment]) -> bool:
    """Whether the work outweighs starting processes; a GPU is kept busy by one."""
    seconds = sum(experiment.steps * budget.seconds(experiment) for experiment in experiments)
    return CORES > 1 and len(experiments) > 1 and seconds > SOON and device_of(experiments[0]).type == "cpu"


def _runs_in(executor: Executor, several: Several, stop: threading.Event) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs wherever the executor makes them, in groups, as they complete."""
    experiments = several.experiments
    groups = grouped(experiments, getattr(executor, "_max_workers", CORES))
    futures: dict[Future[list[xr.Dataset]], list[int]] = {}
    for group in groups:
        future = _submitted(executor, [experiments[number] for number in group])
        futures[future] = group
        if future.done() and isinstance(_error(future), BrokenExecutor):
            break
    pending = set(futures)
    try:
        while pending:
            complete, pending = wait(pending, LOOK, FIRST_COMPLETED)
            given_up = {future for future in pending if future.cancelled()}  # by somebody else: nobody is told of it
            complete, pending = complete | given_up, pending - given_up
            for future in sorted(complete, key=lambda f: _error(f) is not None):  # what is done before what failed
                if (error := _error(future)) is not None:
                    raise several.failed(futures[future], error) from (
                        error if isinstance(error, BaseException) else None
                    )
                yield from zip(futures[future], future.result(), strict=True)
            if stop.is_set():
                pending = {future for future in pending if not future.cancel()}
    finally:
        for future in pending:
            future.cancel()


def _submitted(executor: Executor, group: Sequence[Experiment]) -> Future[list[xr.Dataset]]:
    """A group handed over; one that a broken executor does not take has failed like the others in it."""
    try:
        return executor.submit(train_group, group)
    except BrokenExecutor as error:
        failed: Future[list[xr.Dataset]] = Future()
        failed.set_exception(error)
        return failed


def _error(future: Future[Any]) -> BaseException | str | None:
    """Why a future that is done has no result, if it has none."""
    try:
        return future.exception()
    except CancelledError:
        return "the executor gave it up"
