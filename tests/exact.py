"""Small experiments of every task and cell, and the exact pieces of their gradients."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import reference
import torch

from explorer import Built, Experiment, build
from explorer.truncation import mask

DRAWN: dict[str, dict[str, Any]] = {
    "stochastic": {"kind": "stochastic", "mean_length": 4},
    "subsequence": {"kind": "subsequence", "window": 7},
    "subsequence from zero": {"kind": "subsequence", "window": 7, "start": "zero"},
}
TASKS = {"adding": 12, "copying": 3, "temporal_order": 13, "recall": 11}
PLANS: dict[str, dict[str, Any]] = {
    "full": {"kind": "full"},
    "chunked": {"kind": "window", "k1": 5, "k2": 5},
    "sliding": {"kind": "window", "k1": 1, "k2": 4},
    "uneven ends": {"kind": "window", "k1": 4, "k2": 7},
    "k2 beyond T": {"kind": "window", "k1": 3, "k2": 500},
    "k1 beyond T": {"kind": "window", "k1": 500, "k2": 500},
}


def config(task: str, cell: str, **other: Any) -> dict[str, Any]:
    # The bias that torch.nn starts with, so that no bias is zero.
    shape = {"kind": cell, "hidden_size": 5, "bias": {"kind": "pytorch"}}
    task_config = {"kind": task, "length": TASKS[task]}
    return {"task": task_config, "cell": shape, "batch_size": 3, "dtype": "float64", "device": "cpu", **other}


@cache
def exact(task: str, cell: str) -> tuple[reference.Pieces, Built]:
    built = build(Experiment.model_validate(config(task, cell)))
    weights = built.model.state_dict()
    step, states = reference.STEPS[cell], reference.STATES[cell]
    return reference.pieces(step, states, weights, built.batch.inputs, built.step_losses), built


def mask_of(truncation: dict[str, Any], length: int) -> np.ndarray:
    """[s − 1, t − 1]: the contract's words on windows, written out once more."""
    k1, k2 = truncation.get("k1", length), truncation.get("k2", length)
    found = np.zeros((length, length), dtype=bool)
    for s in range(1, length + 1):
        end = next(e for e in range(s, length + 1) if e % k1 == 0 or e == length)
        for t in range(max(1, end - k2 + 1), s + 1):
            found[s - 1, t - 1] = True
    return found


def drawn(task: str, cell: str, name: str) -> tuple[Experiment, reference.Pieces, np.ndarray]:
    """An experiment whose plan is drawn, the exact pieces on its own trajectory, and what its first plan leaves."""
    pieces, built = exact(task, cell)
    experiment = Experiment.model_validate(config(task, cell, truncation=DRAWN[name]))
    length = experiment.task.steps
    if not experiment.truncation.carries:
        before = experiment.plan[0].oldest
        assert before > 0

        def losses(outputs: torch.Tensor) -> torch.Tensor:
            return built.step_losses(torch.cat([outputs.new_zeros(before, *outputs.shape[1:]), outputs]))[before:]

        step, states = reference.STEPS[cell], reference.STATES[cell]
        own = reference.pieces(step, states, built.model.state_dict(), built.batch.inputs[before:], losses)
        pieces = replace(
            pieces,
            states=[_shifted(state, before) for state in own.states],
            recurrent={name: _shifted(value, before) for name, value in own.recurrent.items()},
        )
    return experiment, pieces, mask(experiment.plan, length)


def _shifted(values: torch.Tensor, before: int) -> torch.Tensor:
    """[s, t, …] counted from a later start."""
    found = values.new_zeros(len(values) + before, len(values) + before, *values.shape[2:])
    found[before:, before:] = values
    return found
