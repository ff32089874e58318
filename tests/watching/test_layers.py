"""torch.nn.RNN, LSTM and GRU under watch: nothing changes, and the record is that of layers unrolled by hand."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from unrolled import KINDS, close, layer, unroll

from explorer import watch

STEPS, BATCH, INPUTS, HIDDEN = 6, 3, 2, 4
SHAPES = list(product(KINDS, (1, 2), (False, True), (False, True), (False, True)))


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def states(kind: str, rows: int, *batch: int) -> tuple[Tensor, ...]:
    """Initial states in torch's order, each wanting a gradient."""
    return tuple(randn(rows, *batch, HIDDEN, seed=5 + k).requires_grad_() for k in range(2 if kind == "lstm" else 1))


def run(module: nn.Module, x: Tensor, initial: tuple[Tensor, ...] | None) -> tuple[Tensor, ...]:
    """(output, h_n) or (output, h_n, c_n)."""
    hx = None if initial is None else initial if isinstance(module, nn.LSTM) else initial[0]
    output, last = module(x, hx)
    return (output, *last) if isinstance(last, tuple) else (output, last)


def weighted(results: tuple[Tensor, ...]) -> Tensor:
    """A loss in which every entry of every result has a weight of its own."""
    return sum((randn(*r.shape, seed=20 + k) * r.square()).sum() for k, r in enumerate(results))


@pytest.mark.parametrize(("kind", "layers", "both", "first", "bias"), SHAPES)
def test_everything_agrees(kind, layers, both, first, bias):
    torch.manual_seed(1)
    module = layer(kind, INPUTS, HIDDEN, num_layers=layers, bidirectional=both, batch_first=first, bias=bias)
    x, initial = randn(STEPS, BATCH, INPUTS).requires_grad_(), states(kind, layers * (2 if both else 1), BATCH)
    leaves = [x, *initial, *module.parameters()]

    def results() -> tuple[Tensor, ...]:
        output, *last = run(module, x.transpose(0, 1) if first else x, initial)
        return (output.transpose(0, 1) if first else output, *last)

    plain = results()
    expected = torch.autograd.grad(weighted(plain), leaves)
    with watch(module) as recorder:
        found = results()
        weighted(found).backward()
    for k, (one, other) in enumerate(zip(found, plain, strict=True)):
        close(one, other, f"result {k}")
    for k, (leaf, gradient) in enumerate(zip(leaves, expected, strict=True)):
        close(leaf.grad, gradient, f"gradient {k}")
    hand = unroll(kind, module, x, initial)
    loss, data = weighted((hand.output, *hand.last)), recorder.dataset()
    assert ("grad_c" in data) == (kind == "lstm")
    assert data["grad_h"].dims == (("layer",) * (layers > 1) + ("direction",) * both + ("step", "time"))
    for number, direction in hand.states:
        one = data.isel(step=0)
        one = one.sel(layer=number) if layers > 1 else one
        one = one.sel(direction=("forward", "reverse")[direction]) if both else one
        for name, norms in hand.norms(loss, (number, direction)).items():
            assert one[name].dims == ("time",) and list(one["time"].values) == list(range(1, STEPS + 1))
            close(one[name].values, norms, f"{name} of layer {number}, direction {direction}")
        name = f"weight_hh_l{number}" + ("_reverse" if direction else "")
        gates = {"lstm": 4, "gru": 3}.get(kind, 1)
        block = getattr(module, name).detach().view(gates, HIDDEN, HIDDEN)[2 if gates > 1 else 0]
        close(one["spectral_radius"].values, torch.linalg.eigvals(block).abs().max(), "spectral radius")


@pytest.mark.parametrize(("kind", "part"), [(k, p) for k in KINDS for p in range(3 if k == "lstm" else 2)])
def test_one_result_alone(kind, part):
    torch.manual_seed(9)
    module, x = layer(kind, INPUTS, HIDDEN), randn(STEPS, BATCH, INPUTS)
    expected = torch.autograd.grad(run(module, x, None)[part].square().sum(), list(module.parameters()))
    with watch(module) as recorder:
        run(module, x, None)[part].square().sum().backward()
    for p, gradient in zip(module.parameters(), expected, strict=True):
        close(p.grad, gradient, "parameter")
    hand = unroll(kind, module, x)
    norms = hand.norms((hand.output, *hand.last)[part].square().sum(), (0, 0))
    for name, values in norms.items():
        close(recorder.dataset()[name].values[0], values, name)


