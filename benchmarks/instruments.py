"""The loss-by-state matrix against the way anybody would find it: one pass of autograd back for each step's loss."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.agreement import DisagreementError
from benchmarks.contestants import Loop, experiment
from benchmarks.report import Line, Section
from benchmarks.timing import median, ratios, side_by_side
from explorer import Experiment, build, credit_matrix, truncation_bias

TITLE = "instruments at the start of training (T=100, B=16, H=32, float32, one thread)"
CASES = tuple((kind, task) for task in ("copying", "adding") for kind in ("tanh", "lstm"))
STEPS = 100  # read in all
LENGTHS = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 70, 100)
BIAS = f"lstm, copying: truncation_bias of {len(LENGTHS)} lengths in both styles"
CREDIT = "lstm, copying: credit_matrix"
ROUNDS = 3
NEAR = 1e-8
NOTES = (
    "The passes go back through a loop over `torch.nn`'s cell, once for each of the T losses, by `torch.autograd.grad` "
    "of L_s by all states; drawing weights and batch is in the time of credit_matrix and not in theirs. Both matrices "
    "were compared in float64 to 1e-8 before. The adding task has a loss at its last step alone.",
)


def run() -> Section:
    """The matrix for a loss at every step and one at the end, and the bias."""
    lines = []
    for kind, task in CASES:
        here = experiment_of(kind, task)
        check(here)
        ways: dict[str, Callable[[], object]] = {"ours": partial(credit_matrix, here), "passes": passes(here)}
        times = side_by_side(ways, ROUNDS, block=0.0)
        lines.append(Line(measure(kind, task), ratios(times, "ours", "passes"), took=median(times["ours"])))
        if (kind, task) == ("lstm", "copying"):
            lines.append(Line(CREDIT, times["ours"], "s"))
            bias = side_by_side({"bias": partial(truncation_bias, here, LENGTHS)}, ROUNDS, block=0.0)
            lines.append(Line(BIAS, bias["bias"], "s"))
    return Section(TITLE, lines, NOTES)


def measure(kind: str, task: str) -> str:
    """The name of a line."""
    return f"{kind}, {task}: credit_matrix ÷ T autograd passes"


def experiment_of(kind: str, task: str, steps: int = STEPS) -> Experiment:
    """The experiment of a case, with so many steps read."""
    length = steps - 20 if task == "copying" else steps
    return experiment(kind, task=task, length=length, batch_size=16, hidden_size=32)


def check(experiment: Experiment) -> None:
    """Compare both matrices in float64.

    Raises:
        DisagreementError: where they differ, or are zero everywhere.
    """
    same = experiment.changed(dtype="float64")
    found, expected = credit_matrix(same)["credit"].values, passes(same)()
    if not np.abs(found - expected).max() <= NEAR * expected.max() > 0:
        raise DisagreementError("credit_matrix and the autograd passes disagree; nothing was timed.")


def passes(experiment: Experiment) -> Callable[[], NDArray[np.float64]]:
    """A function that unrolls the cell by hand and goes back once for each step's loss, [T, T]."""
    built, loop = build(experiment), Loop(experiment)
    cell, readout = loop.module["rnn"], loop.module["readout"]  # type: ignore[index]

    def work() -> NDArray[np.float64]:
        state: Any = None
        states: list[Tensor] = []
        for x in built.batch.inputs:
            state = cell(x, state)
            states.append(state[0] if isinstance(state, tuple) else state)
        losses = built.step_losses(readout(torch.stack(states))).mean(1)
        found = np.zeros((len(states), len(states)))
        for s, loss in enumerate(losses):
            gradients = torch.autograd.grad(loss, states, retain_graph=True, allow_unused=True)
            reached = torch.stack([g for g in gradients if g is not None])
            found[s, : len(reached)] = reached.norm(dim=-1).sum(-1).numpy()
        return found

    return work
