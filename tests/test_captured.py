"""The update that asks for no number before it is done, and its capture, against the plain updates of `train`."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from experiments import EXPLODING
from torch import Tensor
from toy_cells import TOYS
from updating import CELLS, CLIPPINGS, OPTIMIZERS, agree, config, fails, run

from explorer import Experiment, captured, train
from explorer.bptt import Networks, recording
from explorer.building import build
from explorer.captured import Updates, updates_of
from explorer.device_step import DeviceStep
from explorer.recording import Recording
from explorer.together import Together
from explorer.training import Training


@pytest.fixture(autouse=True)
def norms_as_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU norms are looked at while they are taken; here they are taken as elsewhere."""
    monkeypatch.setattr(recording, "norm", recording._careful)


@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda c: f"{c['kind']}-{c.get('threshold')}")
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: f"{o['kind']}-{o.get('momentum')}")
@pytest.mark.parametrize("cell", CELLS)
def test_the_numbers_are_those_of_train(cell: str, optimizer: dict[str, Any], clipping: dict[str, Any]) -> None:
    one = config(cell={"kind": cell, "hidden_size": 5}, optimizer=optimizer, clipping=clipping)
    (found,), _ = run([one])
    expected = train(one)
    agree(found, expected)
    clipped = (expected.grad_norm_clipped < 0.999 * expected.grad_norm).values.any()
    assert clipped == (clipping["kind"] != "none" and clipping["threshold"] < 1)


@pytest.mark.parametrize("task", ["copying", "recall", "temporal_order"])
def test_other_tasks_and_overlapping_pieces(task: str) -> None:
    one = config(
        task={"kind": task, "length": 3 if task == "copying" else 20}, truncation={"kind": "window", "k1": 2, "k2": 5}
    )
    (found,), _ = run([one])
    agree(found, train(one))


