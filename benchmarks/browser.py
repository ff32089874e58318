"""A Chromium to look at the page with, and the page itself, served as people serve it: by `make app`."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from benchmarks.machine import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
START_S, STOP_S = 120, 10


class MissingError(Exception):
    """The page cannot be looked at; the sentence says what is missing."""


@contextmanager
def browser() -> Iterator["Browser"]:
    """A headless Chromium.

    Raises:
        MissingError: where there is none, or no playwright, or no make, or where the page does not answer it.
    """
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise MissingError("No Chromium was found, so the page's rows are left out (Debian: apt install chromium).")
    if shutil.which("make") is None:
        raise MissingError("There is no make, so the page's rows are left out.")
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        sentence = "playwright is not installed, so the page's rows are left out; requirements-dev.txt has it."
        raise MissingError(sentence) from None
    try:
        with sync_playwright() as it, closing(it.chromium.launch(executable_path=path, args=SWITCHES)) as chromium:
            yield chromium
    except Error as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise MissingError(f"The page could not be timed, so its rows are left out: {why}.") from None


@contextmanager
def served() -> Iterator[str]:
    """`make app` on a free port: its address, at once; it need not answer yet."""
    port = _free_port()
    # -o: what is installed is not checked, nor changed, by a benchmark. Not the make that may have started this one.
    command = ["make", "-o", ".venv/.installed", "app", "HEADLESS=1", f"PORT={port}"]
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    library = tempfile.mkdtemp(prefix="explorer-library-")  # nothing known from before, nothing left behind
    env["EXPLORER_LIBRARY"] = library
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield f"http://localhost:{port}"
    finally:
        shutil.rmtree(library, ignore_errors=True)
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_S)


def wait_until_served(url: str) -> None:
    """Return as soon as the address takes connections.

    Raises:
        MissingError: where it never does.
    """
    port, deadline = int(url.rpartition(":")[2]), time.monotonic() + START_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise MissingError("`make app` served nothing, so the page's rows are left out; try `make app` by hand.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
