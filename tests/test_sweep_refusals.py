"""`sweep` refuses what makes no sense before anything is trained, and names the combination."""

import sys
from typing import Any

import pytest
import torch
from sweeping import config

from explorer import ExperimentError, SweepError, sweep
from explorer.building import DeviceError
from explorer.grid import Grid


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"seed": []}, "seed: give a list of at least one value to sweep over."),
        ({"seed": "012"}, "seed: give a list of at least one value to sweep over."),
        ({"seed": 3}, "seed: give a list of at least one value to sweep over."),
        ({"seed": [1, 2, 1.0]}, "seed: 1 is given twice."),
        ({"optimizer.learning_rate": ["0.1", 0.1]}, "optimizer.learning_rate: 0.1 is given twice."),
        (
            {"truncation": [{"kind": "window"}, {"kind": "window", "k1": 20}]},
            "truncation: window(k1=20) is given twice.",
        ),
        ({"truncation.k1": [1], "k1": [2]}, "truncation.k1: this field is given twice."),
        ({"seed": range(12), "steps": [10**6]}, "12 runs of up to 1000000 updates of 10 time steps would fill about"),
    ],
)
def test_axes_that_make_no_sense(over: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweeping"], "grouped", _untouched)
    with pytest.raises(SweepError) as caught:
        sweep(config(), over)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("fields", "over", "sentence"),
    [
        # The contract's own example, on an experiment without a window and on one whose k1 is larger.
        (
            {},
            {"cell.kind": ["tanh"], "truncation.k2": [5, 20]},
            "cell = tanh, k2 = 5: truncation.k2: full has no such field; give window or online as truncation.kind.",
        ),
        (
            {"truncation": {"kind": "window", "k1": 20, "k2": 20}},
            {"seed": [0], "truncation.k2": [20, 5]},
            "seed = 0, k2 = 5: truncation.k2: 5 is smaller than k1 = 20, so some losses would never flow back; "
            "give k2 at least 20. Or set truncation.k1 to 5.",
        ),
        (
            {},
            {"cell.bias.forget_bias": [1]},
            "forget_bias = 1: cell.bias.forget_bias: pytorch has no such field; give forget as cell.bias.kind.",
        ),
        ({}, {"seed": [0, -1]}, "seed = -1: seed: -1 is not allowed; give an integer"),
        ({}, {"seed": [{"a": 1}]}, "seed = (a=1): seed: {'a': 1} is not allowed"),
        ({}, {"optimizer.learning_rate": [float("nan")]}, "learning_rate = nan: optimizer.learning_rate: nan is not"),
        ({}, {"cell.kind": ["tanh", "lsmt"]}, "cell = lsmt: cell.kind: 'lsmt' is not allowed"),
        ({}, {"cell": [{"hidden_size": -3}]}, "cell = (hidden_size=-3): cell.hidden_size: -3 is not"),
        (
            {},
            {"truncation": ["full", {"kind": "window", "k1": 9, "k2": 3}]},
            "truncation = window(k1=9, k2=3): truncation.k2: 3 is smaller than k1 = 9",
        ),
        ({}, {"frob": [1]}, "frob = 1: frob: there is no such field"),
        ({}, {"cell.frob": [1]}, "frob = 1: cell.frob: there is no such field"),
        ({}, {"seed.x": [1]}, "x = 1: seed.x: there is no such field"),
        ({}, {"": [1]}, " = 1: '': there is no such field"),
        (
            {"batch_size": 64},
            {"task.length": [10, 10_000], "cell.hidden_size": [4, 1024]},
            "length = 10000, hidden_size = 1024: cell.hidden_size: with hidden_size = 1024 the experiment needs about",
        ),
    ],
)
def test_a_combination_that_is_not_allowed_is_named_before_anything_is_trained(
    fields: dict[str, Any], over: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweeping"], "grouped", _untouched)
    with pytest.raises(ExperimentError) as caught:
        sweep(config(**fields), over)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_part_may_mend_what_another_axis_makes_too_large() -> None:
    over = {"task.length": [10_000], "cell": [{"kind": "tanh", "hidden_size": 2}]}
    assert (
        Grid(config(cell={"kind": "lstm", "hidden_size": 512}, batch_size=64), over).experiments[0].task.length
        == 10_000
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_here_is_named_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweeping"], "grouped", _untouched)
    with pytest.raises(DeviceError, match=r"^device = cuda: device: 'cuda' was asked for"):
        sweep(config(), {"device": ["cpu", "cuda"]})


def _untouched(*_: Any) -> None:
    raise AssertionError("something was trained")
