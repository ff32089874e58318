"""Settings of the whole suite: one thread, the same random examples, a run library of its own; and a cluster."""

import atexit
import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import pytest
import torch

if TYPE_CHECKING:
    from cluster import Cluster

torch.set_num_threads(1)
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_libraries = tempfile.mkdtemp(prefix="explorer-libraries-")
atexit.register(shutil.rmtree, _libraries, ignore_errors=True)
_numbers = itertools.count()

gc.disable()  # collecting tests is importing them, of which nothing is garbage


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def own_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty run library for each test and what it starts, never that of whoever runs the tests."""
    monkeypatch.setenv("EXPLORER_LIBRARY", f"{_libraries}/{next(_numbers)}")


@pytest.fixture(scope="session")
def cluster() -> Iterator["Cluster"]:
    """A scheduler and two workers, for every test that leaves them as they were."""
    from cluster import Cluster

    with Cluster() as found:
        yield found
