"""Fixtures for tests in a real browser: a Chromium, and pages served on 127.0.0.1."""

import os
import shutil
import socket
import subprocess
import sys
import time
import timeit
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
START_S, STOP_S = 60, 10
MILLION_S = 0.025  # on a core of a present machine that has nothing else to do


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of served pages are marked: they measure how fast these are and need the machine for themselves."""
    for item in items:
        if "serve" in getattr(item, "fixturenames", ()):
            item.add_marker("alone")


def _without_browser(reason: str) -> NoReturn:
    """Skip on a person's machine, fail where CI promises a browser."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium, started once (playwright's `Browser`)."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        _without_browser("no Chromium found, browser tests not run (Debian: apt install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without_browser("playwright is not installed, browser tests not run")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def slowness() -> Callable[[], float]:
    """How many times longer than `MILLION_S` a million additions took before the test or take now; at least 1.

    What is asked of each second is asked in proportion of a machine that has much else to do. It is measured where
    nothing streams.
    """

    def measured() -> float:
        return max(1.0, min(timeit.repeat("for i in range(10**6): x += i", "x = 0", number=1)) / MILLION_S)

    before = measured()
    return lambda: max(before, measured())


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """`serve(script, query="", env=None) -> url`: a Streamlit server for the script, one for all tests of a session.

    Servers with the same script and environment are shared; each page opened in the browser is a session of its own.
    """
    running: dict[tuple[Path, tuple[tuple[str, str], ...]], tuple[subprocess.Popen[bytes], str]] = {}

    def start(script: str | Path, query: str = "", env: dict[str, str] | None = None) -> str:
        known = Path(script).resolve(), tuple(sorted((env or {}).items()))
        if known not in running:
            running[known] = _start(known[0], env or {}, tmp_path_factory.mktemp("server") / "log.txt")
        url = running[known][1]
        return f"{url}/?{query.lstrip('?')}" if query else url

    yield start
    for process, _ in running.values():
        process.terminate()  # all at once: each takes seconds
    for process, _ in running.values():
        _end(process)


def _start(script: Path, env: dict[str, str], log: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "server.headless": "true",
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(f"--{k}={v}" for k, v in options.items())]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path, **env}, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return process, url
        except OSError:
            time.sleep(0.1)
    _end(process)
    pytest.fail(f"{script.name} was not served:\n{log.read_text(errors='replace')[-3000:]}", pytrace=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)
