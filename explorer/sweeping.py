"""Many experiments as one grid."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from contextlib import closing
from typing import Any

import xarray as xr

from explorer import budget
from explorer.building import DeviceError, device_of
from explorer.experiment import Experiment
from explorer.grid import Grid, SweepError
from explorer.groups import grouped, train_group, updates
from explorer.recording import Recording, Row
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
            torch.set_num_threads, (1,)); on all cores of this machine if None.
        progress: called with (runs done, runs in all) after each run.
        stop: once set, no other run is started. Those under way on this machine end before their next update; those
            under way in an executor run to their end.

    Returns:
        One Dataset with a dimension for each axis, named by the field's last word, a `kind` by its owner, or by the
        whole path where that is ambiguous. Shorter runs and sequences, and variables that a cell does not have, are
        padded with nan. `status` ("not run" where it was not started) and `recorded`, the number of its updates, say
        how each run went.

    Raises:
        SweepError: for an axis without values or with one value twice, or a grid beyond the budget, before anything is
            trained; and where a run fails: then the error's `grid` holds the runs done before.
        ExperimentError: where a combination is not allowed, before anything is trained.
        DeviceError: where CUDA is asked for and there is none, before anything is trained here.
    """
    grid, stop = Grid(config, over), stop or threading.Event()
    done: dict[int, xr.Dataset] = {}
    try:
        for number, run in runs_here(grid, stop) if executor is None else _runs_in(executor, grid, stop):
            done[number] = run
            if progress is not None:
                progress(len(done), len(grid.experiments))
    except SweepError as error:
        error.grid = grid.combine(done) if done else None
        raise
    return grid.combine(done)


def runs_here(
    grid: Grid, stop: threading.Event, after_update: Callable[[int, Row], None] | None = None
) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs on this machine: in this process where they are done soon, else in a process for each core.

    Args:
        grid: what to run.
        stop: once set, every run under way ends before its next update and no other is started.
        after_update: called with the run's number and the row of each update.

    Yields:
        Number and Dataset of each run, as they end; after a stop, also of those that were under way.

    Raises:
        DeviceError: naming the combination, before anything is trained.
        SweepError: where a run fails, naming the combination.
    """
    for number, experiment in enumerate(grid.experiments):
        try:
            device_of(experiment)
        except DeviceError as error:
            raise DeviceError(f"{grid.called(number)}: {error}") from None
    under_way: dict[int, Recording] = {}
    rows = _rows(grid, stop)
    with closing(rows):
        for number, row in rows:
            recording = under_way.setdefault(number, Recording(grid.experiments[number]))
            recording.keep(row)
            if after_update is not None:
                after_update(number, row)
            if recording.status != "running":
                yield number, under_way.pop(number).dataset()
    for number, recording in sorted(under_way.items()):
        recording.status = "stopped"
        yield number, recording.dataset()


def _rows(grid: Grid, stop: threading.Event) -> Generator[tuple[int, Row], None, None]:
    """The rows of all runs, with the runs' numbers, as they are made; whole updates only."""
    experiments = grid.experiments
    places = CORES if _worth_processes(experiments) else 1
    groups = grouped(experiments, places)
    if places == 1:
        for group in groups:
            if stop.is_set():
                return
            try:
                for rows in updates([experiments[number] for number in group]):
                    yield from ((group[place], row) for place, row in rows.items())
                    if stop.is_set():
                        return
            except (RuntimeError, MemoryError) as error:
                raise _failed(grid, group, error) from error
        return
    try:
        for number, found in rows_from_processes([[experiments[n] for n in group] for group in groups], places):
            yield from ((groups[number][place], row) for place, row in found)
            if stop.is_set():
                return
    except CrewError as error:
        raise _failed(grid, groups[error.group], error) from error


def _worth_processes(experiments: Sequence[Experiment]) -> bool:
    """Whether the work outweighs starting processes; a GPU is kept busy by one."""
    seconds = sum(experiment.steps * budget.seconds(experiment) for experiment in experiments)
    return CORES > 1 and len(experiments) > 1 and seconds > SOON and device_of(experiments[0]).type == "cpu"


def _runs_in(executor: Executor, grid: Grid, stop: threading.Event) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs wherever the executor makes them, in groups, as they complete."""
    experiments = grid.experiments
    groups = grouped(experiments, getattr(executor, "_max_workers", CORES))
    futures = {executor.submit(train_group, [experiments[n] for n in group]): group for group in groups}
    pending = set(futures)
    try:
        while pending:
            complete, pending = wait(pending, LOOK, FIRST_COMPLETED)
            for future in sorted(complete, key=lambda f: f.exception() is not None):  # what is done before what failed
                if (error := future.exception()) is not None:
                    raise _failed(grid, futures[future], error) from error
                yield from zip(futures[future], future.result(), strict=True)
            if stop.is_set():
                pending = {future for future in pending if not future.cancel()}
    finally:
        for future in pending:
            future.cancel()


def _failed(grid: Grid, group: Sequence[int], error: BaseException) -> SweepError:
    """The sentence about a group whose training failed, named by its first combination."""
    others = f" and {len(group) - 1} trained with it" if len(group) > 1 else ""
    why = str(error).strip() or type(error).__name__
    return SweepError(f"{grid.called(group[0])}{others}: the run failed: {why}")
