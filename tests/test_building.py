"""The seeded start: the same numbers for every device, precision and cell, and nothing global touched."""

from typing import Any

import pytest
import torch

from explorer import Experiment, build
from explorer.building import DeviceError


def experiment(**other: Any) -> Experiment:
    task = {"kind": "copying", "length": 4}
    return Experiment.model_validate({"task": task, "batch_size": 3, "device": "cpu", **other})


def test_weights_and_batches_are_drawn_from_the_seed() -> None:
    first, second, other = build(experiment()), build(experiment()), build(experiment(seed=1))
    for name, weight in first.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name])
        assert not torch.equal(weight, other.model.state_dict()[name])
    assert torch.equal(first.batch.inputs, second.batch.inputs)
    assert not torch.equal(first.batch.inputs, other.batch.inputs)


def test_the_global_random_state_neither_matters_nor_changes() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = build(experiment())
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(first.model.readout.weight, build(experiment()).model.readout.weight)


def test_precisions_start_from_the_same_numbers() -> None:
    single, double = build(experiment(dtype="float32")), build(experiment(dtype="float64"))
    for name, weight in double.model.state_dict().items():
        assert weight.dtype == torch.float64
        assert torch.equal(weight.float(), single.model.state_dict()[name])
    assert torch.equal(double.batch.inputs.float(), single.batch.inputs)


def test_every_cell_sees_the_same_batches() -> None:
    inputs = [build(experiment(cell={"kind": kind})).batch.inputs for kind in ("tanh", "relu", "lstm", "gru")]
    assert all(torch.equal(inputs[0], other) for other in inputs)


def test_batches_begin_with_the_first_and_never_repeat() -> None:
    built = build(experiment())
    drawn = [next(built.batches) for _ in range(4)]
    assert torch.equal(drawn[0].inputs, built.batch.inputs)
    assert all(not torch.equal(a.inputs, b.inputs) for i, a in enumerate(drawn) for b in drawn[:i])


def test_weights_and_batches_come_from_different_streams() -> None:
    """Else the input weights of one seed would be the values of its first batch."""
    built = build(Experiment(device="cpu", dtype="float64"))
    values = built.batch.inputs[..., 0].flatten()
    weights = built.model.rnn.weight_ih_l0.detach().flatten()
    uniform = (weights * 64**0.5 + 1) / 2
    assert (values[: len(uniform)] - uniform).abs().max() > 0.1


@pytest.mark.parametrize("task", ["adding", "copying", "temporal_order", "recall"])
def test_shapes_of_the_contract(task: str) -> None:
    built = build(experiment(task={"kind": task, "length": 12}))
    steps = 32 if task == "copying" else 12
    assert built.batch.inputs.shape[:2] == (steps, 3)
    outputs = built.model(built.batch.inputs)
    assert outputs.shape == (steps, 3, built.experiment.task.output_size)
    losses = built.step_losses(outputs)
    assert losses.shape == (steps, 3) and losses.requires_grad
    assert sorted(built.model.state_dict()) == [
        "readout.bias", "readout.weight", "rnn.bias_hh_l0", "rnn.bias_ih_l0", "rnn.weight_hh_l0", "rnn.weight_ih_l0",
    ]  # fmt: skip


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_cuda_where_there_is_none_is_one_sentence() -> None:
    with pytest.raises(DeviceError, match=r"^device: 'cuda' was asked for, .* give cpu or auto.$"):
        build(experiment(device="cuda"))
    assert build(experiment(device="auto")).batch.inputs.device.type == "cpu"
