"""`explorer.watch` from outside: the model is as it was, whatever happens inside, and refusals are sentences."""

import copy
import gc
import io
import warnings
import weakref
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_padded_sequence
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


class Own(nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0]


class Wrapped(nn.Module):
    def __init__(self, module):
        super().__init__()
        self._orig_mod = module


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(nn.Sequential(nn.LSTM(D, H)))


def replaced() -> nn.Module:
    module = nn.GRU(D, H)
    module.forward = lambda x: x
    return module


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: 3, "watch takes a torch.nn.Module, not int."),
        (lambda: nn.Sequential(nn.Linear(1, 1), nn.ReLU()), "the module is made of Linear, ReLU, Sequential."),
        (
            lambda: nn.ModuleDict({"core": nn.LSTM(D, H, proj_size=2)}),
            "'core': it has projections (proj_size = 2); use",
        ),
        (lambda: Own(D, H), "'LSTM': its forward is not that of torch.nn.LSTM; let it hold a plain LSTM instead."),
        (replaced, "'GRU': its forward is not that of torch.nn.GRU"),
        (scripted, "'0': it is compiled to TorchScript"),
        (lambda: nn.DataParallel(nn.LSTM(D, H)), "'DataParallel': DataParallel runs copies of its layers"),
        (lambda: Wrapped(nn.LSTM(D, H)), "'Wrapped': it is compiled by torch.compile"),
        (lambda: nn.RNNCell(D, H, nonlinearity="sin"), "its nonlinearity is 'sin'; use 'tanh' or 'relu'."),
    ],
)
def test_refused_on_entering(make, sentence):
    with pytest.raises(WatchError) as caught, watch(make()):
        raise AssertionError("entered")
    assert sentence in str(caught.value) and str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_refused_at_the_call(x):
    model, lengths = nn.ModuleDict({"core": nn.GRU(D, H, batch_first=True)}), torch.tensor([6, 5, 2])
    packed = pack_padded_sequence(x.float(), lengths, batch_first=True)
    with watch(model):
        with pytest.raises(WatchError, match=r"'core': its input is a PackedSequence; give it the padded tensor"):
            model["core"](packed)
        with torch.no_grad():
            model["core"](packed)
        with pytest.raises(WatchError, match=r"'core': it is called under autocast"), torch.autocast("cpu"):
            model["core"](x.float())
        with pytest.raises(WatchError, match=r"torch\.func"):
            torch.func.grad(lambda v: model["core"](v)[0].sum())(x.float())
        for kind in (torch.float16, torch.bfloat16):
            model.to(kind)
            with pytest.raises(WatchError, match=rf"'core': its weights are {str(kind)[6:]}; use float32 or float64"):
                model["core"](x.to(kind))


def test_second_derivatives_are_refused(x):
    module = layer("tanh", D, H, batch_first=True)
    x.requires_grad_()
    for power in (1, 2):
        with watch(module):
            (g,) = torch.autograd.grad(module(x)[0].pow(power).sum(), x, create_graph=True)
            with pytest.raises(WatchError, match=r"second derivative through a recurrent layer \(double backward\)"):
                g.square().sum().backward()


@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_wrong_shapes_are_refused_in_the_words_of_torch(kind):
    module = layer(kind, D, H, num_layers=2)
    good, state = torch.zeros(T, B, D, dtype=torch.float64), torch.zeros(2, B, H, dtype=torch.float64)
    pair = (lambda s: (s, s)) if kind == "lstm" else (lambda s: s)
    calls = [
        (good[..., :1],), (good[0, 0],), (good[None],), (good[:0],), (good.float(),), ("text",),
        (good, pair(state[:1])), (good, pair(state[:, :2])), (good, pair(state[0])), (good[:, 0], pair(state)),
    ]  # fmt: skip
    for arguments in calls:
        with pytest.raises(Exception) as expected:
            module(*arguments)
        with watch(module), pytest.raises(Exception) as found:
            module(*arguments)
        assert type(found.value) is type(expected.value) and str(found.value) == str(expected.value)
    cell = nn.LSTMCell(D, H)
    for arguments in [(torch.zeros(B, 5),), (torch.zeros(B, D), (torch.zeros(2, H),) * 2), (torch.zeros(1, 1, D),)]:
        with pytest.raises(Exception) as expected:
            cell(*arguments)
        with watch(cell), pytest.raises(Exception) as found:
            cell(*arguments)
        assert str(found.value) == str(expected.value)
