"""Connecting to a Dask cluster, and seeing beforehand that its workers compute what this machine would."""

import asyncio
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from explorer.several import SweepError

if TYPE_CHECKING:
    from distributed import Client
    from distributed.security import Security

SETTING = "EXPLORER_SCHEDULER"
CONNECT = 10.0  # seconds for an answer, and for the first worker
INSTALL = "python -m pip install -r requirements-dask.txt"
WORKER = "python -m dask worker {} --nthreads 1"


class ClusterError(SweepError):
    """A cluster cannot be used, or was lost; the sentence says why and what to do."""

    def __init__(self, address: str, sentence: str) -> None:
        super().__init__(f"--scheduler ({SETTING}) {address}: {sentence}")


def scheduler_address() -> str | None:
    """The cluster that the environment names, if it names one."""
    return os.environ.get(SETTING, "").strip() or None


@contextmanager
def connected(cluster: "str | Client") -> Iterator["Client"]:
    """A connection of its own to a cluster that fits this machine; closed afterwards.

    Args:
        cluster: the scheduler's address, or a Client whose scheduler and security are taken.

    Raises:
        ClusterError: where there is no such cluster, it has no worker, or its workers would compute something else.
    """
    address = cluster if isinstance(cluster, str) else str(cluster.scheduler_info()["address"])
    try:
        from distributed import Client
        from distributed.security import Security
        from distributed.versions import VersionMismatchWarning
    except ImportError:
        raise ClusterError(address, f"Dask is not installed here; run: {INSTALL}.") from None
    security = Security() if isinstance(cluster, str) else cluster.security
    _check_scheduler(address, security)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # told below, in a sentence
            client = Client(address, timeout=CONNECT, security=security, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(address, f"the connection failed: {_first_line(error)}.") from None
    try:
        try:
            _check_workers(address, client)
        except (OSError, ValueError, RuntimeError) as error:
            raise ClusterError(address, f"the connection failed: {_first_line(error)}.") from None
        yield client
    finally:
        if client.status == "running":
            client.close()
        else:  # it tries for a while to connect again, and complains; the sweep has said already what is wrong
            threading.Thread(target=_close_quietly, args=(client,), daemon=True).start()


def _close_quietly(client: "Client") -> None:
    logger = logging.getLogger("distributed.client")
    logger.addFilter(_nothing)
    with suppress(Exception):
        client.close(timeout=2 * CONNECT)
    logger.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _check_scheduler(address: str, security: "Security") -> None:
    """Ask who answers, before a Client tries for as long as it is allowed and complains in its own words."""
    if not re.fullmatch(r"(tcp|tls|ws|wss)://\S+:\d+|inproc://\S+", address):
        raise ClusterError(address, "this is no address; write tcp://HOST:PORT, as the scheduler prints it.")
    try:
        with ThreadPoolExecutor(1) as thread:  # the caller's thread may have an event loop of its own
            kind = thread.submit(asyncio.run, _kind(address, security)).result()
    except Exception:  # whatever stands in the way between here and there
        sentence = "no Dask scheduler answers there; start one with `python -m dask scheduler`, or correct the address."
        raise ClusterError(address, sentence) from None
    if kind != "Scheduler":
        raise ClusterError(address, f"a Dask {kind.lower()} answers there; give the address of the scheduler.")


async def _kind(address: str, security: "Security") -> str:
    """What kind of Dask server answers."""
    from distributed import rpc

    async with rpc(address, timeout=CONNECT, connection_args=security.get_connection_args("client")) as server:
        return str((await asyncio.wait_for(server.identity(), CONNECT))["type"])


def _check_workers(address: str, client: "Client") -> None:
    """See that there are workers, and that they and this machine run the same programs."""
    try:
        client.wait_for_workers(1, timeout=CONNECT)
    except (TimeoutError, OSError):
        sentence = f"the cluster has no workers; start one in this project's folder: {WORKER.format(address)}."
        raise ClusterError(address, sentence) from None
    versions: Any = client.get_versions()
    look = looking()
    here, mine = look(), _shared(versions["client"])
    servers = {f"the scheduler {address}": versions["scheduler"]}
    servers |= {f"the worker {name}": told for name, told in versions["workers"].items()}
    for name, told in servers.items():  # first of all: functions travel between equal versions of Python only
        _refuse_other(address, name, _shared(told), mine)
    for name, told in client.run(look, on_error="return").items():
        _refuse_other(address, f"the worker {name}", told, here)


def _shared(told: Mapping[str, Any]) -> dict[str, str]:
    packages = told["packages"]
    python = ".".join(str(packages["python"]).split(".")[:2])
    return {"Python": python, "distributed": packages["distributed"], "cloudpickle": packages["cloudpickle"]}


def _refuse_other(address: str, name: str, told: Any, here: Mapping[str, str]) -> None:
    """Refuse a server that has not what is here."""
    if not isinstance(told, Mapping):
        raise ClusterError(address, f"{name} could not be asked what it runs: {_first_line(told)}.")
    for program, version in here.items():
        if told[program] == version:
            continue
        if program == PROJECT:
            problem = "cannot import this project" if told[program] == "" else "has another version of this project"
            raise ClusterError(
                address, f"{name} {problem}; start it in a copy of this folder: {WORKER.format(address)}."
            )
        there = told[program] or "none"
        raise ClusterError(address, f"{name} has {program} {there}, this machine {version}; install the same there.")


PROJECT = "explorer"


def looking() -> Callable[[], dict[str, str]]:
    """What tells, where it is called, which versions results depend on: program → version, "" where it is missing.

    The project's own is a hash of its source, pages and figures apart. A function inside a function travels whole: it
    can be called where this project is not.
    """

    def look() -> dict[str, str]:
        import hashlib
        from importlib.metadata import PackageNotFoundError, version
        from importlib.util import find_spec
        from pathlib import Path

        found = {}
        for name in ("torch", "numpy", "xarray", "pydantic"):
            try:
                found[name] = version(name).partition("+")[0]  # what follows names the build, such as cpu
            except PackageNotFoundError:
                found[name] = ""
        spec, digest = find_spec("explorer"), hashlib.sha256()
        if spec is None or spec.origin is None:
            return {"explorer": "", **found}
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*.py")):
            if path.relative_to(folder).parts[0] not in ("ui", "figures", "findings"):
                digest.update(path.read_text(encoding="utf-8").encode())
        return {"explorer": digest.hexdigest(), **found}

    return look


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".") or type(error).__name__
