"""`measure` against autograd, through the public interface: every task, every cell, every kind of window."""

import json

import numpy as np
import pytest
import reference
import torch
import xarray as xr
from agreement import is_not_trivial, row_agrees
from exact import PLANS, TASKS, config, exact, mask_of

from explorer import Experiment, measure


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
@pytest.mark.parametrize("task", sorted(TASKS))
def test_measure_agrees_with_autograd(task: str, cell: str, plan: str) -> None:
    pieces, built = exact(task, cell)
    found = measure(Experiment.model_validate(config(task, cell, truncation=PLANS[plan])))
    mask = mask_of(PLANS[plan], found.sizes["time"])
    expected = pieces.under(mask)
    is_not_trivial(expected, mask if built.experiment.task.asked[0] == 1 else mask[-1:])
    row_agrees(found, 0, expected)


def test_a_measurement_is_one_row_of_everything() -> None:
    found = measure(Experiment.model_validate(config("adding", "lstm")))
    assert found.sizes == {"step": 1, "time": 12}
    assert found.step.values.tolist() == [0]
    assert found.time.values.tolist() == list(range(1, 13))
    assert {n: v.dims for n, v in found.data_vars.items() if n.startswith("grad_") and "norm" not in n} == {
        "grad_h": ("step", "time"),
        "grad_c": ("step", "time"),
        "grad_weight": ("step", "time"),
    }
    assert all(v.dtype == np.float64 for v in found.data_vars.values())
    assert "grad_c" not in measure(Experiment.model_validate(config("adding", "gru")))


def test_measuring_is_repeatable_and_leaves_the_random_state_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    experiment = Experiment.model_validate(config("copying", "gru"))
    first, second = measure(experiment), measure(experiment)
    xr.testing.assert_identical(first, second)
    assert torch.equal(torch.get_rng_state(), before)
    other = measure(experiment.changed(seed=1))
    assert not np.allclose(first.grad_h, other.grad_h)


def test_the_attributes_say_what_figures_need() -> None:
    found = measure(Experiment.model_validate(config("adding", "tanh", truncation=PLANS["chunked"])))
    assert json.loads(found.attrs["experiment"])["cell"]["kind"] == "tanh"
    assert Experiment.model_validate_json(found.attrs["experiment"]).cell.hidden_size == 5
    assert found.attrs["status"] == "finished"
    assert json.loads(found.attrs["signal"]) == [[1, 6], [7, 12]]
    assert json.loads(found.attrs["question"]) == [[12, 12]]
    assert found.attrs["chance_loss"] == pytest.approx(1 / 6)
    assert found.attrs["chance_text"] == "1/6"
    assert json.loads(found.attrs["cuts"]) == [1, 2, 3, 4, 5, 6, 7]  # only the last piece has a loss
    everywhere = measure(Experiment.model_validate(config("copying", "tanh", truncation=PLANS["chunked"])))
    assert json.loads(everywhere.attrs["cuts"]) == [5, 10, 15]
    assert found.asked.values.tolist() == [1.0]


def test_what_a_cut_leaves_is_exactly_zero() -> None:
    found = measure(Experiment.model_validate(config("adding", "lstm", truncation=PLANS["chunked"])))
    for name in ("grad_h", "grad_c", "grad_weight"):
        assert (found[name].values[0, :7] == 0).all(), name
        assert (found[name].values[0, 7:] > 0).all(), name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_cuda_agrees_with_the_cpu(cell: str) -> None:
    truncation = PLANS["uneven ends"]
    here = measure(Experiment.model_validate(config("copying", cell, truncation=truncation)))
    there = measure(Experiment.model_validate({**config("copying", cell, truncation=truncation), "device": "cuda"}))
    xr.testing.assert_allclose(here, there, rtol=1e-8)
