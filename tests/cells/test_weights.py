"""How recurrent weights start: each distribution does what it says."""

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor

from explorer import Experiment, build
from explorer.cells.weights import AnyWeights, Weights


def draw(size: int, seed: int = 0, **config: Any) -> Tensor:
    weights: Weights = TypeAdapter(AnyWeights).validate_python(config)
    return weights.draw(size, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("gain", [0.0, 0.7, 1.0, 2.5])
def test_orthogonal_has_every_singular_value_at_the_gain(gain: float) -> None:
    w = draw(40, kind="orthogonal", gain=gain)
    torch.testing.assert_close(w.T @ w, gain**2 * torch.eye(40, dtype=torch.float64), rtol=0, atol=1e-12)


def test_orthogonal_is_uniform_over_the_group() -> None:
    """Rotations and reflections are equally likely, and every entry has mean 0 and variance 1/H."""
    drawn = torch.stack([draw(4, seed, kind="orthogonal", gain=1.0) for seed in range(2000)])
    assert abs(torch.linalg.det(drawn).mean().item()) < 0.1
    assert drawn.mean(0).abs().max() < 5 * 0.5 / 2000**0.5
    assert (drawn.square().mean(0) - 0.25).abs().max() < 0.05


def test_gaussian_has_the_spectral_radius_of_the_gain() -> None:
    w = draw(512, kind="gaussian", gain=0.5)
    assert w.std().item() == pytest.approx(0.5 / 512**0.5, rel=0.02)
    assert np.abs(np.linalg.eigvals(w.numpy())).max() == pytest.approx(0.5, rel=0.06)
    torch.testing.assert_close(3 * w, draw(512, kind="gaussian", gain=1.5))


def test_pytorch_is_uniform_in_one_over_root_h() -> None:
    w = draw(256, kind="pytorch") * 256**0.5
    assert 0.999 < w.abs().max() <= 1.0
    assert w.mean().abs() < 5 * 3**-0.5 / 256
    assert w.std().item() == pytest.approx(3**-0.5, rel=0.02)
    assert np.abs(np.linalg.eigvals(w.numpy() / 16)).max() == pytest.approx(3**-0.5, rel=0.08)


def test_identity_is_scaled() -> None:
    torch.testing.assert_close(draw(7, kind="identity", scale=0.3), 0.3 * torch.eye(7, dtype=torch.float64))


@pytest.mark.parametrize("kind", ["gaussian", "orthogonal", "pytorch"])
def test_each_gate_is_drawn_on_its_own(kind: str) -> None:
    config = {
        "cell": {"kind": "lstm", "hidden_size": 6, "weights": {"kind": kind}},
        "dtype": "float64",
        "device": "cpu",
    }
    blocks = build(Experiment.model_validate(config)).model.rnn.weight_hh_l0.detach().chunk(4)
    assert all(not torch.allclose(a, b) for i, a in enumerate(blocks) for b in blocks[:i])
    if kind == "orthogonal":
        for block in blocks:
            torch.testing.assert_close(block.T @ block, torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
def test_input_weights_and_readout_start_as_in_torch(cell: str) -> None:
    size = 100
    model = build(Experiment.model_validate({"cell": {"kind": cell, "hidden_size": size}})).model
    for weight in (model.rnn.weight_ih_l0, model.readout.weight, model.readout.bias):
        assert weight.abs().max() <= size**-0.5
        assert weight.numel() < 50 or weight.std().item() == pytest.approx((3 * size) ** -0.5, rel=0.2)
