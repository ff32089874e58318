"""What counts as a step and as time: accumulation, retained graphs, several modules and calls, and what is left out."""

import gc
import json

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn
from torch.utils.checkpoint import checkpoint
from unrolled import close, layer, unroll

from explorer import WatchError, watch
from explorer.dataset import save

T, B, D, H = 6, 3, 2, 4


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(T, B, D, dtype=torch.float64)


def reference(kind: str, module: nn.Module, x: torch.Tensor, part: int | None = None) -> np.ndarray:
    """grad_h of the sum of squares of the outputs, or of those of one time step."""
    hand = unroll(kind, module, x)
    output = hand.output if part is None else hand.output[part]
    return hand.norms(output.square().sum(), (0, 0))["grad_h"].numpy()


def test_accumulated_gradients_are_a_step_each(x):
    module = layer("gru", D, H)
    with watch(module) as recorder:
        for scale in (1.0, 2.0, 0.5):
            (scale * module(x)[0].square().sum()).backward()
            assert recorder.dataset().sizes["step"] >= 1
    data = recorder.dataset()
    assert data.sizes == {"step": 3, "time": T} and list(data["step"].values) == [0, 1, 2]
    close(data["grad_h"].values, np.outer((1.0, 2.0, 0.5), reference("gru", module, x)), "grad_h")
    assert data.attrs["status"] == "finished" and data.attrs["torch"] == torch.__version__
    assert json.loads(data.attrs["modules"])["GRU"] == {
        "class": "GRU", "input_size": D, "hidden_size": H, "num_layers": 1, "bidirectional": False,
        "batch_first": False, "bias": True, "dropout": 0.0, "calls": [T],
    }  # fmt: skip


def test_a_retained_graph_run_twice_is_two_steps(x):
    module = layer("tanh", D, H)
    with watch(module) as recorder:
        output = module(x)[0]
        output[-1].square().sum().backward(retain_graph=True)
        output[1].square().sum().backward()
    found = recorder.dataset()["grad_h"].values
    close(found[0], reference("tanh", module, x, T - 1), "first")
    close(found[1], reference("tanh", module, x, 1), "second")
    assert (found[1, 2:] == 0).all()


def test_encoder_and_decoder_of_different_sizes_and_lengths(x):
    model = nn.ModuleDict({"encoder": layer("lstm", D, H, num_layers=2), "decoder": layer("gru", 3, H)})
    y = torch.randn(T - 2, B, 3, dtype=torch.float64)
    with watch(model) as recorder:
        for _ in range(2):
            _, (h, _) = model["encoder"](x)
            model["decoder"](y, h[-1:])[0].square().sum().backward()
    data = recorder.dataset()
    assert data["grad_h"].dims == ("module", "layer", "step", "time") and data["grad_h"].shape == (2, 2, 2, T)
    encoder, decoder = (data.sel(module=name).isel(step=1) for name in ("encoder", "decoder"))
    assert (encoder["grad_h"] > 0).all() and (encoder["grad_c"] > 0).all()
    assert np.isnan(decoder["grad_h"].values[0, T - 2 :]).all() and (decoder["grad_h"].values[0, : T - 2] > 0).all()
    assert np.isnan(decoder["grad_h"].sel(layer=1)).all() and np.isnan(decoder["grad_c"]).all()
    assert np.isnan(decoder["spectral_radius"].values[1]) and (encoder["spectral_radius"] > 0).all()


def test_one_module_called_twice_is_joined_along_time(x):
    module = layer("gru", D, H)
    with watch(module) as recorder:
        first, state = module(x[:2])
        second, _ = module(x[2:], state)
        (first.square().sum() + second.square().sum()).backward()
    close(recorder.dataset()["grad_h"].values[0], reference("gru", module, x), "grad_h")
    assert json.loads(recorder.dataset().attrs["modules"])["GRU"]["calls"] == [2, T - 2]


def test_backward_over_an_earlier_one_joins_its_calls_in_front(x):
    module = layer("gru", D, H)
    with watch(module) as recorder:
        first, state = module(x[:2])
        first.square().sum().backward(retain_graph=True)
        second, _ = module(x[2:], state)
        second[-1].square().sum().backward()
    data = recorder.dataset()
    close(data["grad_h"].values[1], reference("gru", module, x, T - 1), "grad_h")
    assert np.isnan(data["grad_h"].values[0, 2:]).all()


