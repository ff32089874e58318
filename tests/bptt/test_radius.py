"""The spectral radius of float32 weights, found by squaring, against eigenvalues in float64."""

import numpy as np
import pytest
import torch

from explorer.bptt import spectral_radius
from explorer.cells import Tanh

RNG = np.random.default_rng(0)


def normal(size: int, scale: float = 1.0) -> np.ndarray:
    return scale * RNG.standard_normal((size, size)) / size**0.5


SKEWED = np.diag(np.logspace(0, 3, 16))
MATRICES = {
    "normal entries": normal(64),
    "orthogonal": np.linalg.qr(normal(64))[0],
    "identity": np.eye(8),
    "two of opposite sign": np.array([[1.0, 5.0], [0.0, -1.0]]),
    "a rotation and a real one": np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [3.0, 0.0, 0.999]]),
    "symmetric": normal(16) + normal(16).T,
    "far from normal": SKEWED @ np.linalg.qr(normal(16))[0] @ np.linalg.inv(SKEWED),
    "large": normal(16, 1e25),
    "small": normal(16, 1e-25),
    "all but vanishing squares": np.array([[0.0, 1.0], [1e-20, 0.0]]),
    "one unit": np.array([[-0.5]]),
}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_as_eigenvalues_say(matrix: np.ndarray) -> None:
    weight = torch.from_numpy(matrix).float()
    expected = np.abs(np.linalg.eigvals(weight.double().numpy())).max()
    assert spectral_radius(Tanh(hidden_size=len(matrix)), weight) == pytest.approx(expected, rel=1e-6)


def test_no_eigenvalue_but_zero() -> None:
    for matrix in (torch.zeros(3, 3), torch.tensor([[0.0, 2.0], [0.0, 0.0]])):
        assert spectral_radius(Tanh(hidden_size=len(matrix)), matrix) == 0


def test_weights_in_any_order_of_memory() -> None:
    weight = torch.from_numpy(MATRICES["normal entries"]).float()
    turned = weight.mT.contiguous().mT
    assert not turned.is_contiguous() and spectral_radius(Tanh(hidden_size=64), weight) > 0.1
    assert spectral_radius(Tanh(hidden_size=64), turned) == spectral_radius(Tanh(hidden_size=64), weight)
