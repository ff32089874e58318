"""Every truncation scheme against sums of exact pieces, and what is measured of others beside the one that trains."""

from itertools import islice, product
from typing import Any

import numpy as np
import pytest
import reference
import torch
from exact import config, exact

import explorer
from explorer import Experiment, ExperimentError, Training
from explorer.bptt import Pass
from explorer.truncation import Stochastic, mask

EXACT = 1e-8
RECURRENT = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0")
SCHEMES: dict[str, dict[str, Any]] = {
    "full": {"kind": "full"},
    "window": {"kind": "window", "k1": 4, "k2": 6},
    "stochastic": {"kind": "stochastic", "mean_length": 4},
    "not compensated": {"kind": "stochastic", "mean_length": 4, "compensated": False},
    "subsequence": {"kind": "subsequence", "window": 7},
    "adaptive": {"kind": "adaptive", "tolerance": 0.3, "max_length": 8},
    "rtrl": {"kind": "rtrl"},
}
ONCE = {"steps": 2, "clipping": {"kind": "none"}}


def start(task: str, cell: str, scheme: dict[str, Any], **other: Any) -> Experiment:
    return Experiment.model_validate(config(task, cell, truncation=scheme, **ONCE, **other))


def updated(experiment: Experiment) -> tuple[Training, dict[str, torch.Tensor]]:
    """A run after its first update, and the gradient of that."""
    training = Training(experiment)
    next(iter(training))
    return training, {name: p.grad.clone() for name, p in training.model.named_parameters() if p.grad is not None}


def used(experiment: Experiment, training: Training) -> np.ndarray:
    """The mask of the first update's plan."""
    length = experiment.task.steps
    if experiment.truncation.kind != "adaptive":
        return mask(experiment.plan, length)
    chosen = int(training.dataset().truncation_length[0])
    lag = np.subtract.outer(np.arange(length), np.arange(length))
    return ((lag >= 0) & (lag < chosen)).astype(float)


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=EXACT, atol=EXACT * max(1e-3, float(expected.abs().max())))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("cell", sorted(reference.STEPS))
@pytest.mark.parametrize("task", ["adding", "copying"])
def test_the_gradient_is_the_masked_sum_of_exact_pieces(task: str, cell: str, scheme: str) -> None:
    parts, _ = exact(task, cell)
    experiment = start(task, cell, SCHEMES[scheme], seed=0)
    training, found = updated(experiment)
    weights = used(experiment, training)
    expected = parts.under(weights).parameters
    if experiment.truncation.partial:
        (segment,) = experiment.plan
        inside = slice(segment.first - 1, segment.last)
        expected |= {f"readout.{name}": piece[inside].sum(0) for name, piece in parts.readout.items()}
    for name in expected:
        close(found[name], expected[name])
    if task == "copying":
        assert min(float(expected[name].abs().max()) for name in RECURRENT) > 1e-5
        assert scheme in ("full", "rtrl") or not np.array_equal(weights, np.tri(len(weights)))


def test_a_window_from_zero_is_a_sequence_of_its_own() -> None:
    experiment = start("copying", "lstm", {"kind": "subsequence", "window": 7, "start": "zero"})
    (segment,) = experiment.plan
    assert segment.first > 1
    _, built = exact("copying", "lstm")

    def losses(outputs: torch.Tensor) -> torch.Tensor:
        whole = torch.zeros(experiment.task.steps, *outputs.shape[1:], dtype=torch.float64)
        whole[segment.first - 1 : segment.last] = outputs
        return built.step_losses(whole)[segment.first - 1 : segment.last]

    inputs = built.batch.inputs[segment.first - 1 : segment.last]
    weights = built.model.state_dict()
    expected = reference.pieces(reference.STEPS["lstm"], 2, weights, inputs, losses).under(np.tri(7)).parameters
    _, found = updated(experiment)
    for name, gradient in expected.items():
        assert gradient.abs().max() > 1e-5
        close(found[name], gradient)
    carried = updated(start("copying", "lstm", {"kind": "subsequence", "window": 7}))[1]
    assert not torch.allclose(carried[RECURRENT[1]], found[RECURRENT[1]], rtol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 6])
def test_compensated_cuts_have_the_full_gradient_as_their_mean(length: int) -> None:
    """Every pattern of cuts, each with its probability."""
    scheme = Stochastic(mean_length=3)
    chance, mean, plain, total = 1 / 3, np.zeros((length, length)), np.zeros((length, length)), 0.0
    for pattern in product((False, True), repeat=length - 1):
        points = [t + 1 for t, cut in enumerate(pattern) if cut]
        probability = chance ** len(points) * (1 - chance) ** (length - 1 - len(points))
        total += probability
        mean += probability * mask(scheme.cut(points, length), length)
        plain += probability * mask(scheme.model_copy(update={"compensated": False}).cut(points, length), length)
    assert total == pytest.approx(1)
    np.testing.assert_allclose(mean, np.tri(length), rtol=1e-12)
    lag = np.subtract.outer(np.arange(length), np.arange(length))
    np.testing.assert_allclose(plain, np.where(lag >= 0, (1 - chance) ** np.maximum(lag, 0.0), 0.0), rtol=1e-12)


