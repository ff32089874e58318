"""Cells against torch.nn: the same numbers with the same weights, forward and backward, weights carried both ways."""

import pytest
import torch
from pydantic import TypeAdapter
from torch import Tensor
from torch_loop import LAYERS

from explorer.bptt import Network
from explorer.cells import AnyCell, Cell

T, B, D, H = 11, 3, 4, 5


def pair(kind: str) -> tuple[Network, torch.nn.RNNBase]:
    """The engine's network and torch's layer, with torch's weights carried over."""
    cell: Cell = TypeAdapter(AnyCell).validate_python({"kind": kind, "hidden_size": H})
    network = Network(cell, D, 2, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    layer = LAYERS[kind](D, H)
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64) * 0.6)
    network.rnn.load_state_dict(layer.state_dict())
    return network, layer


def loss_of(h: Tensor) -> Tensor:
    return (h.cumsum(0) ** 2 * torch.linspace(0.5, 1.5, T, dtype=torch.float64)[:, None, None]).sum()


@pytest.mark.parametrize("kind", LAYERS)
def test_forward_and_backward(kind: str) -> None:
    network, layer = pair(kind)
    inputs = torch.randn(T, B, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    ours, theirs = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    found, expected = network.rnn(ours), layer(theirs)[0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert expected.abs().mean() > 0.05
    loss_of(found).backward(), loss_of(expected).backward()
    for name, parameter in layer.named_parameters():
        gradient = dict(network.rnn.named_parameters())[name].grad
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-9, atol=1e-9)
        assert parameter.grad.abs().max() > 1e-3
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-9)
    assert theirs.grad is not None and theirs.grad.abs().max() > 1e-3


@pytest.mark.parametrize("kind", LAYERS)
def test_initial_states(kind: str) -> None:
    network, layer = pair(kind)
    inputs = torch.randn(T, B, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    generator = torch.Generator().manual_seed(3)
    start = [
        torch.randn(1, B, H, dtype=torch.float64, generator=generator).requires_grad_() for _ in network.rnn.cell.states
    ]
    twin = [s.detach().clone().requires_grad_() for s in start]
    found = network.rnn(inputs, None, tuple(start))
    expected = layer(inputs, (twin[1], twin[0]) if kind == "lstm" else twin[0])[0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    gradients = torch.autograd.grad(loss_of(found), start), torch.autograd.grad(loss_of(expected), twin)
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)
        assert theirs.abs().max() > 1e-3


@pytest.mark.parametrize("kind", LAYERS)
def test_names_and_shapes_are_torchs_own(kind: str) -> None:
    network, layer = pair(kind)
    ours = {name: tuple(w.shape) for name, w in network.rnn.state_dict().items()}
    assert ours == {name: tuple(w.shape) for name, w in layer.state_dict().items()}
    assert list(network.state_dict()) == [f"rnn.{name}" for name in ours] + ["readout.weight", "readout.bias"]
    layer.load_state_dict(network.rnn.state_dict())