def test_models_with_their_own_seed_truncation_and_clipping() -> None:
    plans = ({"kind": "full"}, {"kind": "window", "k1": 4, "k2": 4}, {"kind": "window", "k1": 7, "k2": 7})
    experiments = [
        config(seed=seed, truncation=plans[seed % 3], clipping=clipping) for seed, clipping in enumerate(CLIPPINGS)
    ]
    datasets, _ = run(experiments)
    for found, one in zip(datasets, experiments, strict=True):
        agree(found, train(one))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_what_is_not_finite_is_recorded_and_its_update_not_made(momentum: float) -> None:
    optimizer = {**EXPLODING["optimizer"], "momentum": momentum}
    one = config(EXPLODING, optimizer=optimizer, dtype="float64")
    (found,), weights = run([one])
    agree(found, train(one))
    assert found.attrs["status"] == "diverged" and 1 < found.sizes["step"] < 50
    assert not (np.isfinite(found.loss.values[-1]) and np.isfinite(found.grad_norm.values[-1]))
    assert all(torch.equal(a, b) for a, b in zip(weights[-2], weights[-1], strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: f"{o['kind']}-{o.get('momentum')}")
def test_no_optimizer_moves_a_weight_by_what_is_not_finite(optimizer: dict[str, Any]) -> None:
    one = config(optimizer=optimizer)
    built = build(one)
    updates, before = Updates([one], Networks([built.model])), built.model.rnn.weight_ih_l0.detach().clone()
    assert all(updates(next(built.batches))[0].finite for _ in range(3))
    start = {name: weight.clone() for name, weight in built.model.state_dict().items()}
    assert not torch.equal(start["rnn.weight_ih_l0"], before)
    last = next(built.batches)
    last.targets[-1] = torch.inf
    assert not updates(last)[0].finite
    assert all(torch.equal(weight, start[name]) for name, weight in built.model.state_dict().items())


@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda c: f"{c['kind']}-{c.get('threshold')}")
def test_what_is_not_finite_at_once_is_not_clipped_into_something_finite(clipping: dict[str, Any]) -> None:
    one = config(EXPLODING, task={"kind": "adding", "length": 200}, clipping=clipping)
    (found,), weights = run([one])
    assert found.attrs["status"] == "diverged" and found.sizes["step"] == 1
    assert not np.isfinite(found.grad_norm.values[0]) and not np.isfinite(found.grad_norm_clipped.values[0])
    expected = train(one)
    for name in ("loss", "grad_norm", "grad_norm_clipped", "spectral_radius"):
        np.testing.assert_allclose(found[name].values, expected[name].values, rtol=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_a_model_that_diverges_disturbs_no_other() -> None:
    calm = config(EXPLODING, clipping={"kind": "norm", "threshold": 1e-4}, dtype="float64")
    experiments = [calm, config(EXPLODING, dtype="float64"), calm.changed(seed=1)]
    datasets, _ = run(experiments)
    assert [found.attrs["status"] for found in datasets] == ["finished", "diverged", "finished"]
    for found, one in zip(datasets, experiments, strict=True):
        agree(found, train(one))


@pytest.mark.parametrize("module", ["training", "together"])
def test_training_and_groups_make_their_updates_so_where_there_is_a_device(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = config(clipping=CLIPPINGS[1])
    expected, made = train(one), list[Updates]()

    def updates(experiments: list[Experiment], networks: Networks) -> Updates:
        made.append(Updates(experiments, networks))
        return made[-1]

    monkeypatch.setattr(f"explorer.{module}.updates_of", updates)
    if module == "training":
        training = Training(one)
        start = {name: weight.clone() for name, weight in training._built.model.state_dict().items()}
        assert len(list(training)) == 6
        agree(training.dataset(), expected)
        assert not any(torch.equal(weight, start[name]) for name, weight in training._built.model.state_dict().items())
    else:
        kept = [Recording(one), Recording(one)]
        for rows in Together([one, one]):
            for number, row in rows.items():
                kept[number].keep(row)
        agree(kept[0].dataset(), expected)
        agree(kept[1].dataset(), expected)
    assert len(made) == 1 and made[0]._step is not None


class Elsewhere(DeviceStep):
    """A step that says it is on a GPU, once made here."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.device = torch.device("cuda")


def succeeds(step: DeviceStep) -> Callable[[], Tensor]:
    for _ in range(3):
        step()
    return lambda: step()  # not the step itself, as a graph is not


@pytest.mark.parametrize("capture", [fails, succeeds])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: f"{o['kind']}-{o.get('momentum')}")
def test_warming_up_and_failing_leave_no_update_behind(
    optimizer: dict[str, Any], capture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    monkeypatch.setattr(captured, "DeviceStep", Elsewhere)
    monkeypatch.setattr(captured, "_capture", lambda step: (tried.append(step), capture(step))[1])
    one = config(optimizer=optimizer)
    (found,), _ = run([one])
    assert len(tried) == 1
    agree(found, train(one))


def test_where_updates_are_made_in_the_plain_way() -> None:
    def on(device: str, cell: Any) -> Any:
        return SimpleNamespace(cell=cell, weight_hh=SimpleNamespace(device=torch.device(device)))

    one = config()
    assert isinstance(updates_of([one], on("cuda", one.cell)), Updates)
    assert updates_of([one], on("cpu", one.cell)) is None
    assert updates_of([one], on("cuda", TOYS[1][0]())) is None
    pieces = config(truncation={"kind": "window", "k1": 5, "k2": 5, "updates": "segment"})
    assert updates_of([pieces], on("cuda", one.cell)) is None


class Happenings:
    """Stands for `torch.cuda` and writes down what is asked of it, in order."""

    def __init__(self) -> None:
        self.list: list[str] = []

    def side(self) -> Any:
        return SimpleNamespace(name="side", wait_stream=lambda other: self.list.append(f"side waits for {other.name}"))

    def current_stream(self) -> Any:
        return SimpleNamespace(name="main", wait_stream=lambda other: self.list.append(f"main waits for {other.name}"))

    def CUDAGraph(self) -> Any:
        return SimpleNamespace(replay=lambda: self.list.append("replay"))

    @contextmanager
    def stream(self, stream: Any) -> Iterator[None]:
        self.list.append(f"on {stream.name}")
        try:
            yield
        finally:
            self.list.append("back")

    @contextmanager
    def graph(self, graph: Any, stream: Any) -> Iterator[None]:
        self.list.append(f"begin on {stream.name}")
        yield
        self.list.append("end")


@pytest.mark.parametrize("failing", [False, True])
def test_the_order_of_a_capture(failing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = Happenings()
    monkeypatch.setattr(torch, "cuda", cuda)
    monkeypatch.setattr(captured, "_side", cuda.side)
    result = torch.ones(3)

    def step() -> Tensor:
        cuda.list.append("step")
        warnings.warn("This instance was constructed with capturable=True", stacklevel=1)
        if failing and cuda.list.count("step") == 4:
            raise RuntimeError("operation not permitted when stream is capturing")
        return result

    before = ["side waits for main", "on side", "step", "step", "step", "begin on side", "step"]
    with pytest.raises(RuntimeError) if failing else nullcontext():
        run = captured._capture(step)  # type: ignore[arg-type]
        assert run() is result
    after = ["back", "main waits for side"]
    assert cuda.list == before + (after if failing else ["end", *after, "replay"])
