"""Many experiments as one grid."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from typing import Any

import xarray as xr

from explorer.building import DeviceError, device_of
from explorer.experiment import Experiment
from explorer.grid import Grid, SweepError
from explorer.recording import Row
from explorer.training import Training, train

LOOK = 0.1  # seconds between two looks at `stop` while runs are made elsewhere


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
            torch.set_num_threads, (1,)); here, one after another, if None.
        progress: called with (runs done, runs in all) after each run.
        stop: once set, no other run is started. The run under way here ends before its next update; those under way
            in an executor run to their end.

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
    """The runs one after another in this process.

    Args:
        grid: what to run.
        stop: once set, the run under way ends before its next update and no other is started.
        after_update: called with the run's number and the row of each update.

    Yields:
        Number and Dataset of each run.

    Raises:
        DeviceError: naming the combination, before anything is trained.
        SweepError: where a run fails, naming the combination.
    """
    for number, experiment in enumerate(grid.experiments):
        try:
            device_of(experiment)
        except DeviceError as error:
            raise DeviceError(f"{grid.called(number)}: {error}") from None
    for number, experiment in enumerate(grid.experiments):
        if stop.is_set():
            return
        try:
            training = Training(experiment)
            for row in training:
                if after_update is not None:
                    after_update(number, row)
                if stop.is_set():
                    training.stop()
        except (RuntimeError, MemoryError) as error:
            raise _failed(grid, number, error) from error
        yield number, training.dataset()


def _runs_in(executor: Executor, grid: Grid, stop: threading.Event) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs wherever the executor makes them, as they complete."""
    numbers = {executor.submit(train, experiment): number for number, experiment in enumerate(grid.experiments)}
    pending = set(numbers)
    try:
        while pending:
            complete, pending = wait(pending, LOOK, FIRST_COMPLETED)
            for future in sorted(complete, key=lambda f: f.exception() is not None):  # what is done before what failed
                if (error := future.exception()) is not None:
                    raise _failed(grid, numbers[future], error) from error
                yield numbers[future], future.result()
            if stop.is_set():
                pending = {future for future in pending if not future.cancel()}
    finally:
        for future in pending:
            future.cancel()


def _failed(grid: Grid, number: int, error: BaseException) -> SweepError:
    return SweepError(f"{grid.called(number)}: the run failed: {str(error).strip() or type(error).__name__}")
