"""Which experiments train together, and that a group's runs are those that each would make alone."""

import pytest
import xarray as xr
from sweeping import config

from explorer.experiment import Experiment
from explorer.groups import MOST_MODELS, grouped, train_group
from explorer.training import train


def test_experiments_of_one_shape_come_together_and_each_comes_once() -> None:
    experiments = [
        config(seed=seed, cell={"kind": kind, "hidden_size": 4}) for seed in range(3) for kind in ("tanh", "gru")
    ]
    groups = grouped(experiments)
    assert sorted(map(sorted, groups)) == [[0, 2, 4], [1, 3, 5]]
    assert all(len({experiments[number].cell.kind for number in group}) == 1 for group in groups)


def test_one_shape_is_shared_out_among_the_places() -> None:
    groups = grouped([config(seed=seed) for seed in range(10)], places=2)
    assert [len(group) for group in groups] == [5, 5]
    assert sorted(number for group in groups for number in group) == list(range(10))


def test_a_group_is_bounded_in_models_and_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    experiments = [config(seed=seed) for seed in range(3 * MOST_MODELS + 1)]
    assert max(map(len, grouped(experiments))) <= MOST_MODELS
    large = [
        Experiment.model_validate({"cell": {"kind": "tanh", "hidden_size": 500}, "seed": seed}) for seed in range(60)
    ]
    assert max(map(len, grouped(large))) < MOST_MODELS


def test_an_update_after_each_segment_trains_alone() -> None:
    segments = {"kind": "window", "k1": 5, "k2": 5, "updates": "segment"}
    assert [len(group) for group in grouped([config(seed=seed, truncation=segments) for seed in range(3)])] == [1, 1, 1]


def test_a_group_gives_what_each_gives_alone() -> None:
    experiments = [
        config(seed=seed, truncation=truncation, clipping={"kind": "norm", "threshold": 0.1 * (seed + 1)})
        for seed in range(2)
        for truncation in ({"kind": "full"}, {"kind": "window", "k1": 5, "k2": 5})
    ]
    for experiment, run in zip(experiments, train_group(experiments), strict=True):
        alone = train(experiment)
        assert float(alone["grad_h"].max()) > 1e-4
        xr.testing.assert_allclose(run, alone, rtol=1e-8, atol=0)
        assert run.attrs == alone.attrs
