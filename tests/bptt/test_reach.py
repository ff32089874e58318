"""What no gradient reaches is left out of the backward pass, and nothing else changes."""

import numpy as np
import pytest
import torch

from explorer import Experiment, build
from explorer.bptt import Flow, Pass, norms_by_time

LENGTH, ASKED = 24, (22, 24)
WINDOW = {"kind": "window", "k1": 4, "k2": 6}  # the last losses flow back to the state at 18


def gradients(kind: str, truncation: dict[str, object], asked: tuple[int, int] | None):
    """Norms by time, all weights' gradients and the number of steps gone back through, for a loss on steps 22–24."""
    experiment = Experiment.model_validate(
        {"cell": {"kind": kind, "hidden_size": 5}, "task": {"kind": "adding", "length": LENGTH}, "batch_size": 3,
         "truncation": truncation, "dtype": "float64"}
    )  # fmt: skip
    built, flows = build(experiment), list[Flow]()
    task = Pass(experiment.cell, experiment.truncation.plan(LENGTH), on_flow=flows.append, asked=asked)
    outputs = built.model(built.batch.inputs, task)
    outputs[-3:].sum().backward()
    found = norms_by_time(experiment.cell, flows[0])
    return found, [p.grad for p in built.model.parameters()], len(flows[0].u)


@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
@pytest.mark.parametrize(("truncation", "reached"), [(WINDOW, 6), ({"kind": "full"}, LENGTH)])
def test_only_what_is_reached_is_gone_through(kind: str, truncation: dict[str, object], reached: int) -> None:
    norms, weights, steps = gradients(kind, truncation, ASKED)
    all_norms, all_weights, all_steps = gradients(kind, truncation, None)
    assert (steps, all_steps) == (reached, LENGTH)
    for name, expected in all_norms.items():
        assert expected.max() > 0
        assert norms[name].shape == (1, LENGTH)
        np.testing.assert_allclose(norms[name], expected, rtol=1e-10, atol=0)
    for found, expected in zip(weights, all_weights, strict=True):
        assert expected.abs().max() > 0
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-14)


def test_gradients_of_inputs_and_initial_states_keep_their_place() -> None:
    experiment = Experiment.model_validate({"truncation": WINDOW, "dtype": "float64", "batch_size": 2})
    built, plan = build(experiment), experiment.truncation.plan(LENGTH)
    inputs = built.batch.inputs[:LENGTH].clone().requires_grad_()
    built.model(inputs, Pass(experiment.cell, plan, asked=ASKED))[-3:].sum().backward()
    reached = inputs.grad.abs().sum((1, 2))
    assert (reached[18:] > 0).all()
    assert not reached[:18].any()
