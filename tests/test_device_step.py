"""Nothing in the update moves a number between the device and the host.

The device is PyTorch's `meta`, whose tensors have no numbers: whatever asks for one fails by itself, and whatever
touches a tensor of the host is found by looking at every operation.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from explorer import Experiment
from explorer.bptt import Networks
from explorer.building import build
from explorer.device_step import DeviceStep
from explorer.optimizers import Sgd
from explorer.tasks import Batch

META = torch.device("meta")
WINDOWS = ({"kind": "full"}, {"kind": "window", "k1": 3, "k2": 3}, {"kind": "window", "k1": 2, "k2": 5})


class OnDevice(TorchDispatchMode):
    """Refuses every operation in which a tensor of the host takes part, and counts the others."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs, found)):
            if isinstance(tensor, Tensor) and tensor.device != META:
                raise AssertionError(f"{func} touches the host")
        self.seen += 1
        return found


@pytest.fixture(autouse=True)
def an_optimizer_for_tensors_without_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's fused and capturable optimisers refuse them."""

    def build_plain(self: Sgd, parameters: Any, capturable: bool = False) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.learning_rate, momentum=self.momentum, foreach=True)

    monkeypatch.setattr(Sgd, "build", build_plain)


def step_on_meta(experiments: list[Experiment]) -> DeviceStep:
    started = [build(experiment) for experiment in experiments]
    networks = Networks([built.model for built in started]).to(META)
    batches = [built.batch.to(META, torch.float32) for built in started]
    inputs, targets = (torch.cat([getattr(b, name) for b in batches], dim=1) for name in ("inputs", "targets"))
    return DeviceStep(experiments, networks, Batch(inputs, targets))


def config(task: str, cell: str, truncation: dict[str, Any], clipping: dict[str, Any], seed: int = 0) -> Experiment:
    return Experiment.model_validate(
        {
            "task": {"kind": task, "length": 2 if task == "copying" else 12},  # 22 steps of copying
            "cell": {"kind": cell, "hidden_size": 5},
            "truncation": truncation,
            "clipping": clipping,
            "optimizer": {"kind": "sgd", "momentum": 0.5},
            "batch_size": 3,
            "seed": seed,
            "device": "cpu",
        }
    )


@pytest.mark.parametrize("task", ["adding", "copying", "temporal_order", "recall"])
@pytest.mark.parametrize("cell", ["tanh", "relu", "lstm", "gru"])
@pytest.mark.parametrize("truncation", WINDOWS, ids=lambda t: f"{t['kind']}-{t.get('k1')}-{t.get('k2')}")
def test_no_number_leaves_the_device_or_comes_to_it(cell: str, task: str, truncation: dict[str, Any]) -> None:
    clippings = ({"kind": "none"}, {"kind": "norm", "threshold": 0.1}, {"kind": "value", "threshold": 0.1})
    experiments = [config(task, cell, truncation, clipping, seed) for seed, clipping in enumerate(clippings)]
    for models in (experiments[:1], experiments):
        step = step_on_meta(models)
        step()  # makes what is made once: masks, and the optimiser's state
        with OnDevice() as mode:
            found = step()
        assert mode.seen > 100
        length = models[0].task.steps
        assert found.device == META and found.shape == (len(models), 4 + length * (3 if cell == "lstm" else 2))


@pytest.mark.parametrize(
    "guilty",
    [
        lambda x: float(x.sum()),
        lambda x: bool(x.any()),
        lambda x: x.sum().item(),
        lambda x: x.tolist(),
        lambda x: x.cpu(),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: x + torch.tensor(1.0),
        lambda x: torch.ones(3).to(META),
        lambda x: x.index_select(0, torch.tensor([1]).to(META)),
    ],
)
def test_what_would_move_a_number_is_found(guilty: Callable[[Tensor], Any]) -> None:
    x = torch.ones(3, device=META)
    with pytest.raises((AssertionError, RuntimeError, NotImplementedError)), OnDevice():
        guilty(x)


def test_plain_work_is_not() -> None:
    with OnDevice() as mode:
        x = torch.ones(3, device=META)
        x[1] = 2.0
        torch.where(x > 1, x, 0.0).mul_(2.0).sum()
    assert mode.seen > 4
