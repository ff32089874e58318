"""Losses and right answers, computed once more by hand; and what can be scored without memory, measured."""

import math

import numpy as np
import pytest
import torch
from sequences import many, task_of
from torch import Tensor

KINDS = ["adding", "copying", "temporal_order", "recall"]


def by_hand(kind: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Losses [T, B] from the papers' definitions, in numpy."""
    losses = np.zeros(outputs.shape[:2])
    steps = range(len(outputs)) if kind == "copying" else [len(outputs) - 1]
    for t in steps:
        for b in range(outputs.shape[1]):
            if kind == "adding":
                losses[t, b] = (outputs[t, b, 0] - targets[t, b, 0]) ** 2
            else:
                odds = np.exp(outputs[t, b])
                losses[t, b] = -math.log(odds[targets[t, b]] / odds.sum())
    return losses / len(outputs) if kind == "copying" else losses


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_the_definitions(kind: str) -> None:
    task = task_of(kind)
    generator = torch.Generator().manual_seed(0)
    batch = task.draw(6, generator)
    outputs = torch.randn(task.steps, 6, task.output_size, generator=generator, dtype=torch.float64)
    found = task.step_losses(outputs, batch)
    expected = by_hand(kind, outputs.numpy(), batch.targets.numpy())
    assert found.shape == (task.steps, 6)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    assert float(found.sum(0).mean()) == pytest.approx(expected.sum() / 6, rel=1e-12)
    asked = torch.zeros(task.steps, dtype=torch.bool)
    asked[task.asked[0] - 1 : task.asked[1]] = True
    assert (found[~asked] == 0).all() and (found[asked] > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_steps_loss_depends_on_its_own_output_only(kind: str) -> None:
    """Pieces of a sequence are scored with zeros in place of the other outputs; this is what allows it."""
    task = task_of(kind)
    generator = torch.Generator().manual_seed(0)
    batch = task.draw(3, generator)
    outputs = torch.randn(task.steps, 3, task.output_size, generator=generator, dtype=torch.float64, requires_grad=True)
    losses = task.step_losses(outputs, batch)
    for t in range(task.asked[0] - 1, task.asked[1]):
        (gradient,) = torch.autograd.grad(losses[t].sum(), outputs, retain_graph=True)
        own = gradient[t].clone()
        gradient[t] = 0
        assert (gradient == 0).all() and (own != 0).any()


def perfect(kind: str, targets: Tensor, classes: int) -> Tensor:
    return targets if kind == "adding" else 50 * torch.nn.functional.one_hot(targets, classes).double()


@pytest.mark.parametrize("kind", KINDS)
def test_right_answers_are_right_and_score_no_loss(kind: str) -> None:
    task = task_of(kind)
    batch = task.draw(8, torch.Generator().manual_seed(0))
    answers = perfect(kind, batch.targets, task.output_size)
    right = task.correct(answers, batch)
    assert right.shape == (task.question[1] - task.question[0] + 1, 8) and right.dtype == torch.bool
    assert right.all()
    assert task.step_losses(answers, batch).sum() < 1e-12
    wrong = answers + 0.05 if kind == "adding" else -answers
    assert not task.correct(wrong, batch).any()


def test_an_answer_within_four_hundredths_is_right() -> None:
    task = task_of("adding")
    batch = task.draw(8, torch.Generator().manual_seed(0))
    assert task.correct(batch.targets + 0.0399, batch).all() and task.correct(batch.targets - 0.0399, batch).all()
    assert not task.correct(batch.targets - 0.0401, batch).any()


@pytest.mark.parametrize(("kind", "formula"), [
    ("adding", 1 / 6), ("copying", 10 * math.log(8) / 25), ("temporal_order", math.log(4)), ("recall", math.log(2)),
])  # fmt: skip
def test_chance_is_its_formula(kind: str, formula: float) -> None:
    value, text = task_of(kind).chance
    assert value == pytest.approx(formula, rel=1e-12)
    assert text == {
        "adding": "1/6", "copying": "10 ln 8 / (T + 20)", "temporal_order": "ln 4", "recall": "ln 2",
    }[kind]  # fmt: skip


def test_chance_of_adding_is_measured() -> None:
    """The best constant is the mean of the sums, and its squared error is 1/6."""
    task, batch = many("adding", 100_000)
    total = batch.targets[-1]
    best = total.mean()
    assert best.item() == pytest.approx(1.0, abs=5 * (1 / 6 / 100_000) ** 0.5)
    outputs = torch.ones_like(batch.targets)
    losses = task.step_losses(outputs, batch).sum(0)
    error = losses.std().item() / len(losses) ** 0.5
    assert losses.mean().item() == pytest.approx(task.chance[0], abs=4 * error)
    assert 4 * error < 0.02 * task.chance[0]
    assert task.step_losses(outputs * 1.1, batch).sum(0).mean() > losses.mean()


@pytest.mark.parametrize(
    ("kind", "symbols"), [("copying", None), ("temporal_order", None), ("recall", 2), ("recall", 5)]
)
def test_chance_of_classes_is_measured(kind: str, symbols: int | None) -> None:
    """The best answer from the time and the present input alone, learned by counting, scores what the formula says.

    Counted on one half of the sequences, scored on the other: memory is all it lacks.
    """
    task, batch = many(kind, **({} if symbols is None else {"symbols": symbols}))
    half = 10_000
    read, classes = batch.inputs.argmax(-1), task.output_size
    counts = torch.zeros(task.steps, task.input_size, classes, dtype=torch.float64)
    for t in range(task.steps):
        counts[t].index_put_(
            (read[t, :half], batch.targets[t, :half]), torch.ones((), dtype=torch.float64), accumulate=True
        )
    share = (counts + 1e-9) / (counts + 1e-9).sum(-1, keepdim=True)
    answers = share.log()[torch.arange(task.steps)[:, None], read[:, half:]]
    rest = type(batch)(batch.inputs[:, half:], batch.targets[:, half:])
    losses = task.step_losses(answers, rest).sum(0)
    cells = classes * (4 if kind in ("temporal_order", "recall") else 10)  # probabilities that were counted
    tolerance = 4 * losses.std().item() / half**0.5 + cells / half
    assert losses.mean().item() == pytest.approx(task.chance[0], abs=tolerance)
    assert tolerance < 0.05 * task.chance[0]


def test_losses_keep_the_precision_and_the_graph() -> None:
    for kind in KINDS:
        task = task_of(kind)
        batch = task.draw(3, torch.Generator().manual_seed(0)).to(torch.device("cpu"), torch.float32)
        outputs = torch.zeros(task.steps, 3, task.output_size, requires_grad=True)
        losses = task.step_losses(outputs, batch)
        assert losses.dtype == torch.float32 and losses.requires_grad
