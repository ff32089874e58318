"""Updates after each segment, against autograd with a private copy of the weights for every step."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import reference
from agreement import row_agrees

from explorer import Experiment, Training, build
from explorer import pieces as module
from explorer.tasks import Batch, Task

RATE = 0.05
SEQUENCES = 3


def config(task: str, cell: str, k1: int, k2: int, steps: int) -> dict[str, Any]:
    return {
        "task": {"kind": task, "length": 3 if task == "copying" else 13},
        "cell": {"kind": cell, "hidden_size": 4, "bias": {"kind": "pytorch"}},
        "truncation": {"kind": "window", "k1": k1, "k2": k2, "updates": "segment"},
        "clipping": {"kind": "none"},
        "optimizer": {"kind": "sgd", "learning_rate": RATE, "momentum": 0},
        "batch_size": 3,
        "steps": steps,
        "dtype": "float64",
        "device": "cpu",
    }


def segments(k1: int, k2: int, length: int) -> list[tuple[int, int, int]]:
    ends = [e for e in range(1, length + 1) if e % k1 == 0 or e == length]
    return [(first + 1, end, max(0, end - k2)) for first, end in zip([0, *ends], ends, strict=False)]


def losses(task: Task, batch: Batch) -> reference.Losses:
    return lambda outputs: task.step_losses(outputs, batch)


@pytest.mark.parametrize(("k1", "k2"), [(5, 5), (4, 7), (1, 3), (3, 500), (500, 500)])
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
@pytest.mark.parametrize("task", ["copying", "adding"])
def test_every_update_agrees_with_autograd(task: str, cell: str, k1: int, k2: int) -> None:
    length = 23 if task == "copying" else 13
    plan = segments(k1, k2, length)
    experiment = Experiment.model_validate(config(task, cell, k1, k2, SEQUENCES * len(plan)))
    expected = expected_of(experiment, plan)
    training = Training(experiment)
    assert len(list(training)) == len(expected) == SEQUENCES * len(plan)
    found = training.dataset()
    for row, gradient in enumerate(expected):
        row_agrees(found, row, gradient)
    asked = np.array(
        [sum(t >= experiment.task.asked[0] for t in range(first, last + 1)) for first, last, _ in plan] * SEQUENCES
    )
    np.testing.assert_array_equal(found.asked, asked)
    assert (found.loss.values[asked > 0] > 1e-4).all()
    assert (found.loss.values[asked == 0] == 0).all()
    assert (found.grad_norm.values[asked > 0] > 1e-4).all()


def expected_of(experiment: Experiment, plan: list[tuple[int, int, int]]) -> list[reference.Gradient]:
    """The reference's gradients of all updates."""
    built, cell = build(experiment), experiment.cell.kind
    batches = [next(built.batches) for _ in range(SEQUENCES)]
    asked = [(b.inputs, losses(experiment.task, b)) for b in batches]
    weights = built.model.state_dict()
    return reference.segment_updates(reference.STEPS[cell], reference.STATES[cell], weights, asked, plan, RATE)


def test_the_weights_in_force_at_older_steps_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above has teeth: with the newest weights in older steps it fails."""
    plan = segments(4, 9, 23)
    experiment = Experiment.model_validate(config("copying", "gru", 4, 9, SEQUENCES * len(plan)))
    expected = expected_of(experiment, plan)
    training = Training(experiment)
    kept, newest = module.newest, training._built.model.rnn.weight_hh_l0

    def changed(*arguments: Any) -> Any:
        return [replace(piece, weight_hh=newest.detach().clone().unsqueeze(0)) for piece in kept(*arguments)]

    monkeypatch.setattr(module, "newest", changed)
    list(training)
    row_agrees(training.dataset(), 0, expected[0])
    with pytest.raises(AssertionError, match="grad_h"):
        row_agrees(training.dataset(), 2, expected[2])


def test_accuracy_is_that_of_the_answers_within_the_piece() -> None:
    """Pieces end at 7, 14, 21 and 23; the ten answers stand at 14 to 23. The learning rate is near zero."""
    still = config("copying", "lstm", 7, 7, 4) | {"batch_size": 200, "seed": 1}
    still["optimizer"] = {"kind": "sgd", "learning_rate": 1e-8, "momentum": 0}
    experiment = Experiment.model_validate(still)
    built = build(experiment)
    right = experiment.task.correct(built.model(built.batch.inputs), built.batch).double().mean(1)
    assert len(set(right.tolist())) > 4
    training = Training(experiment)
    list(training)
    expected = [np.nan, right[0].item(), right[1:8].mean().item(), right[8:].mean().item()]
    np.testing.assert_allclose(training.dataset().accuracy.values, expected, rtol=1e-12)


def test_state_is_carried_over_within_a_sequence_and_starts_at_zero() -> None:
    """With a learning rate near zero the pieces' losses are those of the undivided sequence."""
    pieces = config("copying", "lstm", 6, 6, 8)
    pieces["optimizer"]["learning_rate"] = 1e-8
    whole = {**pieces, "truncation": {"kind": "full"}, "steps": 2}
    by_piece, by_sequence = (Training(Experiment.model_validate(c)) for c in (pieces, whole))
    list(by_piece), list(by_sequence)
    sums = by_piece.dataset().loss.values.reshape(2, 4).sum(1)
    np.testing.assert_allclose(sums, by_sequence.dataset().loss.values, rtol=1e-5)
    assert not np.isclose(sums[0], sums[1], rtol=1e-4)


def test_memory_of_pieces_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the steps that the next segment reaches are kept."""
    longest: list[int] = []
    kept = module.newest

    def watched(*arguments: Any) -> Any:
        history = kept(*arguments)
        longest.append(sum(len(piece) for piece in history))
        return history

    monkeypatch.setattr(module, "newest", watched)
    list(Training(Experiment.model_validate(config("adding", "tanh", 1, 4, 26))))
    assert max(longest) == 3
