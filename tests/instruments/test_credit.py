"""The credit matrix against autograd, one loss at a time."""

import numpy as np
import pytest
import reference
import torch
import xarray as xr
from exact import DRAWN, PLANS, config, drawn, exact, mask_of

from explorer import Experiment, InstrumentError, credit_matrix, measure

KINDS = sorted(reference.STEPS)


def credit_of(task: str, cell: str, plan: str = "full", **other: object) -> xr.Dataset:
    return credit_matrix(Experiment.model_validate(config(task, cell, truncation=PLANS[plan], **other)))


@pytest.mark.parametrize("plan", ["full", "chunked", "sliding", "uneven ends"])
@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("task", ["copying", "adding", "recall"])
def test_it_agrees_with_autograd(task: str, cell: str, plan: str) -> None:
    pieces, built = exact(task, cell)
    found, steps = credit_of(task, cell, plan), built.experiment.task.steps
    mask, (first, last) = mask_of(PLANS[plan], steps), built.experiment.task.asked
    asked = np.zeros_like(mask)
    asked[first - 1 : last] = True
    for name, states in zip(("credit", "credit_c"), reversed(pieces.states), strict=False):
        expected = states.norm(dim=-1).sum(-1).numpy() * mask
        assert found[name].dims == ("loss_time", "time")
        np.testing.assert_allclose(found[name].values, expected, rtol=1e-8, atol=1e-18)
        assert ((found[name].values > 0) == (mask & asked)).all(), "all that is not cut counts, and nothing else"
        assert expected.max() > 1e-4
    assert ("credit_c" in found) == (cell == "lstm")


@pytest.mark.parametrize("scheme", DRAWN)
@pytest.mark.parametrize("cell", KINDS)
def test_with_a_plan_that_is_drawn_it_is_on_the_scheme_s_own_trajectory(cell: str, scheme: str) -> None:
    experiment, pieces, mask = drawn("copying", cell, scheme)
    found = credit_matrix(experiment)
    for name, states in zip(("credit", "credit_c"), reversed(pieces.states), strict=False):
        expected = states.norm(dim=-1).sum(-1).numpy() * mask
        assert expected.max() > 1e-4
        np.testing.assert_allclose(found[name].values, expected, rtol=1e-8, atol=1e-18)


def test_the_coordinates_count_from_one_and_the_experiment_is_told() -> None:
    found = credit_of("adding", "gru")
    for name in ("loss_time", "time"):
        assert found[name].values.tolist() == list(range(1, 13))
    assert Experiment.model_validate_json(found.attrs["experiment"]).cell.kind == "gru"


@pytest.mark.parametrize("cell", KINDS)
def test_with_one_loss_it_is_what_measure_finds(cell: str) -> None:
    experiment = Experiment.model_validate(config("adding", cell, truncation=PLANS["uneven ends"]))
    flow = measure(experiment)["grad_h"].values[0]
    assert flow.max() > 1e-4
    np.testing.assert_allclose(credit_matrix(experiment)["credit"].values.sum(0), flow, rtol=1e-12)


def test_what_overflows_is_told_and_what_is_cut_stays_zero() -> None:
    cell = {"kind": "relu", "hidden_size": 5, "weights": {"kind": "identity", "scale": 10.0}}
    base = config("adding", "relu", dtype="float32") | {"cell": cell, "task": {"kind": "adding", "length": 30}}
    whole = credit_matrix(Experiment.model_validate(base))["credit"].values[-1]
    cut = credit_matrix(Experiment.model_validate(base | {"truncation": PLANS["sliding"]}))["credit"].values[-1]
    assert not np.isfinite(whole[0]) and np.isfinite(whole[-1])
    assert (cut[:26] == 0).all() and (cut[26:] == whole[26:]).all() and (cut[26:] > 0).all()


def test_it_may_be_watched_and_ended() -> None:
    told: list[float] = []
    credit_matrix(Experiment.model_validate(config("copying", "tanh")), progress=told.append)
    assert told == sorted(told) and told[0] == 0 and 0.9 < told[-1] < 1

    def enough(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        credit_matrix(Experiment.model_validate(config("copying", "tanh")), progress=enough)


def test_beyond_the_memory_it_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment.model_validate(config("adding", "tanh"))
    monkeypatch.setenv("EXPLORER_MEMORY_BYTES", "1000")
    with pytest.raises(InstrumentError, match=r"the credit matrix would fill about .* lower cell\.hidden_size or task"):
        credit_matrix(experiment)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
@pytest.mark.parametrize("cell", KINDS)
def test_cuda_agrees_with_the_cpu(cell: str) -> None:
    there = credit_of("copying", cell, "uneven ends", device="cuda")
    xr.testing.assert_allclose(credit_of("copying", cell, "uneven ends"), there, rtol=1e-8)
