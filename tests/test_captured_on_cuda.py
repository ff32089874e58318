"""Training on a GPU, captured as a graph, against training on the CPU."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from experiments import EXPLODING
from updating import CELLS, CLIPPINGS, OPTIMIZERS, config, fails

from explorer import captured, train
from explorer.bptt import Networks
from explorer.building import build
from explorer.device_step import DeviceStep
from explorer.together import Together

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: f"{o['kind']}-{o.get('momentum')}")
@pytest.mark.parametrize("cell", CELLS)
def test_cuda_trains_as_the_cpu_does(cell: str, optimizer: dict[str, Any]) -> None:
    settings = {"cell": {"kind": cell, "hidden_size": 5}, "optimizer": optimizer, "clipping": CLIPPINGS[1]}
    there, here = train(config(**settings, device="cuda")), train(config(**settings))
    xr.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)
    there, here = (train(config(**settings, device=device, dtype="float32")) for device in ("cuda", "cpu"))
    xr.testing.assert_allclose(there.isel(step=0), here.isel(step=0), rtol=1e-4)
    xr.testing.assert_allclose(there, here, rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda c: f"{c['kind']}-{c.get('threshold')}")
def test_cuda_clips_as_the_cpu_does(clipping: dict[str, Any]) -> None:
    there, here = (train(config(clipping=clipping, device=device)) for device in ("cuda", "cpu"))
    xr.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-9)


def test_cuda_trains_groups_as_the_cpu_does() -> None:
    experiments = [config(seed=seed, clipping=clipping, device="cuda") for seed, clipping in enumerate(CLIPPINGS)]
    rows = list(Together(experiments))
    for number, one in enumerate(experiments):
        losses = [row[number].numbers["loss"] for row in rows]
        np.testing.assert_allclose(losses, train(one.changed(device="cpu")).loss.values, rtol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_cuda_captures_the_step(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = config(cell={"kind": cell, "hidden_size": 5}, device="cuda")
    built = build(one)
    step = DeviceStep([one], Networks([built.model]), built.batch)
    assert captured.captured(step) is not step
    graph = train(one)
    monkeypatch.setattr(captured, "_capture", fails)
    xr.testing.assert_allclose(graph, train(one), rtol=1e-10)


def test_cuda_diverges_as_the_cpu_does() -> None:
    there = train(config(EXPLODING, dtype="float64", device="cuda"))
    assert there.attrs["status"] == "diverged"
    assert there.sizes == train(config(EXPLODING, dtype="float64")).sizes


def test_cuda_repeats_itself() -> None:
    """To the bit, in a process of its own too."""
    one = config(cell={"kind": "gru", "hidden_size": 5}, clipping=CLIPPINGS[1], dtype="float32", device="cuda")
    found = train(one)
    xr.testing.assert_identical(found, train(one))
    assert float(found.grad_h.min()) > 0
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        xr.testing.assert_identical(found, processes.submit(train, one).result())
