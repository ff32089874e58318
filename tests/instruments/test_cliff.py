"""The cliff against autograd, finite differences and published numbers."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from explorer import InstrumentError, cliff
from explorer.instruments.cliff import error_and_gradient


def autograd(w: NDArray[np.float64], b: NDArray[np.float64], steps: int) -> tuple[NDArray[np.float64], ...]:
    """E, ∂E/∂w and ∂E/∂b of many points, by PyTorch."""
    weight, bias = (torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in (w, b))
    x = torch.full_like(weight, 0.5)
    for _ in range(steps):
        x = weight * torch.sigmoid(x) + bias
    error = (torch.sigmoid(x) - 0.7) ** 2
    by_w, by_b = torch.autograd.grad(error.sum(), (weight, bias))
    return error.detach().numpy(), by_w.numpy(), by_b.numpy()


@pytest.mark.parametrize("steps", [1, 7, 50, 200])
def test_it_agrees_with_autograd(steps: int) -> None:
    draw = np.random.default_rng(0)
    w, b = draw.uniform(-8, 8, 400), draw.uniform(-5, 5, 400)
    w[:200], b[:200] = draw.uniform(4, 6, 200), draw.uniform(-3, -2, 200)
    w[-1], b[-1] = 80.0, -90.0
    expected = autograd(w, b, steps)
    assert all(np.median(np.abs(values)) > 1e-6 for values in expected)
    for found, values in zip(error_and_gradient(w, b, steps), expected, strict=True):
        np.testing.assert_allclose(found, values, rtol=1e-8, atol=1e-14)


def test_it_is_the_slope_of_the_error() -> None:
    h = 1e-6
    for w, b in ((5.0, -2.4), (4.4, -2.9), (5.0, -2.6124)):
        error = {(i, j): float(error_and_gradient(w + i * h, b + j * h, 50)[0]) for i in (-1, 0, 1) for j in (-1, 0, 1)}
        by_w, by_b = (float(value) for value in error_and_gradient(w, b, 50)[1:])
        assert min(abs(by_w), abs(by_b)) > 1e-3
        assert (error[1, 0] - error[-1, 0]) / (2 * h) == pytest.approx(by_w, rel=1e-3)
        assert (error[0, 1] - error[0, -1]) / (2 * h) == pytest.approx(by_b, rel=1e-3)


def test_the_surface_is_that_of_its_points() -> None:
    found = cliff(w=(4.5, 5.5), b=(-2.9, -2.1), resolution=70, steps=30)
    assert found["error"].dims == found["gradient_norm"].dims == ("w", "b")
    assert (found["w"].values[[0, -1]].tolist(), found["b"].values[[0, -1]].tolist()) == ([4.5, 5.5], [-2.9, -2.1])
    w, b = (values.ravel() for values in np.meshgrid(found["w"], found["b"], indexing="ij"))
    error, by_w, by_b = autograd(w, b, 30)
    np.testing.assert_allclose(found["error"].values.ravel(), error, rtol=1e-8)
    np.testing.assert_allclose(found["gradient_norm"].values.ravel(), np.hypot(by_w, by_b), rtol=1e-8)
    assert found["gradient_norm"].values.max() > 1


def test_the_wall_is_where_it_is_known_to_be() -> None:
    """Numbers of the setting of Pascanu, Mikolov & Bengio 2013, figure 6, computed apart from this project."""
    near = cliff(w=(5.0525, 5.055), b=(-2.645, -2.64375), resolution=2)["gradient_norm"]
    assert float(near[0, 0]) == pytest.approx(9632, abs=1)
    assert float(cliff(resolution=101)["gradient_norm"].median()) == pytest.approx(0.112, abs=0.002)
    error, _, by_b = error_and_gradient(5.0, np.array([-2.62, -2.61234, -2.5]), 50)
    assert by_b[1] == pytest.approx(-5750, rel=0.01)
    assert error[0] > 0.3 and error[2] < 0.05
    left, right = (float(value) for value in error_and_gradient(5.0, np.array([-3.0, -2.0]), 50)[0])
    assert left > 0.36 > 0.1 > right


@pytest.mark.parametrize("w", [4.5, 5.0, 5.6])
def test_the_wall_lies_where_the_start_is_the_unstable_fixed_point(w: float) -> None:
    fixed = 0.5 - w / (1 + np.exp(-0.5))
    b = np.linspace(fixed - 0.05, fixed + 0.05, 1001)
    slope = np.abs(error_and_gradient(w, b, 50)[2])
    assert b[int(slope.argmax())] == pytest.approx(fixed, abs=3e-3)
    assert slope.max() > 100 * slope[0]


def test_beyond_all_numbers_it_stays_not_finite() -> None:
    error, by_w, _ = error_and_gradient(np.array([np.nan, 1e300]), np.array([-2.0, -5e299]), 50)
    assert np.isnan(error[0]) and np.isnan(by_w[0])


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"w": (6, 4)}, "w: (6, 4) is not allowed; give two numbers from −100 to 100, the smaller first."),
        ({"w": 5}, "w: 5 is not allowed; give two numbers"),
        ({"w": "46"}, "w: '46' is not allowed; give two numbers"),
        ({"b": (-3, float("nan"))}, "b: (-3, nan) is not allowed"),
        ({"b": (-3, 101)}, "b: (-3, 101) is not allowed"),
        ({"b": (-3, -2, -1)}, "b: (-3, -2, -1) is not allowed"),
        ({"resolution": 1}, "resolution: 1 is not allowed; give an integer from 2 to 1001."),
        ({"resolution": 1002}, "resolution: 1002 is not allowed"),
        ({"resolution": 20.0}, "resolution: 20.0 is not allowed"),
        ({"steps": 0}, "steps: 0 is not allowed; give an integer from 1 to 200."),
        ({"steps": True}, "steps: True is not allowed"),
    ],
)
def test_what_is_not_allowed_ends_in_a_sentence(asked: dict[str, object], sentence: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        cliff(**asked)  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence) and str(caught.value).endswith(".")
