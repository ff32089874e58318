"""All contestants do the same work, and one that does not is refused before anything is timed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import agreement, first, instruments, jax_scan, sweeps
from benchmarks.agreement import DisagreementError
from benchmarks.contestants import KINDS, Fused, Loop, Recorded, Unrecorded, Update, experiment
from benchmarks.products import products
from explorer import credit_matrix

TINY = {"length": 12, "batch_size": 3, "hidden_size": 5}
needs_jax = pytest.mark.skipif(not jax_scan.HERE, reason="JAX is not installed")


@pytest.mark.parametrize("kind", KINDS)
def test_all_contestants_of_torch_agree(kind: str) -> None:
    makers = {"recorded": Recorded, "loop": Loop, "fused": Fused, "off": Unrecorded}
    agreement.check(experiment(kind, **TINY), makers)


@needs_jax
@pytest.mark.parametrize("kind", ["lstm"])  # the others are checked before they are timed
def test_jax_agrees(kind: str) -> None:
    agreement.check(experiment(kind, **TINY), {"recorded": Recorded, "JAX": jax_scan.Scan})


@needs_jax
def test_the_first_curve_of_jax_is_that_of_measure() -> None:
    first._check(experiment("lstm", **TINY))


@pytest.mark.parametrize("kind", KINDS)
def test_a_loop_that_detaches_is_the_window(kind: str) -> None:
    here = experiment(kind, **TINY, truncation="window", k1=4, k2=4)
    agreement.check(here, {"recorded": Recorded, "loop": Loop})
    norms = Loop(here.changed(dtype="float64")).step().by_time["grad_h"]
    assert (norms[:8] == 0).all()
    assert (norms[8:] > 0).all()


def test_the_loop_records_what_autograd_finds() -> None:
    """Σ_b ‖∂L/∂h‖ of the last state but one, from a derivative of the loss taken another way."""
    loop = Loop(experiment("tanh", **TINY, dtype="float64"))
    weights = {name: w.detach().clone() for name, w in loop.module.named_parameters()}
    batch = next(iter(Loop(loop.experiment).batches))
    update = loop.step()
    h = torch.zeros(3, 5, dtype=torch.float64)

    def forward(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        u = h @ weights["rnn.weight_hh"].T + weights["rnn.bias_hh"]
        return torch.tanh(u + x @ weights["rnn.weight_ih"].T + weights["rnn.bias_ih"])

    for x in batch.inputs[:-1]:
        h = forward(h, x)
    h.requires_grad_()
    answer = forward(h, batch.inputs[-1]) @ weights["readout.weight"].T + weights["readout.bias"]
    (gradient,) = torch.autograd.grad((answer - batch.targets[-1]).square().sum(-1).mean(), h)
    expected = float(gradient.norm(dim=-1).sum())
    assert expected > 1e-3
    assert update.by_time["grad_h"][-2] == pytest.approx(expected, rel=1e-10)


WRONG: dict[str, Callable[[Update], Update]] = {
    "loss": lambda update: replace(update, loss=update.loss * 1.001),
    "gradient norm": lambda update: replace(update, grad_norm=update.grad_norm * 1.001),
    "grad_h": lambda update: replace(update, by_time={"grad_h": update.by_time["grad_h"][::-1]}),
}


@pytest.mark.parametrize("quantity", WRONG)
def test_a_disagreement_is_refused_by_name(quantity: str) -> None:
    class Wrong(Loop):
        def step(self) -> Update:
            return WRONG[quantity](super().step())

    with pytest.raises(
        DisagreementError, match=rf"recorded and wrong disagree: the {quantity} .* nothing was timed\.$"
    ):
        agreement.check(experiment("tanh", **TINY), {"recorded": Recorded, "wrong": Wrong})


def test_a_wrong_gradient_is_refused() -> None:
    class Wrong(Fused):
        def gradients(self) -> dict[str, torch.Tensor]:
            return super().gradients() | {"rnn.weight_hh_l0": super().gradients()["rnn.weight_hh_l0"].T}

    with pytest.raises(DisagreementError, match="gradient of rnn"):
        agreement.check(experiment("tanh", **TINY), {"recorded": Recorded, "wrong": Wrong})


def test_what_is_zero_everywhere_proves_nothing() -> None:
    class Zero(Loop):
        def step(self) -> Update:
            return replace(super().step(), by_time={"grad_h": np.zeros(12)})

    with pytest.raises(DisagreementError, match="zero everywhere"):
        agreement.check(experiment("tanh", **TINY), {"zero": Zero, "again": Zero})


def test_the_sweep_agrees_with_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "WINDOWS", (25, 100))
    sweeps._check()

    class Wrong(Loop):
        def step(self) -> Update:
            return replace(super().step(), grad_norm=1.0)

    monkeypatch.setattr(sweeps, "Loop", Wrong)
    with pytest.raises(DisagreementError, match="grad_norm at k=25"):
        sweeps._check()


def test_the_products_run_on_every_cell() -> None:
    for kind in KINDS:
        products(experiment(kind, **TINY))()


@pytest.mark.parametrize("case", instruments.CASES)
def test_the_autograd_passes_find_the_credit_matrix(case: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    here = instruments.experiment_of(*case, steps=24)
    instruments.check(here)
    monkeypatch.setattr(instruments, "credit_matrix", lambda experiment: 1.001 * credit_matrix(experiment))
    with pytest.raises(DisagreementError, match="credit_matrix and the autograd passes disagree"):
        instruments.check(here)
