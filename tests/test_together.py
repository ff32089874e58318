"""Experiments trained together against the same experiments trained alone, in float64."""

from typing import Any

import numpy as np
import pytest
import torch
from updating import CLIPPINGS, OPTIMIZERS, config

from explorer import Experiment, train
from explorer.recording import Recording
from explorer.together import Together, same_shape

WINDOWS = ({"kind": "full"}, *({"kind": "window", "k1": k, "k2": k} for k in (1, 4, 10, 20)))
SLIDING = tuple({"kind": "window", "k1": k1, "k2": k2} for k1, k2 in ((2, 4), (5, 10), (4, 8)))


def agree_with_alone(experiments: list[Experiment]) -> None:
    """Every row of every model is that of the experiment alone."""
    recordings = [Recording(experiment) for experiment in experiments]
    for rows in Together(experiments):
        for number, row in rows.items():
            recordings[number].keep(row)
    for experiment, recording in zip(experiments, recordings, strict=True):
        alone, found = train(experiment), recording.dataset()
        assert found.attrs == alone.attrs
        assert alone.grad_norm.max() > 1e-4
        for name, values in alone.data_vars.items():
            expected = values.values
            assert np.isfinite(expected).all() or alone.attrs["status"] == "diverged"
            scale = np.abs(expected[np.isfinite(expected)]).max()
            np.testing.assert_allclose(found[name].values, expected, rtol=1e-8, atol=1e-8 * scale, err_msg=name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o["kind"])
@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
def test_each_with_its_own_truncation_clipping_gain_and_seed(cell: str, optimizer: dict[str, Any]) -> None:
    experiments = [
        config(
            cell={"kind": cell, "hidden_size": 5, "weights": {"kind": "orthogonal", "gain": 0.8 + 0.1 * number}},
            truncation=window,
            clipping=CLIPPINGS[number % len(CLIPPINGS)],
            optimizer=optimizer,
            seed=number % 3,
        )
        for number, window in enumerate(WINDOWS)
    ]
    agree_with_alone(experiments)
    first = [train(e).grad_h.values[0] for e in experiments]
    assert all(not np.allclose(a, b) for k, a in enumerate(first) for b in first[:k])


@pytest.mark.parametrize("task", ["recall", "copying", "temporal_order"])
def test_overlapping_pieces_and_other_tasks(task: str) -> None:
    length = 3 if task == "copying" else 20
    agree_with_alone([config(task={"kind": task, "length": length}, truncation=t, seed=1) for t in SLIDING[:2]])


def test_a_model_that_diverges_disturbs_no_other() -> None:
    def one(scale: float, clipping: dict[str, Any]) -> Experiment:
        cell = {"kind": "relu", "hidden_size": 8, "weights": {"kind": "identity", "scale": scale}}
        optimizer = {"kind": "sgd", "learning_rate": 100.0}
        return config(cell=cell, optimizer=optimizer, clipping=clipping, batch_size=4, steps=50)

    calm = {"kind": "norm", "threshold": 1e-4}
    experiments = [one(0.5, calm), one(3.0, {"kind": "none"}), one(0.4, calm)]
    group = Together(experiments)
    rows = list(group)
    ended = [1 in row for row in rows].index(False)
    assert 1 < ended < 50 and rows[0][1].finite and not rows[ended - 1][1].finite
    assert all(0 in row and 2 in row for row in rows)
    assert group.under_way == []
    agree_with_alone(experiments)


def test_a_model_may_be_left_out() -> None:
    experiments = [config(seed=seed) for seed in (0, 1)]
    group = Together(experiments)
    seen = []
    for rows in group:
        seen.append(sorted(rows))
        if len(seen) == 2:
            group.end(0)
    assert seen == [[0, 1]] * 2 + [[1]] * 4


def test_float32_agrees_up_to_its_rounding() -> None:
    experiments = [config(dtype="float32", seed=seed, truncation=t) for seed, t in enumerate(WINDOWS)]
    rows = list(Together(experiments))
    for number, experiment in enumerate(experiments):
        alone = train(experiment)
        np.testing.assert_allclose([r[number].numbers["loss"] for r in rows], alone.loss.values, rtol=1e-3)
        np.testing.assert_allclose(rows[0][number].by_time["grad_h"], alone.grad_h.values[0], rtol=1e-3)


def test_what_may_be_trained_together() -> None:
    shape = same_shape(config())
    for alike in ({"seed": 3}, {"clipping": {"kind": "none"}}, {"truncation": WINDOWS[1]}):
        assert same_shape(config(**alike)) == shape
    others: list[dict[str, Any]] = [
        {"task": {"kind": "adding", "length": 21}}, {"cell": {"kind": "gru", "hidden_size": 5}}, {"batch_size": 4},
        {"cell": {"kind": "lstm", "hidden_size": 6}}, {"dtype": "float32"}, {"steps": 7},
        {"optimizer": {"kind": "adam", "learning_rate": 0.3}},
        {"truncation": {"kind": "window", "k1": 5, "k2": 5, "updates": "segment"}},
    ]  # fmt: skip
    for other in others:
        assert same_shape(config(**other)) != shape
    # Overlapping pieces run beside one another where each has a loss, and only there.
    assert same_shape(config(truncation=SLIDING[0])) == shape
    everywhere = {"task": {"kind": "copying", "length": 20}}
    assert same_shape(config(**everywhere, truncation=SLIDING[0])) != same_shape(config(**everywhere))
    with pytest.raises(ValueError, match="one shape"):
        Together([config(), config(**others[0])])


def test_random_numbers_elsewhere_are_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(Together([config(seed=s) for s in (0, 1)]))
    assert torch.equal(before, torch.get_rng_state())