@pytest.mark.parametrize(("kind", "first", "both"), [*product(KINDS, (False, True), (False, True))])
def test_unbatched(kind, first, both):
    torch.manual_seed(3)
    module = layer(kind, INPUTS, HIDDEN, batch_first=first, bidirectional=both, num_layers=2)
    x, initial = randn(STEPS, INPUTS), states(kind, 4 if both else 2)
    plain = run(module, x, initial)
    expected = torch.autograd.grad(weighted(plain), [*initial, *module.parameters()])
    with watch(module) as recorder:
        found = run(module, x, initial)
        assert [f.shape for f in found] == [p.shape for p in plain]
        gradients = torch.autograd.grad(weighted(found), [*initial, *module.parameters()])
    for one, other in zip((*found, *gradients), (*plain, *expected), strict=True):
        close(one, other, "result or gradient")
    hand = unroll(kind, module, x.unsqueeze(1), tuple(s.unsqueeze(1) for s in initial))
    loss = weighted(tuple(r.squeeze(1) for r in (hand.output, *hand.last)))
    one = recorder.dataset().isel(step=0, layer=1)
    close((one.isel(direction=0) if both else one)["grad_h"].values, hand.norms(loss, (1, 0))["grad_h"], "grad_h")


@pytest.mark.parametrize(("kind", "both", "dtype"), [*product(KINDS, (False, True), (torch.float32, torch.float64))])
def test_dropout_draws_what_torch_draws(kind, both, dtype):
    torch.manual_seed(4)
    module = layer(kind, INPUTS, 16, num_layers=3, dropout=0.4, bidirectional=both).to(dtype)
    x, found = randn(STEPS, BATCH, INPUTS).to(dtype), []
    for training, seed in ((True, 7), (True, 8), (False, 7)):
        module.train(training)
        torch.manual_seed(seed)
        plain, after = module(x)[0].detach(), torch.rand(1)
        with watch(module):
            torch.manual_seed(seed)
            found.append(module(x)[0].detach())
            close(found[-1], plain, "output", 1e-5 if dtype == torch.float32 else 1e-12)
            assert torch.equal(torch.rand(1), after), "the generator is left elsewhere"
    assert not torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])


def test_float32():
    torch.manual_seed(5)
    module, x = nn.GRU(INPUTS, HIDDEN, num_layers=2), torch.randn(STEPS, BATCH, INPUTS)
    expected = torch.autograd.grad(module(x)[0].square().mean(), list(module.parameters()))
    with watch(module) as recorder:
        output = module(x)[0]
        output.square().mean().backward()
    assert output.dtype == torch.float32 and recorder.dataset()["grad_h"].dtype == "float64"
    for p, gradient in zip(module.parameters(), expected, strict=True):
        close(p.grad, gradient, "parameter", 1e-5)


def test_frozen_weights_let_the_gradient_through():
    torch.manual_seed(6)
    module, x = layer("lstm", INPUTS, HIDDEN), randn(STEPS, BATCH, INPUTS).requires_grad_()
    module.requires_grad_(False)
    (expected,) = torch.autograd.grad(module(x)[0].square().sum(), x)
    with watch(module) as recorder:
        module(x)[0].square().sum().backward()
    close(x.grad, expected, "input")
    assert all(p.grad is None for p in module.parameters())
    hand = unroll("lstm", module, x)
    close(recorder.dataset()["grad_h"].values[0], hand.norms(hand.output.square().sum(), (0, 0))["grad_h"], "grad_h")


def test_outputs_may_be_changed_in_place():
    """As with torch's own on the CPU: a rectifier in place after the layer, and states zeroed where a sequence ends."""
    torch.manual_seed(7)
    for first in (False, True):
        module, x = layer("tanh", INPUTS, HIDDEN, batch_first=first), randn(STEPS, BATCH, INPUTS)

        def loss(module: nn.Module = module, x: Tensor = x) -> Tensor:
            output, last = module(x)
            last.mul_(0.5)
            return torch.relu_(output).sum() + last.square().sum()

        expected = torch.autograd.grad(loss(), list(module.parameters()))
        with watch(module):
            found = torch.autograd.grad(loss(), list(module.parameters()))
        for one, other in zip(found, expected, strict=True):
            close(one, other, "parameter")


def test_no_bound_on_the_size():
    with watch(nn.RNN(1, 2100)) as recorder, torch.no_grad():
        pass
    module = nn.RNN(1, 2100)
    with watch(module):
        assert module(torch.ones(1, 1, 1))[0].requires_grad
    assert "RNN" in repr(recorder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_no_sequences(kind):
    """What torch runs is run: the last batch of a data loader with a filter may be empty."""
    module = layer(kind, INPUTS, HIDDEN)
    with watch(module) as recorder:
        output, _ = module(randn(STEPS, 0, INPUTS))
        output.sum().backward()
    assert output.shape == (STEPS, 0, HIDDEN)
    assert recorder.dataset()["grad_h"].values.tolist() == [[0.0] * STEPS]
    assert not module.weight_hh_l0.grad.any()
