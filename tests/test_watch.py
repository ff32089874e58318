"""`explorer.watch` from outside: the model is as it was, whatever happens inside."""

import copy
import gc
import io
import weakref
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from unrolled import close, layer, unroll

import explorer
from explorer import WatchError, watch
from explorer.bptt import Pass

T, B, D, H = 6, 3, 2, 4


class Model(nn.Module):
    """Somebody's model: an encoder of two layers, a cell of its own, a readout."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(D, H, num_layers=2, batch_first=True, dtype=torch.float64)
        self.cell = nn.GRUCell(H, H, dtype=torch.float64)
        self.readout = nn.Linear(H, 1, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        output, (h, _) = self.encoder(x)
        state = h[-1]
        for t in range(output.shape[1]):
            state = self.cell(output[:, t], state)
        return self.readout(state)


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(B, T, D, dtype=torch.float64)


def dictionaries(model: nn.Module) -> list[dict[str, object]]:
    return [dict(vars(module)) for module in model.modules()]


def train(model: nn.Module, x: torch.Tensor) -> Iterator[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(6):
        optimizer.zero_grad()
        loss = (model(x) - 1).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        yield float(loss.detach())


def test_the_two_lines(x):
    model, y, criterion = Model(), torch.ones(B, 1, dtype=torch.float64), nn.MSELoss()
    with explorer.watch(model) as recorder:
        criterion(model(x), y).backward()
    data = recorder.dataset()
    assert list(data["module"].values) == ["encoder", "cell"]
    assert data["grad_h"].sel(module="encoder").shape == (2, 1, T) and (data["grad_h"].sel(layer=0) > 0).all()


def test_training_inside_is_training(x):
    model = Model()
    other = copy.deepcopy(model)
    expected = list(train(other, x))
    with watch(model) as recorder:
        found = list(train(model, x))
    close(found, expected, "losses", 1e-7)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        close(one, two, "parameter after training", 1e-6)
    data = recorder.dataset()
    radius = data["spectral_radius"].sel(module="cell", layer=0).values
    assert data.sizes["step"] == 6 and expected[-1] < expected[0] and len(set(radius)) == 6


def test_everything_is_restored(x):
    model = Model()
    before = dictionaries(model)
    with watch(model):
        assert dictionaries(model) != before
        model(x).sum().backward()
    assert dictionaries(model) == before
    with pytest.raises(ZeroDivisionError), watch(model):
        raise ZeroDivisionError
    assert dictionaries(model) == before
    with (
        pytest.raises(WatchError, match=r"'1.encoder': it is being watched already; leave that"),
        watch(model),
    ):
        inside = dictionaries(model)
        with watch(nn.Sequential(nn.RNNCell(1, 1), model)):
            pass
    assert dictionaries(model) == before and "forward" in inside[1]


def passes() -> int:
    """How many of the engine's passes, which hold all states, are alive."""
    return sum(type(one) is Pass for one in gc.get_objects())


@pytest.mark.parametrize("late", [False, True])
def test_the_model_is_not_kept_alive(x, late):
    model = Model()
    alive = [weakref.ref(module) for module in model.modules()]
    gc.collect()
    gc.disable()  # freed by its last reference, without a search for cycles
    try:
        with watch(model) as recorder:
            loss = model(x).sum()
            if not late:
                loss.backward()
        del model
        assert all(ref() is None for ref in alive)
        if late:
            loss.backward()
        assert passes() == 2 + T
        del loss
        assert passes() == 0 and recorder.dataset().sizes["step"] == 1
    finally:
        gc.enable()


def test_copies_are_not_watched(x):
    model = Model()
    with watch(model) as recorder:
        twin, file = copy.deepcopy(model), io.BytesIO()
        torch.save(model, file)
        loaded = torch.load(io.BytesIO(file.getvalue()), weights_only=False)
        for other in (twin, loaded, copy.deepcopy(twin)):
            with torch.no_grad():
                other.encoder.weight_hh_l0.add_(0.1)
            assert other.encoder.forward.__self__ is other.encoder
            assert not torch.equal(other(x), model(x))
            other(x).sum().backward()
            assert other.encoder.weight_hh_l0.grad is not None and model.encoder.weight_hh_l0.grad is None
        assert "0 backward passes" in repr(recorder)
    with watch(twin) as recorder:
        twin(x).sum().backward()
    assert recorder.dataset().sizes["step"] == 1 and twin.encoder.forward.__self__ is twin.encoder


def test_parametrized_weights(x):
    module = layer("gru", D, H, batch_first=True)
    weight_norm(module, "weight_hh_l0")
    expected = torch.autograd.grad(module(x)[0].square().sum(), list(module.parameters()))
    with watch(module) as recorder:
        module(x)[0].square().sum().backward()
    for p, gradient in zip(module.parameters(), expected, strict=True):
        close(p.grad, gradient, "parameter")
    plain = layer("gru", D, H)
    plain.load_state_dict({name: getattr(module, name).detach() for name in plain.state_dict()})
    hand = unroll("gru", plain, x.transpose(0, 1))
    close(recorder.dataset()["grad_h"].values[0], hand.norms(hand.output.square().sum(), (0, 0))["grad_h"], "grad_h")


def test_other_parameters_for_one_call(x):
    module = layer("tanh", D, H, batch_first=True)
    other = {name: p.detach() * 0.5 for name, p in module.named_parameters()}
    expected = torch.func.functional_call(module, other, (x.requires_grad_(),))[0]
    with watch(module):
        close(torch.func.functional_call(module, other, (x,))[0], expected, "output")
