"""Products of small matrices are NumPy's, of others torch's: the gradient is the same."""

from typing import Any

import numpy as np
import pytest

from explorer import Experiment, measure
from explorer.bptt import layout

CHUNKS, OVERLAPPING = {"truncation": "window", "k1": 4, "k2": 4}, {"truncation": "window", "k1": 2, "k2": 7}


@pytest.mark.parametrize("task", ["adding", "copying"])  # a loss at the end, and at every step
@pytest.mark.parametrize("truncation", [{}, CHUNKS, OVERLAPPING], ids=["full", "chunks", "overlapping"])
@pytest.mark.parametrize("cell", ["tanh", "lstm", "gru"])
def test_either_way_finds_the_same_gradient(
    cell: str, truncation: dict[str, Any], task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"length": 9, "hidden_size": 5, "batch_size": 3, "dtype": "float64", "device": "cpu"}
    here = Experiment().changed(task=task, cell=cell, **truncation, **sizes)
    by_numpy = measure(here)
    monkeypatch.setattr(layout, "NEAR", 0)
    monkeypatch.setattr(layout.np, "dot", None)  # which nobody asks for now
    by_torch = measure(here)
    assert float(by_torch["grad_h"].max()) > 1e-4
    for name, values in by_torch.data_vars.items():
        np.testing.assert_allclose(by_numpy[name], values, rtol=1e-10, atol=0, err_msg=str(name))
