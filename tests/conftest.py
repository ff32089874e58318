"""Settings of the whole suite: one thread, and the same random examples in every run; and what several files share."""

import os
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


@pytest.fixture(scope="session")
def cluster() -> Iterator["Cluster"]:
    """A scheduler and two workers, for every test that leaves them as they were."""
    from cluster import Cluster

    with Cluster() as found:
        yield found
