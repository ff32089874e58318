"""The runs of a sweep on a Dask cluster: hand out groups, collect their progress and what comes of them."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import xarray as xr

from explorer.clusters.connecting import WORKER, ClusterError, connected, looking
from explorer.groups import grouped
from explorer.recording import NUMBERS, Row
from explorer.several import Several, SweepError

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK = 0.1  # seconds between two looks at `stop`
ASK = 1.0  # seconds between two questions to the scheduler
ALONE = 30.0  # seconds without any worker after which none is waited for
ENDING = 60.0  # seconds for groups under way to end after a stop, beyond any update that the budget allows

After = Callable[[int, Row], None]


def runs_on(
    cluster: "str | Client", several: Several, stop: threading.Event, after_update: After | None = None
) -> Iterator[tuple[int, xr.Dataset]]:
    """The runs on a Dask cluster, a group for each of its threads at a time.

    A worker that is lost loses nothing: Dask gives its group to another, which trains it again from its start.

    Args:
        cluster: the scheduler's address, such as tcp://HOST:8786, or a Client of it.
        several: what to run.
        stop: once set, groups under way end within a second or their next update, and no other is started.
        after_update: called with the run's number and the row of each update, each once and in order; these rows have
            no norms by time, which come with the run.

    Yields:
        Number and Dataset of each run, as they end; after a stop, also of those that were under way.

    Raises:
        ClusterError: where the cluster cannot be used or is lost.
        SweepError: where a run fails, naming the combination.
    """
    if stop.is_set():
        return
    with connected(cluster) as client:
        sweep = _Sweep(client, several, after_update)
        try:
            yield from sweep.runs(stop)
        finally:
            sweep.close()


class _Sweep:
    """One sweep under way on a cluster."""

    def __init__(self, client: "Client", several: Several, after_update: After | None) -> None:
        from distributed import Event

        from explorer.clusters.place import TOPIC

        self._client, self._several, self._after = client, several, after_update
        self._address = str(client.scheduler_info()["address"])
        self._name, self._versions = f"explorer-{uuid4().hex}", looking()()
        self._stop = Event(self._name, client=client)
        self._told: Counter[int] = Counter()
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._takers = ThreadPoolExecutor(1)  # a result whose worker is lost meanwhile is waited for, but not here
        client.subscribe_topic(TOPIC, self._hear)
        places = max(1, sum(self._asking(client.nthreads).values()))
        self._groups: dict[Future[list[xr.Dataset]], list[int]] = {
            self._submitted(number, group): group for number, group in enumerate(grouped(several.experiments, places))
        }
        for future in self._groups:
            future.add_done_callback(lambda future: self._takers.submit(self._take, future))

    def _submitted(self, number: int, group: list[int]) -> "Future[list[xr.Dataset]]":
        texts = [self._several.experiments[n].model_dump_json() for n in group]
        task = (_remote(), self._name, group, texts, self._versions)
        return self._client.submit(*task, key=f"{self._name}-{number}", pure=False)

    def _hear(self, event: tuple[float, Any]) -> None:
        if event[1][0] == self._name:  # the other sweeps on this cluster are told of here as well
            self._events.put(event[1])

    def _take(self, future: "Future[list[xr.Dataset]]") -> None:
        """Fetch what came of a group."""
        try:
            self._events.put((future, future.result()))
        except BaseException as error:  # whatever it is, the sweep says so
            self._events.put((future, error))

    def runs(self, stop: threading.Event) -> Iterator[tuple[int, xr.Dataset]]:
        """Whatever comes, until nothing more will."""
        asked = with_workers = monotonic()
        stopped: float | None = None
        failed: list[tuple[Future[list[xr.Dataset]], BaseException]] = []
        while self._groups and not failed:
            for event in self._waiting():
                if isinstance(event[0], str):
                    self._tell(*event[1:])
                elif event[0] not in self._groups:
                    pass  # given up meanwhile
                elif isinstance(event[1], BaseException):
                    failed.append(event)
                else:
                    yield from self._done(*event)
            if stop.is_set() and stopped is None:
                stopped = asked = monotonic()
                self._asking(self._stop.set)
            if stopped is not None and monotonic() - stopped > ENDING:
                return
            if monotonic() - asked > (ASK if stopped is None else LOOK):
                asked = monotonic()
                with_workers = asked if self._asking(self._client.nthreads) else with_workers
                if stopped is not None:
                    self._drop_unbegun()
                elif asked - with_workers > ALONE:
                    raise self._lost(f"all its workers are gone; start one: {WORKER.format(self._address)}.")
        for future, error in failed:
            raise self._failed(self._groups[future], error) from error

    def _waiting(self) -> list[Any]:
        """Everything that has come, or the first thing that comes soon."""
        events = []
        with suppress(Empty):
            events.append(self._events.get(timeout=LOOK))
            while True:
                events.append(self._events.get_nowait())
        return events

    def _done(self, future: "Future[list[xr.Dataset]]", runs: list[xr.Dataset]) -> Iterator[tuple[int, xr.Dataset]]:
        group = self._groups.pop(future)
        future.release()
        for number, run in zip(group, runs, strict=False):  # there are none where it was stopped before it began
            rest = np.stack([run[name].values for name in NUMBERS], axis=1)
            self._tell(number, 0, rest.tobytes())
            yield number, run

    def _tell(self, number: int, first: int, numbers: bytes) -> None:
        """Pass on the updates that were not told before: a group that is trained again begins at its start."""
        rows = np.frombuffer(numbers).reshape(-1, len(NUMBERS)).tolist()
        for row in rows[self._told[number] - first :] if first <= self._told[number] else ():
            self._told[number] += 1
            if self._after is not None:
                self._after(number, Row(dict(zip(NUMBERS, row, strict=True)), {}))

    def _drop_unbegun(self) -> None:
        """Give up the groups that no worker has; one that begins meanwhile sees by itself that it is too late."""
        scheduler: Any = self._client.scheduler
        keys = {future.key: future for future in self._groups}
        states = self._asking(lambda: self._client.sync(scheduler.get_task_status, keys=list(keys)))
        unbegun = [
            keys[key] for key, state in states.items() if state in ("queued", "no-worker", "waiting", "released")
        ]
        for future in unbegun:
            del self._groups[future]
        self._client.cancel(unbegun)

    def _asking(self, question: Callable[[], Any]) -> Any:
        try:
            if self._client.status != "running":
                raise OSError("not connected")
            return question()
        except (OSError, ValueError, RuntimeError) as error:
            raise self._lost("the connection to the scheduler is lost; see whether it still runs.") from error

    def _failed(self, group: list[int], error: BaseException) -> SweepError:
        """The sentence about a group that did not end well."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        if isinstance(error, CancelledError) or self._client.status != "running":
            return self._lost("the connection to the scheduler is lost; see whether it still runs.")
        if isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] == "explorer":
            return self._lost(
                f"a worker cannot import this project; start it in its folder: {WORKER.format(self._address)}."
            )
        if isinstance(error, KilledWorker):
            lost = f"{error.allowed_failures + 1} workers were lost over it, perhaps for want of memory"
            return self._several.failed(group, f"{lost}; lower batch_size, length or steps")
        return self._several.failed(group, error)

    def _lost(self, sentence: str) -> ClusterError:
        return ClusterError(self._address, sentence)

    def close(self) -> None:
        """Give up what is still under way; workers see that within a second or their next update."""
        if self._client.status == "running":  # else the scheduler has given all up by itself
            with suppress(Exception):  # the connection may be lost this moment
                self._client.cancel(list(self._groups))
                self._stop.clear()
        self._takers.shutdown(wait=False, cancel_futures=True)


def _remote() -> Callable[..., list[xr.Dataset]]:
    """What a worker calls."""

    # A function inside a function travels whole: the scheduler can unpack it without this project.
    def train_there(*arguments: Any) -> list[xr.Dataset]:
        from explorer.clusters.place import train

        return train(*arguments)

    return train_there
