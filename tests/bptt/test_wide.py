"""Gradients near the end of float32's range: made in float64 step by step, they are those of float32."""

import numpy as np
import pytest
import torch
from exact import PLANS

from explorer import Experiment, measure
from explorer.bptt import wide

CELLS = ("tanh", "relu", "lstm", "gru")
LEAST = 2.0**-149  # float32's smallest number
FADING = {"length": 200, "hidden_size": 8, "batch_size": 3, "weights": "orthogonal", "gain": 0.5, "device": "cpu"}


def test_a_gradient_fades_through_subnormal_numbers_to_zero() -> None:
    one = Experiment().changed(**FADING, task="recall", cell="tanh")
    narrow, exact = (measure(one.changed(dtype=dtype)) for dtype in ("float32", "float64"))
    for name in ("grad_h", "grad_weight"):
        found, true = narrow[name].values[0], exact[name].values[0]
        assert (true[1:] > 0).all() and (found[:20] == 0).all()  # at time 1, W_hh multiplies a state that is zero
        faint = (found > 0) & (found < 2.0**-126)
        assert faint.sum() > 10
        np.testing.assert_allclose(found[true > 1e-35], true[true > 1e-35], rtol=1e-4)
        assert np.abs(found[faint] - true[faint]).max() < 64 * LEAST


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_step_is_the_same_made_in_float64(cell: str, plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only where it fades: here all of the way back."""
    parts = {"task": {"kind": "copying", "length": 4}, "cell": {"kind": cell, "hidden_size": 6}, "batch_size": 3}
    one = Experiment.model_validate({**parts, "truncation": PLANS[plan], "dtype": "float32", "device": "cpu"})
    usual = measure(one)
    monkeypatch.setattr(wide, "FAINT", float("inf"))
    found = measure(one)
    assert not found.equals(usual)  # it was made in another way
    for name in ("grad_h", "grad_weight", "grad_norm"):
        assert float(usual[name].max()) > 1e-4
        np.testing.assert_allclose(found[name], usual[name], rtol=2e-5, atol=1e-7 * float(usual[name].max()))


def test_what_is_faint() -> None:
    tiny = torch.full((2, 3), 2.0**-140)
    assert wide.faint(tiny) and wide.faint(tiny.numpy()) and wide.faint(tiny, torch.zeros(2, 3))
    assert (
        not wide.faint(torch.zeros(0, 3))
        and not wide.faint(tiny, torch.ones(2, 3))
        and not wide.faint(torch.zeros(2, 3))
    )
    assert not wide.faint(tiny.double()) and not wide.faint(torch.full((2, 3), torch.nan))
