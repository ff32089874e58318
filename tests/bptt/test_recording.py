"""Norms by time, joint norms, spectral radius."""

import math

import numpy as np
import pytest
import torch

from explorer.bptt import Flow, joint_norm, norms_by_time, recorded_names, spectral_radius
from explorer.cells import Gru, Lstm, Tanh


def flow(steps: int = 20, batch: int = 3, hidden: int = 2) -> Flow:
    generator = torch.Generator().manual_seed(0)
    states = tuple(torch.randn(steps, 1, batch, hidden, generator=generator) for _ in range(2))
    u = torch.randn(steps, 1, batch, 4 * hidden, generator=generator)
    return Flow(states, u, None, (), torch.randn(steps, 1, batch, hidden + 3, generator=generator), slice(0))


def test_norms_are_per_sequence_for_states_and_of_the_sum_for_weights() -> None:
    one = flow()
    found = norms_by_time(Lstm(hidden_size=2), one)
    assert tuple(found) == recorded_names(Lstm()) == ("grad_c", "grad_h", "grad_weight")
    for name, state in zip(("grad_c", "grad_h"), one.states, strict=True):
        for t in range(20):
            expected = sum(math.dist((0, 0), state[t, 0, b].tolist()) for b in range(3))
            assert found[name][0, t] == pytest.approx(expected, rel=1e-6)
    for t in range(20):
        own = sum(torch.outer(one.u[t, 0, b], one.read[t, 0, b, :2]) for b in range(3))
        assert found["grad_weight"][0, t] == pytest.approx(float(torch.as_tensor(own).norm()), rel=1e-5)


@pytest.mark.parametrize(
    ("dtype", "size"), [(torch.float32, 1e-30), (torch.float32, 1e30), (torch.float64, 1e-250), (torch.float64, 1e250)]
)
def test_joint_norm_over_the_whole_range(dtype: torch.dtype, size: float) -> None:
    tensors = [torch.full((2, 2), 3 * size, dtype=dtype), torch.full((4, 4), size, dtype=dtype).T]
    assert joint_norm(tensors) == pytest.approx(size * math.sqrt(4 * 9 + 16), rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_keep_what_is_not_finite(dtype: torch.dtype) -> None:
    assert joint_norm([torch.tensor([1.0, math.inf], dtype=dtype), torch.ones(2, dtype=dtype)]) == math.inf
    assert math.isnan(joint_norm([torch.tensor([1.0, math.nan], dtype=dtype)]))
    assert joint_norm([torch.zeros(3, dtype=dtype)]) == 0


def test_spectral_radius_is_that_of_the_candidates_block() -> None:
    size = 4
    generator = torch.Generator().manual_seed(0)
    for cell, gates, candidate in (
        (Tanh(hidden_size=size), 1, 0),
        (Lstm(hidden_size=size), 4, 2),
        (Gru(hidden_size=size), 3, 2),
    ):
        weight = torch.randn(gates * size, size, generator=generator)
        block = weight.numpy()[candidate * size : (candidate + 1) * size]
        expected = np.abs(np.linalg.eigvals(block)).max()
        assert spectral_radius(cell, weight) == pytest.approx(expected, rel=1e-5)
        weight[candidate * size, 0] = math.inf
        assert math.isnan(spectral_radius(cell, weight))
