"""What `watch` cannot record it refuses in one sentence that names it; what torch refuses stays in torch's words."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from unrolled import layer

from explorer import WatchError, watch

T, B, D, H = 6, 3, 2, 4


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(B, T, D, dtype=torch.float64)


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
        with pytest.raises(WatchError, match=r"torch\.compile"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.compile(model["core"], backend="eager")(x.float())
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
