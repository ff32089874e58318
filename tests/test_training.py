"""The training loop: what a run leaves, how it ends, and reading it while it runs."""

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from experiments import EXPLODING

from explorer import Experiment, Training, measure, train
from explorer.bptt import Trajectory

SMALL: dict[str, Any] = {
    "task": {"kind": "recall", "length": 8},
    "cell": {"kind": "lstm", "hidden_size": 6},
    "batch_size": 4,
    "steps": 6,
    "device": "cpu",
}


def experiment(base: dict[str, Any] = SMALL, **other: Any) -> Experiment:
    return Experiment.model_validate({**base, **other})


def test_a_finished_run_has_a_row_for_every_update() -> None:
    found = train(experiment())
    assert found.attrs["status"] == "finished"
    assert found.sizes == {"step": 6, "time": 8}
    assert found.step.values.tolist() == list(range(6))
    assert np.isfinite(found.to_dataarray()).all()
    assert (found.grad_h.values > 0).all() and (found.grad_norm.values > 0).all()


@pytest.mark.parametrize("truncation", [{"kind": "full"}, {"kind": "window", "k1": 3, "k2": 5}])
@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
def test_the_first_row_is_the_measurement(cell: str, truncation: dict[str, Any]) -> None:
    one = experiment(cell={"kind": cell, "hidden_size": 6}, truncation=truncation)
    xr.testing.assert_identical(train(one).isel(step=[0]), measure(one))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_experiment_gives_the_same_numbers(dtype: str) -> None:
    first, second = train(experiment(dtype=dtype)), train(experiment(dtype=dtype))
    xr.testing.assert_identical(first, second)
    other = train(experiment(dtype=dtype, seed=1))
    assert not np.allclose(first.loss, other.loss)


def test_precisions_agree_up_to_rounding() -> None:
    single, double = train(experiment(dtype="float32")), train(experiment(dtype="float64"))
    xr.testing.assert_allclose(single, double, rtol=1e-3)
    assert not np.array_equal(single.grad_h, double.grad_h)


def test_every_update_sees_a_new_batch() -> None:
    found = train(experiment(optimizer={"kind": "sgd", "learning_rate": 1e-8, "momentum": 0.0}))
    assert len(set(found.loss.values.round(6))) == 6


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_learnable_task_is_learned(cell: str) -> None:
    found = train(
        experiment(
            task={"kind": "recall", "length": 5},
            cell={"kind": cell, "hidden_size": 16},
            optimizer={"kind": "adam", "learning_rate": 0.02},
            batch_size=32,
            steps=80,
        )
    )
    chance = found.attrs["chance_loss"]
    assert 0.7 * chance < found.loss[0] < 1.6 * chance
    assert found.loss[-10:].max() < 0.2 * chance
    assert found.accuracy[-10:].min() > 0.95
    assert found.accuracy[0] < 0.9


def weights_of(training: Training) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in training._built.model.state_dict().items()}


def test_divergence_keeps_the_row_and_does_not_touch_the_weights() -> None:
    training = Training(experiment(EXPLODING))
    before, after = weights_of(training), weights_of(training)
    for _ in training:
        before, after = after, weights_of(training)
    found = training.dataset()
    assert training.status == found.attrs["status"] == "diverged"
    assert found.attrs["diverged_step"] == found.sizes["step"] - 1 > 0
    assert np.isfinite(found.loss.values[:-1]).all() and np.isfinite(found.grad_norm.values[:-1]).all()
    assert not (np.isfinite(found.loss.values[-1]) and np.isfinite(found.grad_norm.values[-1]))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_diverging_gradient_is_not_clipped_into_something_finite() -> None:
    for clipping in ({"kind": "norm", "threshold": 1.0}, {"kind": "value", "threshold": 1.0}):
        found = measure(experiment(EXPLODING, task={"kind": "adding", "length": 200}, clipping=clipping))
        assert not np.isfinite(found.grad_norm.values[0])
        assert not np.isfinite(found.grad_norm_clipped.values[0])
        assert not np.isfinite(found.grad_h.values).all()


