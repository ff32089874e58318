"""The weight gradient by lag against autograd's pieces."""

import numpy as np
import pytest
import reference
import torch
from exact import DRAWN, PLANS, config, drawn, exact, mask_of

from explorer import Experiment, InstrumentError, lags, measure


@pytest.mark.parametrize("plan", ["full", "chunked", "sliding", "uneven ends"])
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
@pytest.mark.parametrize("task", ["copying", "adding"])
def test_it_agrees_with_autograd(task: str, cell: str, plan: str) -> None:
    pieces, built = exact(task, cell)
    experiment, steps = (
        Experiment.model_validate(config(task, cell, truncation=PLANS[plan])),
        built.experiment.task.steps,
    )
    found, mask = lags(experiment), torch.from_numpy(mask_of(PLANS[plan], steps)).double()
    kept = torch.einsum("st,st...->st...", mask, pieces.recurrent["weight_hh_l0"])
    parts = torch.stack([sum(kept[t + lag, t] for t in range(steps - lag)) for lag in range(steps)])
    expected = {
        "grad_weight": parts,
        "grad_weight_cumulative": parts.cumsum(0),
        "grad_weight_beyond": torch.stack([parts[lag + 1 :].sum(0) for lag in range(steps)]),
    }
    assert found["lag"].values.tolist() == list(range(steps))
    for name, matrices in expected.items():
        norms = matrices.flatten(1).norm(dim=1).numpy()
        assert norms.max() > 1e-3
        np.testing.assert_allclose(found[name].values, norms, rtol=1e-8, atol=1e-16)
    assert float(found["grad_weight_cumulative"][-1]) == pytest.approx(float(kept.sum((0, 1)).norm()), rel=1e-8)
    longest = max(lag for lag in range(steps) if mask.diagonal(-lag).any())
    assert (found["grad_weight"].values[longest + 1 :] == 0).all()
    assert Experiment.model_validate_json(found.attrs["experiment"]) == experiment


@pytest.mark.parametrize("scheme", DRAWN)
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_with_a_plan_that_is_drawn_it_is_on_the_scheme_s_own_trajectory(cell: str, scheme: str) -> None:
    experiment, pieces, mask = drawn("copying", cell, scheme)
    kept = torch.einsum("st,st...->st...", torch.from_numpy(mask), pieces.recurrent["weight_hh_l0"])
    steps = experiment.task.steps
    parts = [sum(kept[t + lag, t] for t in range(steps - lag)).norm() for lag in range(steps)]
    assert max(parts) > 1e-3
    np.testing.assert_allclose(lags(experiment)["grad_weight"].values, torch.stack(parts), rtol=1e-8, atol=1e-16)


def test_with_one_loss_each_lag_is_one_time_step_of_measure() -> None:
    experiment = Experiment.model_validate(config("adding", "lstm"))
    flow = measure(experiment)["grad_weight"].values[0]
    assert flow.max() > 1e-4
    np.testing.assert_allclose(lags(experiment)["grad_weight"].values[::-1], flow, rtol=1e-12)


def test_beyond_the_memory_it_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment.model_validate(config("adding", "tanh"))
    monkeypatch.setenv("EXPLORER_MEMORY_BYTES", "1000")
    with pytest.raises(InstrumentError, match="the weight gradients of all lags would fill about"):
        lags(experiment)