def test_a_shared_layer_is_recorded_once(x):
    shared = layer("tanh", D, H)
    model = nn.ModuleDict({"a": shared, "b": shared})
    with watch(model) as recorder:
        (model["a"](x)[0].square().sum() + model["b"](x)[0].square().sum()).backward()
    data = recorder.dataset()
    assert data["grad_h"].dims == ("step", "time") and data.sizes["time"] == 2 * T
    close(data["grad_h"].values[0], np.tile(reference("tanh", shared, x), 2), "grad_h")


def test_states_that_autograd_was_not_asked_for_are_nan(x):
    module, states = nn.GRUCell(D, H, dtype=torch.float64), []
    with watch(module) as recorder:
        h = None
        for row in x:
            h = module(row, h)
            states.append(h)
        torch.autograd.grad(h.square().sum(), states[2], retain_graph=True)
        h.square().sum().backward()
    found = recorder.dataset()["grad_h"].values
    assert np.isnan(found[0, :3]).all() and (found[0, 3:] > 0).all()
    assert (found[1] > 0).all() and np.array_equal(found[0, 3:], found[1, 3:])


def test_what_wants_no_gradient_is_not_recorded(x):
    module = layer("lstm", D, H)
    with watch(module) as recorder:
        with pytest.raises(WatchError, match=r"LSTM was not called with a gradient wanted; call the module inside"):
            recorder.dataset()
        with torch.no_grad():
            output = module(x)[0]
        assert not output.requires_grad
        module.requires_grad_(False)
        assert not module(x)[0].requires_grad
        module.requires_grad_(True)
        loss = module(x)[0].square().sum()
        with pytest.raises(WatchError, match=r"no backward pass has reached LSTM; call backward\(\) on a loss"):
            recorder.dataset()
    loss.backward()  # a graph built inside is recorded after leaving, too
    close(recorder.dataset()["grad_h"].values[0], reference("lstm", module, x), "grad_h")


def test_evaluation_mode_is_recorded(x):
    module = layer("tanh", D, H).eval()
    with watch(module) as recorder:
        module(x)[0].square().sum().backward()
    close(recorder.dataset()["grad_h"].values[0], reference("tanh", module, x), "grad_h")


def test_not_finite_stays_not_finite(x):
    module = layer("relu", D, H)
    with watch(module) as recorder:
        (module(x)[0][2].sum() * float("inf")).backward()
    found = recorder.dataset()["grad_h"].values[0]
    assert not np.isfinite(found[2]) and (found[3:] == 0).all()


def test_checkpointing(x):
    module = layer("gru", D, H)
    with watch(module) as recorder:
        for _ in range(2):
            checkpoint(lambda: module(x)[0], use_reentrant=False).square().sum().backward()
        with pytest.raises(WatchError, match="use_reentrant=False"):
            start = torch.zeros(1, B, H, dtype=torch.float64, requires_grad=True)
            checkpoint(lambda h: module(x, h)[0], start, use_reentrant=True).sum().backward()
    data = recorder.dataset()
    assert data.sizes == {"step": 2, "time": T}
    close(data["grad_h"].values[1], reference("gru", module, x), "grad_h")


@pytest.mark.parametrize("suffix", [".nc", ".csv"])
def test_files(x, tmp_path, suffix):
    model = nn.ModuleDict({"a": layer("lstm", D, H, bidirectional=True), "b": layer("gru", D, H)})
    with watch(model) as recorder:
        (model["a"](x)[0].sum() + model["b"](x)[0].sum()).backward()
    data = recorder.dataset()
    path = save(data, tmp_path / f"watched{suffix}")
    if suffix == ".nc":
        with xr.open_dataset(path, engine="h5netcdf") as loaded:
            xr.testing.assert_identical(loaded.load(), data)
    else:
        assert path.read_text().splitlines()[0].startswith("module,direction,step,time,grad_h,")


def test_the_recorder_holds_numbers_only(x):
    module = layer("lstm", D, H)
    with watch(module) as recorder:
        module(x)[0].sum().backward()
    seen, todo = set(), [recorder]
    while todo:
        one = todo.pop()
        assert not isinstance(one, torch.Tensor | nn.Module)
        if id(one) not in seen and not isinstance(one, type) and not callable(one):
            seen.add(id(one))
            todo += gc.get_referents(one)
    assert len(seen) > 10
