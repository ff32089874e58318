"""Gradients that are known on paper."""

import numpy as np
import pytest
import torch
from agreement import engine
from toy_cells import Linear

from explorer import Experiment, measure
from explorer.bptt import Network
from explorer.truncation import Plan, Segment

T = 30


def last_output(outputs: torch.Tensor) -> torch.Tensor:
    """L = the readout's output at the last step."""
    return torch.cat([torch.zeros_like(outputs[:-1, :, 0]), outputs[-1:, :, 0]])


def linear(weights: dict[str, object], hidden: int) -> Network:
    cell = Linear.model_validate({"hidden_size": hidden, "weights": weights})
    return Network(cell, 1, 1, torch.Generator().manual_seed(3))


@pytest.mark.parametrize("w", [0.5, 0.9, 1.0, 1.3])
def test_scalar_linear_network(w: float) -> None:
    """h_t = w·h₍t₋₁₎ + v·x_t and L = r·h_T, hence ∂L/∂h_t = r·w^(T−t) and ∂L/∂w = r·Σ_t w^(T−t)·h₍t₋₁₎."""
    network = linear({"kind": "identity", "scale": w}, 1)
    inputs = torch.rand(T, 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + 0.5
    found = engine(network, inputs, last_output, None)
    r, v = abs(network.readout.weight.item()), network.rnn.weight_ih_l0.item()
    powers = w ** np.arange(T - 1, -1, -1.0)
    np.testing.assert_allclose(found.states[0].numpy(), r * powers, rtol=1e-12)
    h = [0.0]
    for x in inputs.flatten().tolist():
        h.append(w * h[-1] + v * x)
    own = r * powers * np.abs(h[:-1])
    np.testing.assert_allclose(found.weight.numpy(), own, rtol=1e-12)
    assert abs(found.parameters["rnn.weight_hh_l0"].item()) == pytest.approx(own.sum(), rel=1e-12)
    assert own[1] > 1e-10 and r > 0.1


@pytest.mark.parametrize("gain", [0.8, 1.0, 1.2])
def test_orthogonal_linear_network(gain: float) -> None:
    """With W_hh = gain·Q the norm is multiplied by the gain in every step back."""
    network = linear({"kind": "orthogonal", "gain": gain}, 6)
    found = engine(network, torch.ones(T, 2, 1, dtype=torch.float64), last_output, None)
    expected = network.readout.weight.norm().item() * gain ** np.arange(T - 1, -1, -1.0)
    np.testing.assert_allclose(found.states[0].numpy(), expected, rtol=1e-12)
    assert expected.min() > 1e-4


@pytest.mark.parametrize(
    "weights", [{"kind": "gaussian", "gain": 0.7}, {"kind": "orthogonal", "gain": 0.9}, {"kind": "pytorch"}]
)
def test_pascanus_bound(weights: dict[str, object]) -> None:
    """‖∂L/∂h_t‖ ≤ σ_max(W_hh)·max|tanh′|·‖∂L/∂h₍t₊₁₎‖ where no loss enters between (Pascanu, Mikolov & Bengio 2013)."""
    cell = {"kind": "tanh", "hidden_size": 20, "weights": weights}
    experiment = Experiment.model_validate({"task": {"kind": "adding", "length": T}, "cell": cell, "dtype": "float64"})
    from explorer import build

    sigma = float(torch.linalg.matrix_norm(build(experiment).model.rnn.weight_hh_l0.detach(), ord=2))
    norms = measure(experiment).grad_h.values[0]
    assert (norms > 0).all()
    ratios = norms[:-1] / norms[1:]
    assert (ratios <= sigma * (1 + 1e-12)).all()
    assert ratios.max() > 0.3 * sigma  # the bound is near


def test_float32_at_its_ends() -> None:
    """A gradient of 1e-30 or 1e30, whose square float32 cannot hold, is recorded as it is."""
    for w in (0.1, 10.0):
        network = linear({"kind": "identity", "scale": w}, 1).float()
        inputs = torch.zeros(T, 1, 1)
        inputs[0] = 1.0 if w < 1 else 1e-30
        found = engine(network, inputs, last_output, None)
        r = abs(network.readout.weight.item())
        np.testing.assert_allclose(found.states[0].numpy(), r * w ** np.arange(T - 1, -1, -1.0), rtol=1e-4)
        assert found.weight[1:].min() > 0 and found.weight.isfinite().all()


def test_float64_at_its_ends() -> None:
    """The same for float64, which ends at 1e±308 and whose squares end at 1e±154."""
    for w in (1e-10, 1e10):
        weights = {"kind": "identity", "scale": 1.0}
        network = linear(weights, 1)
        with torch.no_grad():
            network.rnn.weight_hh_l0.fill_(w)
        inputs = torch.zeros(T, 1, 1, dtype=torch.float64)
        inputs[0] = 1.0 if w < 1 else 1e-290
        found = engine(network, inputs, last_output, None)
        r = abs(network.readout.weight.item())
        np.testing.assert_allclose(found.states[0].numpy(), r * w ** np.arange(T - 1, -1, -1.0), rtol=1e-10)
        assert found.states[0].min() > 0
        assert found.states[0].isfinite().all()


@pytest.mark.parametrize("w", [100.0, 1e-3])
def test_what_is_cut_is_zero_beside_infinite_and_vanished_gradients(w: float) -> None:
    """Exact zeros are the truncation's; infinity stays infinity; what float32 loses is lost where float32 ends."""
    network = linear({"kind": "identity", "scale": 1.0}, 1).float()
    with torch.no_grad():
        network.rnn.weight_hh_l0.mul_(w)
        network.rnn.bias_ih_l0.zero_()
    inputs = torch.zeros(T, 2, 1)
    plan: Plan = (Segment(1, 5, 0), Segment(6, T, 5))
    found = engine(network, inputs, last_output, plan)
    norms = found.states[0].numpy()
    assert (norms[:5] == 0).all()
    assert (found.weight[:5] == 0).all()
    if w > 1:
        assert np.isinf(norms[5:9]).all() and np.isfinite(norms[-10:]).all()
    else:
        assert (norms[-10:] > 0).all()