@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_the_gradients_of_all_cuts_average_to_the_full_one(cell: str) -> None:
    """The same with gradients of the engine: none is sampled, each pattern of a short sequence counts."""
    _, built = exact("copying", cell)
    steps, scheme = 6, Stochastic(mean_length=3)
    mean: dict[str, torch.Tensor] = {}
    for pattern in product((False, True), repeat=steps - 1):
        points = [t + 1 for t, cut in enumerate(pattern) if cut]
        built.model.zero_grad()
        outputs = built.model(built.batch.inputs[:steps], Pass(built.experiment.cell, scheme.cut(points, steps)))
        outputs.square().sum(-1).sum(0).mean().backward()
        probability = (1 / 3) ** len(points) * (2 / 3) ** (steps - 1 - len(points))
        for name in RECURRENT:
            mean[name] = mean.get(name, 0.0) + probability * built.model.get_parameter(name).grad
    weights = built.model.state_dict()
    inputs = built.batch.inputs[:steps]
    full = reference.pieces(
        reference.STEPS[cell], reference.STATES[cell], weights, inputs, lambda o: o.square().sum(-1)
    ).under(np.tri(steps))
    for name in RECURRENT:
        assert full.parameters[name].abs().max() > 1e-4
        close(mean[name], full.parameters[name])


def test_each_update_draws_its_own_cuts_and_a_seed_its_own_run() -> None:
    experiment = Experiment().changed(truncation="stochastic")
    plans = list(islice(experiment.plans(), 4))
    assert len(set(plans)) == 4 and plans == list(islice(experiment.plans(), 4))
    assert plans != list(islice(experiment.changed(seed=1).plans(), 4))
    lengths = [len(plan) for plan in islice(experiment.plans(), 500)]
    assert np.mean(lengths) == pytest.approx(1 + 99 / 20, rel=0.05)
    starts = [plan[0].first for plan in islice(Experiment().changed(truncation="subsequence").plans(), 500)]
    assert {min(starts), max(starts)} == {1, 51}


@pytest.mark.parametrize("kind", ["stochastic", "subsequence", "adaptive", "rtrl"])
def test_measuring_is_the_first_update(kind: str) -> None:
    experiment = start("copying", "gru", SCHEMES[kind])
    measured, run = explorer.measure(experiment), explorer.train(experiment)
    for name in ("grad_h", "grad_weight", "loss", "grad_norm"):
        np.testing.assert_allclose(measured[name][0], run[name][0], rtol=1e-12)
        assert float(abs(measured[name]).sum()) > 1e-6
    assert run.attrs["status"] == "finished" and run.sizes["step"] == 2


def test_carried_forward_it_trains_as_full_backpropagation_does() -> None:
    full, forward = (explorer.train(start("copying", "lstm", SCHEMES[kind], seed=2)) for kind in ("full", "rtrl"))
    for name in ("loss", "grad_h", "grad_norm", "spectral_radius"):
        np.testing.assert_allclose(forward[name], full[name], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("cell", sorted(reference.STEPS))
def test_what_others_would_find_is_measured_on_the_same_trajectory(cell: str) -> None:
    parts, _ = exact("copying", cell)
    names = ["window", "stochastic", "full", "rtrl", "subsequence"]
    experiment = start("copying", cell, {"kind": "full"})
    run = explorer.train(experiment, beside=[SCHEMES[name] for name in names])
    vector = lambda gradient: torch.cat([gradient.parameters[name].flatten() for name in RECURRENT])  # noqa: E731
    length = experiment.task.steps
    full = vector(parts.under(np.tri(length)))
    for number, name in enumerate(names):
        plan = start("copying", cell, SCHEMES[name]).plan
        own = vector(parts.under(mask(plan, length)))
        found = {quantity: float(run[quantity][0, number]) for quantity in ("cosine", "norm_ratio", "relative_bias")}
        assert found["relative_bias"] == pytest.approx(float((own - full).norm() / full.norm()), abs=1e-9)
        assert found["norm_ratio"] == pytest.approx(float(own.norm() / full.norm()), abs=1e-9)
        assert found["cosine"] == pytest.approx(float(own @ full / own.norm() / full.norm()), abs=1e-9)
        assert (found["relative_bias"] > 1e-3) == (name not in ("full", "rtrl"))
    assert [str(label).partition("(")[0] for label in run.variant.values] == names
    alone = explorer.train(experiment)
    np.testing.assert_array_equal(alone.loss, run.loss)  # nothing of it is applied


def test_what_cannot_be_measured_beside_is_refused() -> None:
    with pytest.raises(ExperimentError, match="truncation: with online an update is not one gradient"):
        Training(Experiment().changed(truncation="online"), [Stochastic()])
    zero = {"kind": "subsequence", "start": "zero"}
    with pytest.raises(ExperimentError, match="runs from another state"):
        explorer.train(Experiment(), beside=[zero])
    with pytest.raises(ExperimentError, match=r"truncation\.kind: 'half' is not allowed"):
        explorer.train(Experiment(), beside=["half"])
    with pytest.raises(ExperimentError, match=r"rtrl takes O\(H⁴\) a step"):
        explorer.train(Experiment().changed(cell="lstm"), beside=["rtrl"])
