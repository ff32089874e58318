"""How adaptive truncation chooses: on decays whose bias is known, and on measured ones against autograd."""

import numpy as np
import pytest
import reference
import torch
from exact import config, exact

import explorer
from explorer import Experiment
from explorer.truncation import estimate


def geometric(rate: float, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """φ_k = rate^k of gradients that all point the same way, so that partial sums are sums of φ."""
    phi = rate ** np.arange(lags)
    return phi, np.cumsum(phi)


@pytest.mark.parametrize("tolerance", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("beyond", [0, 10, 500])
def test_on_a_geometric_decay_the_bound_is_the_bias(beyond: int, tolerance: float) -> None:
    phi, partial = geometric(0.9, 80)
    found = estimate(phi, partial, beyond, tolerance)
    whole = np.sum(0.9 ** np.arange(80 + beyond))
    bias = [
        np.sum(0.9 ** np.arange(k, 80 + beyond)) / (whole - 2 * np.sum(0.9 ** np.arange(80, 80 + beyond)))
        for k in range(1, 81)
    ]
    assert found.decay == pytest.approx(0.9)
    assert found.bias == pytest.approx(bias[found.steps - 1], rel=1e-6) and found.bias < tolerance
    assert found.steps == 1 or bias[found.steps - 2] >= tolerance


def test_where_nothing_bounds_the_bias_the_longest_is_taken() -> None:
    phi, partial = geometric(1.1, 20)
    found = estimate(phi, partial, 100, 0.1)
    assert (found.steps, found.bias) == (20, np.inf) and found.decay == pytest.approx(1.1)
    assert estimate(phi, partial, 0, 0.1).steps == 20  # all lags there are
    assert estimate(np.zeros(5), np.zeros(5), 0, 0.1).steps == 1  # nothing flows back: nothing is lost
    assert estimate(np.ones(1), np.ones(1), 5, 0.1).bias == np.inf  # one lag tells of no decay
    diverged = estimate(np.full(4, np.inf), np.full(4, np.inf), 0, 0.1)
    assert diverged.steps == 4


@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_the_decay_and_the_true_bias_are_those_of_autograd(cell: str) -> None:
    scheme = {"kind": "adaptive", "tolerance": 0.05, "max_length": 9}
    experiment = Experiment.model_validate(config("adding", cell, truncation=scheme, steps=1))
    run = explorer.train(experiment)
    parts, _ = exact("adding", cell)
    length = experiment.task.steps
    own = torch.cat([state[-1] for state in parts.states], dim=-1).flip(0)[:9]  # [lags, B, states·H]
    phi, partial = own.norm(dim=-1).sum(-1).numpy(), own.sum(1).cumsum(0).norm(dim=-1).numpy()
    assert phi.min() > 0
    expected = estimate(phi, partial, length - 9, 0.05)
    assert int(run.truncation_length[0]) == expected.steps
    assert float(run.estimated_bias[0]) == pytest.approx(expected.bias, rel=1e-8)
    lag = np.subtract.outer(np.arange(length), np.arange(length))
    vectors = [
        torch.cat([g.flatten() for name, g in parts.under(mask).parameters.items() if name.startswith("rnn")])
        for mask in (((lag >= 0) & (lag < expected.steps)).astype(float), np.tri(length))
    ]
    bias = float((vectors[0] - vectors[1]).norm() / vectors[1].norm())
    assert float(run.true_bias[0]) == pytest.approx(bias, abs=1e-9)


def test_estimates_come_every_so_many_updates() -> None:
    experiment = Experiment().changed(
        truncation="adaptive", interval=4, steps=9, hidden_size=8, batch_size=2, length=30
    )
    run = explorer.train(experiment)
    changes = np.flatnonzero(np.diff(run.estimated_bias)) + 1
    assert set(changes) == {4, 8}
