"""Descent on the cliff against a loop of PyTorch's own, and where it goes beyond all bounds."""

import sys

import numpy as np
import pytest
import torch

from explorer import InstrumentError, descent


def torchs(start: tuple[float, float], rate: float, threshold: float | None, updates: int) -> np.ndarray:
    """w, b, error and norm before each update, with PyTorch's optimiser and clipping."""
    weights = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer, rows = torch.optim.SGD([weights], lr=rate), []
    for _ in range(updates + 1):
        x = torch.tensor(0.5, dtype=torch.float64)
        for _ in range(50):
            x = weights[0] * torch.sigmoid(x) + weights[1]
        error = (torch.sigmoid(x) - 0.7) ** 2
        optimizer.zero_grad()
        error.backward()  # type: ignore[no-untyped-call]
        norm = float(torch.nn.utils.clip_grad_norm_([weights], threshold or float("inf")))
        rows.append([*weights.tolist(), float(error.detach()), norm])
        optimizer.step()
    return np.array(rows)


@pytest.mark.parametrize("threshold", [None, 0.5])
def test_it_goes_the_way_of_torchs_optimiser(threshold: float | None) -> None:
    """Not many updates: near the wall two ways differing in the last digit part."""
    start, rate = (4.5, -2.2), 0.2
    found, expected = descent(start, rate, threshold, 6), torchs(start, rate, threshold, 6)
    for column, name in enumerate(("w", "b", "error", "gradient_norm")):
        np.testing.assert_allclose(found[name].values, expected[:, column], rtol=1e-5)
    assert expected[:, 3].max() > 5
    clipped = expected[:, 3] > 0.5 if threshold else np.zeros(7, dtype=bool)
    assert found["clipped"].values.tolist() == clipped.tolist() and clipped.any() == (threshold is not None)
    assert found.attrs.get("threshold") == threshold and found["update"].values.tolist() == list(range(7))


def test_one_step_from_the_wall_leaves_the_picture_and_a_clipped_one_is_as_long_as_was_asked() -> None:
    wall, rate = (5.0, -2.61234), 0.01
    free, held = descent(wall, rate, None, 1), descent(wall, rate, 1.0, 1)
    moves = [float(np.hypot(*(np.diff(path[name].values)[0] for name in "wb"))) for path in (free, held)]
    assert moves[0] == pytest.approx(rate * float(free["gradient_norm"][0])) and moves[0] > 50
    assert moves[1] == pytest.approx(rate)
    assert float(free["b"][1]) > 30


def test_weights_that_are_no_numbers_any_more_are_recorded_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[descent.__module__]  # the package's attribute of that name is the function
    monkeypatch.setattr(module, "error_and_gradient", lambda w, b, steps: (w, np.inf * np.sign(w), -1.0))
    path = descent((1.0, 2.0), 1.0, 0.5, 3)
    assert path["w"].values[:2].tolist() == [1.0, -np.inf] and not np.isfinite(path["w"].values[1:]).any()
    assert path["gradient_norm"].values[0] == np.inf and not path["clipped"].values[0]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"start": (5,)}, "start: (5,) is not allowed; give two numbers from −100 to 100."),
        ({"start": (5, "−2")}, "start: (5, '−2') is not allowed"),
        ({"learning_rate": 0}, "learning_rate: 0 is not allowed; give a number from 1e-06 to 1000."),
        ({"learning_rate": float("inf")}, "learning_rate: inf is not allowed"),
        ({"threshold": -1}, "threshold: -1 is not allowed; give a number from 1e-06 to 1e+06 or None."),
        ({"threshold": True}, "threshold: True is not allowed"),
        ({"updates": 10_001}, "updates: 10001 is not allowed; give an integer from 1 to 10000."),
        ({"steps": 201}, "steps: 201 is not allowed"),
    ],
)
def test_what_is_not_allowed_ends_in_a_sentence(asked: dict[str, object], sentence: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        descent(**asked)  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence) and str(caught.value).endswith(".")
