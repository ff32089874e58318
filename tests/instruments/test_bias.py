"""The bias of truncation against sums of autograd's pieces, at the start and along a run."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import pytest
import reference
import torch
import xarray as xr
from exact import config, exact, mask_of
from torch import Tensor

from explorer import Experiment, InstrumentError, build, truncation_bias
from explorer.instruments.bias import compared

LENGTHS = [1, 2, 5, 7, 11, 500]
STYLES = {"chunked": lambda k: {"k1": k, "k2": k}, "sliding": lambda k: {"k1": 1, "k2": k}}
LEARNING_RATE = 0.1
DESCENT = {"optimizer": {"kind": "sgd", "learning_rate": LEARNING_RATE}, "clipping": {"kind": "none"}, "steps": 9}


def expected(pieces: reference.Pieces, lengths: list[int]) -> dict[str, np.ndarray]:
    """From the gradients that the masks leave, [style, length]."""
    steps = len(pieces.losses)
    full = vector(pieces, mask_of({}, steps))
    assert float(full.norm()) > 1e-3
    found = np.zeros((3, len(STYLES), len(lengths)))
    for i, style in enumerate(STYLES.values()):
        for j, length in enumerate(lengths):
            own = vector(pieces, mask_of(style(length), steps))
            found[:, i, j] = (
                own @ full / (own.norm() * full.norm()),
                own.norm() / full.norm(),
                (own - full).norm() / full.norm(),
            )
    return dict(zip(("cosine", "norm_ratio", "relative_bias"), found, strict=True))


def vector(pieces: reference.Pieces, mask: np.ndarray) -> Tensor:
    parameters = pieces.under(mask).parameters
    return torch.cat([parameters[f"rnn.{name}"].flatten() for name in reference.RECURRENT])


def agrees(found: xr.Dataset, numbers: Mapping[str, np.ndarray]) -> None:
    for name, values in numbers.items():
        assert found[name].dims == ("style", "length")
        np.testing.assert_allclose(found[name].values, values, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("cell", sorted(reference.STEPS))
@pytest.mark.parametrize("task", ["copying", "adding"])
def test_it_agrees_with_autograd(task: str, cell: str) -> None:
    pieces, _ = exact(task, cell)
    found = truncation_bias(Experiment.model_validate(config(task, cell)), LENGTHS)
    assert found["style"].values.tolist() == list(STYLES)
    assert found["length"].values.tolist() == LENGTHS
    assert int(found["step"]) == 0
    agrees(found, expected(pieces, LENGTHS))
    bias = found["relative_bias"].values
    assert (bias[:, 0] > 0.05).all(), "one step is not the whole gradient"
    assert (bias[:, -1] == 0).all(), "beyond the sequence truncation does nothing"
    assert (found["norm_ratio"].values[:, -1] == 1).all()


def test_the_truncation_that_trains_plays_no_role_at_the_start() -> None:
    full = Experiment.model_validate(config("copying", "gru"))
    cut = full.changed(truncation="window", k1=2, k2=3)
    assert truncation_bias(full, [3, 6]).equals(truncation_bias(cut, [3, 6]))


def by_hand(experiment: Experiment, updates: int, mask: np.ndarray) -> list[reference.Pieces]:
    """The pieces before each of the first updates of gradient descent, each on its own batch."""
    built, found = build(experiment), []
    weights = {name: value.clone() for name, value in built.model.state_dict().items()}
    kind = experiment.cell.kind
    for batch in islice(built.batches, updates):

        def losses(outputs: Tensor, batch: Any = batch) -> Tensor:
            return experiment.task.step_losses(outputs, batch)

        pieces = reference.pieces(reference.STEPS[kind], reference.STATES[kind], weights, batch.inputs, losses)
        found.append(pieces)
        gradient = pieces.under(mask).parameters
        weights = {name: value - LEARNING_RATE * gradient[name] for name, value in weights.items()}
    return found


@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_along_a_run_it_agrees_with_descent_by_hand(cell: str) -> None:
    truncation = {"kind": "window", "k1": 3, "k2": 4}
    experiment = Experiment.model_validate(config("adding", cell, truncation=truncation) | DESCENT)
    runs = by_hand(experiment, 4, mask_of(truncation, 12))
    found = truncation_bias(experiment, [2, 9], at=(3, 0, 1))
    assert found["cosine"].dims == ("step", "style", "length")
    assert found["step"].values.tolist() == [3, 0, 1]
    for step in (3, 0, 1):
        agrees(found.sel(step=step), expected(runs[step], [2, 9]))
    assert not np.allclose(found["relative_bias"].sel(step=3), found["relative_bias"].sel(step=0))
    alone = truncation_bias(experiment, [2, 9], at=(3,))
    assert alone["cosine"].dims == ("style", "length") and int(alone["step"]) == 3
    xr.testing.assert_equal(alone, found.sel(step=3))


def test_where_each_piece_updates_it_is_on_the_batch_of_that_update() -> None:
    truncation = {"kind": "window", "k1": 4, "k2": 4, "updates": "segment"}  # three updates for each batch
    experiment = Experiment.model_validate(config("adding", "tanh", truncation=truncation) | DESCENT)
    built = build(experiment)
    weights = {name: value.clone() for name, value in built.model.state_dict().items()}
    batches = list(islice(built.batches, 3))
    data = [(b.inputs, lambda outputs, b=b: experiment.task.step_losses(outputs, b)) for b in batches]
    segments = [(1, 4, 0), (5, 8, 4), (9, 12, 8)]
    gradients = reference.segment_updates(reference.tanh, 1, weights, data[:2], segments, LEARNING_RATE)
    found = truncation_bias(experiment, [2, 9], at=(2, 4, 6))
    for step, number in ((2, 0), (4, 1), (6, 2)):
        then = dict(weights)
        for gradient in gradients[:step]:
            then = {name: value - LEARNING_RATE * gradient.parameters[name] for name, value in then.items()}
        agrees(found.sel(step=step), expected(reference.pieces(reference.tanh, 1, then, *data[number]), [2, 9]))


def test_where_no_gradient_is_left_there_is_nothing_to_compare() -> None:
    """One rectified unit that no input of the task switches on."""
    base = config("adding", "relu") | {"cell": {"kind": "relu", "hidden_size": 1, "bias": {"kind": "zero"}}}
    experiment = next(
        one
        for one in (Experiment.model_validate(base | {"seed": seed}) for seed in range(20))
        if (build(one).model.rnn.weight_ih_l0 < 0).all()
    )
    found = truncation_bias(experiment, [2, 500])
    assert all(np.isnan(found[name].values).all() for name in ("cosine", "norm_ratio", "relative_bias"))


def test_a_truncated_gradient_of_nothing_has_bias_one_and_no_direction() -> None:
    lanes = torch.zeros(2, 3, dtype=torch.float64)
    lanes[1] = torch.tensor([3.0, 0.0, 4.0])
    cosine, ratio, off = compared(lanes)
    assert np.isnan(cosine[0]) and ratio.tolist() == [0] and off.tolist() == [1]


def test_a_run_that_diverges_before_is_told() -> None:
    experiment = Experiment.model_validate(
        config("adding", "relu")
        | {"cell": {"kind": "relu", "hidden_size": 8, "weights": {"kind": "identity", "scale": 3.0}}}
        | DESCENT
        | {"optimizer": {"kind": "sgd", "learning_rate": 100.0}}
    )
    with pytest.raises(
        InstrumentError, match=r"^at: 9 is not allowed; the run diverges in its update \d, counted from 0"
    ):
        truncation_bias(experiment, [2], at=(0, 9))


@pytest.mark.parametrize(
    ("lengths", "at", "sentence"),
    [
        ([], (0,), "lengths: give a list of at least one value"),
        ([0], (0,), "lengths: 0 is not allowed; give integers from 1 to 10000."),
        ([2.5], (0,), "lengths: 2.5 is not allowed"),
        ([2], (), "at: give a list of at least one value"),
        ([2], (-1,), "at: -1 is not allowed; give integers from 0 to 9."),
        ([2], (10,), "at: 10 is not allowed; give integers from 0 to 9."),
        ([2], (1, 1), "at: 1 is given twice."),
    ],
)
def test_bad_lengths_and_updates_end_in_a_sentence(lengths: list[Any], at: tuple[int, ...], sentence: str) -> None:
    experiment = Experiment.model_validate(config("adding", "tanh") | DESCENT)
    with pytest.raises(InstrumentError) as caught:
        truncation_bias(experiment, lengths, at)
    assert str(caught.value).startswith(sentence)


def test_progress_is_told_along_the_run() -> None:
    told: list[float] = []
    experiment = Experiment.model_validate(config("adding", "tanh") | DESCENT)
    truncation_bias(experiment, [2], at=(0, 4), progress=told.append)
    assert told == sorted(told) and set(told) == {0, 0.25, 0.5, 0.75, 1}