def test_huge_finite_gradients_are_finite_in_the_record_and_after_clipping() -> None:
    """Norms of 1e20 to 1e38, whose squares float32 cannot hold."""
    clipping = {"kind": "norm", "threshold": 0.5}
    found = measure(experiment(EXPLODING, task={"kind": "adding", "length": 35}, clipping=clipping))
    assert 1e25 < found.grad_h.values.max() < 1e38
    assert 1e25 < found.grad_norm.values[0] < 1e38
    assert found.grad_norm_clipped.values[0] == pytest.approx(0.5, rel=1e-5)


def test_vanished_gradients_are_not_zero_in_the_record() -> None:
    cell = {"kind": "tanh", "hidden_size": 8, "weights": {"kind": "orthogonal", "gain": 0.1}}
    found = measure(experiment(cell=cell, task={"kind": "recall", "length": 33})).grad_h.values[0]
    assert 0 < found[0] < 1e-30
    cell["weights"] = {"kind": "orthogonal", "gain": 0.001}
    found = measure(experiment(cell=cell, task={"kind": "recall", "length": 100}, dtype="float64")).grad_h.values[0]
    assert 0 < found[0] < 1e-290


def test_stop_ends_the_run_before_its_next_update() -> None:
    training = Training(experiment(steps=1000))
    for _ in training:
        if training.recorded == 3:
            training.stop()
    found = training.dataset()
    assert training.status == found.attrs["status"] == "stopped"
    assert found.sizes["step"] == 3
    xr.testing.assert_equal(found, train(experiment(steps=3)))


def test_stop_before_the_start_and_after_the_end() -> None:
    early = Training(experiment())
    early.stop()
    assert list(early) == [] and early.status == "stopped" and early.dataset().sizes["step"] == 0
    late = Training(experiment())
    assert len(list(late)) == 6
    late.stop()
    assert late.status == "finished" and list(late) == []
    assert late.dataset().sizes["step"] == 6


def test_stop_from_another_thread() -> None:
    training = Training(experiment(steps=100_000))

    def stopper() -> None:
        while training.recorded < 5:
            time.sleep(0.001)
        training.stop()

    thread = threading.Thread(target=stopper)
    thread.start()
    for _ in training:
        pass
    thread.join()
    assert training.status == "stopped"
    assert 5 <= training.recorded < 100_000
    assert training.dataset().sizes["step"] == training.recorded


def test_the_dataset_can_be_read_while_another_thread_trains() -> None:
    training = Training(experiment(steps=200))
    assert training.dataset().sizes["step"] == 0
    assert training.dataset().attrs["status"] == "running"
    thread = threading.Thread(target=lambda: [None for _ in training])
    thread.start()
    seen: list[xr.Dataset] = []
    while thread.is_alive():
        seen.append(training.dataset())
        time.sleep(0.002)
    thread.join()
    final = training.dataset()
    assert final.attrs["status"] == "finished" and final.sizes["step"] == 200
    lengths = [d.sizes["step"] for d in seen]
    assert lengths == sorted(lengths) and len(set(lengths)) > 3
    for snapshot in seen[:: max(1, len(seen) // 20)]:
        xr.testing.assert_equal(snapshot, final.isel(step=slice(0, snapshot.sizes["step"])))
        assert snapshot.attrs["status"] == "running" or snapshot.sizes["step"] == 200


def test_cuts_stay_exactly_zero_while_the_rest_explodes() -> None:
    """Infinite and nan gradients in the newest chunk leave the older ones as they are."""
    truncation = {"kind": "window", "k1": 100, "k2": 100}
    task = {"kind": "adding", "length": 200}
    found = measure(experiment(EXPLODING, task=task, truncation=truncation))
    assert not np.isfinite(found.grad_norm.values[0])
    assert (found.grad_h.values[0, :100] == 0).all()
    assert (found.grad_h.values[0, 100:] != 0).all()


def test_an_update_leaves_no_pass_to_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        run = Training(Experiment.model_validate({"task": {"kind": "adding", "length": 8}, "steps": 5}))
        assert [row.finite for row in run] == [True] * 5
        kept = [found for found in gc.get_objects() if type(found) is Trajectory]
    finally:
        gc.enable()
    assert len(kept) <= 1, "tensors of earlier updates are still alive"
