"""A user's own layers on a GPU under watch, against the same on the CPU."""

import pytest
import torch
import xarray as xr
from torch import nn
from unrolled import KINDS, close, layer

from explorer import watch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


@pytest.mark.parametrize("kind", KINDS)
def test_cuda_is_watched_as_the_cpu_is(kind: str) -> None:
    torch.manual_seed(2)
    module, x = layer(kind, 2, 4, num_layers=2, bidirectional=True), torch.randn(6, 3, 2, dtype=torch.float64)
    found: dict[str, tuple[list[torch.Tensor], xr.Dataset]] = {}
    for device in ("cpu", "cuda"):
        module.to(device).zero_grad()
        with watch(module) as recorder:
            module(x.to(device))[0].square().sum().backward()
        gradients = [p.grad.cpu().clone() for p in module.parameters()]
        found[device] = gradients, recorder.dataset()
    assert float(found["cpu"][1]["grad_h"].min()) > 1e-6
    xr.testing.assert_allclose(found["cuda"][1], found["cpu"][1], rtol=1e-8)
    for k, (there, here) in enumerate(zip(found["cuda"][0], found["cpu"][0], strict=True)):
        close(there, here, f"gradient {k}")


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
def test_cuda_cells_are_watched_as_the_cpu_s_are(cell: type[nn.Module]) -> None:
    torch.manual_seed(2)
    module, x = cell(2, 4).double(), torch.randn(6, 3, 2, dtype=torch.float64)
    found = {}
    for device in ("cpu", "cuda"):
        module.to(device).zero_grad()
        with watch(module) as recorder:
            state = None
            for row in x.to(device):
                state = module(row, state)
            (state[0] if isinstance(state, tuple) else state).square().sum().backward()
        found[device] = recorder.dataset()
    assert float(found["cpu"]["grad_h"].min()) > 1e-9
    xr.testing.assert_allclose(found["cuda"], found["cpu"], rtol=1e-8)


def test_the_fused_cell_of_torch_hides_a_path() -> None:
    """∂L/∂c_t by `retain_grad()` on CUDA lacks the path by h_t = o_t·tanh(c_t); with it, it is what the CPU finds."""
    torch.manual_seed(2)
    cell, x = nn.LSTMCell(2, 4).double(), torch.randn(6, 3, 2, dtype=torch.float64)
    found = {}
    for device in ("cpu", "cuda"):
        cell.to(device)
        h = c = torch.zeros(3, 4, dtype=torch.float64, device=device)
        states = []
        for row in x.to(device):
            h, c = cell(row, (h, c))
            h.retain_grad()
            c.retain_grad()
            states.append((h, c))
        h.square().sum().backward()
        h, c = states[2]
        through = h.grad * h / c.tanh() * (1 - c.tanh().square())
        found[device] = c.grad.cpu(), through.detach().cpu()
    assert not torch.allclose(found["cuda"][0], found["cpu"][0], rtol=0.1)
    close(found["cuda"][0] + found["cuda"][1], found["cpu"][0], "∂L/∂c")
