"""How biases start: in the right gate, and they really keep or drop the state."""

from typing import Any

import pytest
import torch
from torch import Tensor

from explorer import Experiment, build

H = 50
GATES = {"tanh": ("h",), "relu": ("h",), "lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n")}


def biases(cell: str, **bias: Any) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(b_ih, b_hh) by gate, gates in torch's order."""
    config = {"cell": {"kind": cell, "hidden_size": H, "bias": bias}, "dtype": "float64", "device": "cpu"}
    rnn = build(Experiment.model_validate(config)).model.rnn
    found = rnn.bias_ih_l0.detach().chunk(len(GATES[cell])), rnn.bias_hh_l0.detach().chunk(len(GATES[cell]))
    return dict(zip(GATES[cell], found[0], strict=True)), dict(zip(GATES[cell], found[1], strict=True))


def zero_but(found: tuple[dict[str, Tensor], dict[str, Tensor]], *gates: str) -> bool:
    ih, hh = found
    return all((b == 0).all() for b in hh.values()) and all((b == 0).all() for g, b in ih.items() if g not in gates)


@pytest.mark.parametrize("cell", GATES)
def test_zero_and_pytorch(cell: str) -> None:
    assert zero_but(biases(cell, kind="zero"))
    for part in biases(cell, kind="pytorch"):
        drawn = torch.cat(list(part.values()))
        assert 0.8 * H**-0.5 < drawn.abs().max() <= H**-0.5
        assert drawn.mean().abs() < 5 * (3 * H * len(drawn)) ** -0.5


def test_forget_and_update_stand_in_their_gate() -> None:
    lstm = biases("lstm", kind="forget", forget_bias=2.5)
    assert (lstm[0]["f"] == 2.5).all() and zero_but(lstm, "f")
    gru = biases("gru", kind="update", update_bias=-1.5)
    assert (gru[0]["z"] == -1.5).all() and zero_but(gru, "z")


def test_chrono_spreads_the_gates_over_the_lags() -> None:
    lags = 1000
    lstm, gru = biases("lstm", kind="chrono", max_lag=lags), biases("gru", kind="chrono", max_lag=lags)
    assert zero_but(lstm, "i", "f") and zero_but(gru, "z")
    assert torch.equal(lstm[0]["i"], -lstm[0]["f"])
    for keep in (lstm[0]["f"], gru[0]["z"]):
        spread = keep.exp()
        assert (spread >= 1).all() and (spread <= lags - 1).all()
        assert spread.mean().item() == pytest.approx(lags / 2, rel=0.35)
        assert spread.max() > 0.8 * lags and spread.min() < 0.2 * lags


@pytest.mark.parametrize(("cell", "kind"), [("lstm", "forget"), ("gru", "update")])
def test_the_bias_keeps_the_state(cell: str, kind: str) -> None:
    """Without input and recurrent weights the state shrinks by σ(bias) in each step; a negative bias loses it."""
    for value in (20.0, 1.0, -20.0):
        weights = {"kind": "identity", "scale": 0.0}
        bias = {"kind": kind, f"{kind}_bias": value}
        config = {
            "cell": {"kind": cell, "hidden_size": 4, "weights": weights, "bias": bias},
            "dtype": "float64",
            "device": "cpu",
        }
        model = build(Experiment.model_validate(config)).model
        start = tuple(torch.full((1, 1, 4), 0.8, dtype=torch.float64) for _ in model.rnn.cell.states)
        h = model.rnn(torch.zeros(5, 1, 2, dtype=torch.float64), None, start)
        kept = 0.8 * torch.sigmoid(torch.tensor(value, dtype=torch.float64)) ** torch.arange(1, 6)
        # The LSTM's output gate is at σ(0) = 1/2, and its candidate, like the GRU's, at tanh(0) = 0.
        expected = 0.5 * torch.tanh(kept) if cell == "lstm" else kept
        torch.testing.assert_close(h[:, 0, 0], expected, rtol=1e-12, atol=1e-300)
        assert (h[-1] > 0.3).all() if value == 20.0 else True
