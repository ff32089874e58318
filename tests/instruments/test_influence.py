"""The coefficients of influence balancing against an autograd simulation of the system."""

import numpy as np
import pytest
import torch

from explorer import InstrumentError, influence_balancing

LENGTHS = [1, 2, 3, 7, 20, 45, 60, 150, 400]


def simulated(style: str, length: int, theta: float = 0.5) -> float:
    """The truncated gradient of θ in the steady state, divided by s¹ − 1."""
    a = 0.5 * torch.eye(23, dtype=torch.float64)
    for unit in range(22):
        a[unit, unit + 1] = 0.5
    v = torch.tensor([1.0] * 10 + [-1.0] * 13, dtype=torch.float64)
    s = torch.ones(23, dtype=torch.float64)
    for _ in range(2000):
        s = a @ s + theta * v
    parameter, losses = torch.tensor(theta, dtype=torch.float64, requires_grad=True), []
    error = float(s[0]) - 1
    for _ in range(length):
        s = a @ s + parameter * v
        losses.append((s[0] - 1) ** 2 / 2)
    loss = losses[-1] if style == "end" else torch.stack(losses).mean()
    return float(torch.autograd.grad(loss, parameter)[0]) / error


@pytest.mark.parametrize("style", ["end", "every"])
def test_it_agrees_with_a_simulation(style: str) -> None:
    found = influence_balancing(LENGTHS)
    assert found["coefficient"].dims == found["diverges"].dims == ("style", "length")
    expected = [simulated(style, length) for length in LENGTHS]
    assert min(np.abs(expected)) > 0.01
    np.testing.assert_allclose(found["coefficient"].sel(style=style), expected, rtol=1e-8)
    assert found["diverges"].sel(style=style).values.tolist() == [value > 0 for value in expected]
    assert found["length"].values.tolist() == LENGTHS


def test_descent_goes_away_exactly_where_it_says_so() -> None:
    """Truncated gradient descent on the steady state, whose optimum is θ = −1/6."""
    for length, away in ((10, True), (150, False)):
        assert bool(influence_balancing([length])["diverges"].sel(style="end", length=length)) == away
        theta = 0.5
        for _ in range(20):
            theta -= 0.01 * simulated("end", length, theta) * (-6 * theta - 1)
        assert (abs(theta + 1 / 6) > abs(0.5 + 1 / 6)) == away


def test_long_blocks_end_at_full_backpropagation() -> None:
    found = influence_balancing([400, 10_000])
    assert found.attrs["full"] == -6
    assert found["coefficient"].sel(style="end").values == pytest.approx([-6, -6], rel=1e-12)
    assert float(found["coefficient"].sel(style="every", length=10_000)) == pytest.approx(-6, rel=0.02)


@pytest.mark.parametrize(
    ("lengths", "sentence"),
    [
        ([], "lengths: give a list of at least one value; integers from 1 to 10000 are allowed."),
        ([0], "lengths: 0 is not allowed; give integers from 1 to 10000."),
        ([10_001], "lengths: 10001 is not allowed"),
        ([5, 2.5], "lengths: 2.5 is not allowed"),
        ([True], "lengths: True is not allowed"),
        ([5, "6"], "lengths: '6' is not allowed"),
        ([3, 5, 3], "lengths: 3 is given twice."),
        ("5,6", "lengths: '5,6' is not allowed; give a list of integers"),
        (5, "lengths: 5 is not allowed; give a list of integers"),
    ],
)
def test_bad_lengths_end_in_a_sentence(lengths: object, sentence: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        influence_balancing(lengths)  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence)
    assert isinstance(caught.value, ValueError)


def test_integers_of_numpy_are_integers() -> None:
    assert influence_balancing(np.arange(1, 4)).equals(influence_balancing([1, 2, 3]))
