"""A training loop as people write it: torch.nn, torch.optim, clipping by hand. Knows nothing of the engine."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Batch = tuple[Tensor, Callable[[Tensor], Tensor]]

LAYERS: dict[str, Callable[[int, int], nn.RNNBase]] = {
    "tanh": lambda d, h: nn.RNN(d, h, dtype=torch.float64),
    "relu": lambda d, h: nn.RNN(d, h, nonlinearity="relu", dtype=torch.float64),
    "lstm": lambda d, h: nn.LSTM(d, h, dtype=torch.float64),
    "gru": lambda d, h: nn.GRU(d, h, dtype=torch.float64),
}


class Model(nn.Module):
    """A torch layer and a linear readout, with the explorer's names for the parameters."""

    def __init__(self, kind: str, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        hidden, inputs = weights["rnn.weight_hh_l0"].shape[1], weights["rnn.weight_ih_l0"].shape[1]
        self.rnn = LAYERS[kind](inputs, hidden)
        self.readout = nn.Linear(hidden, len(weights["readout.bias"]), dtype=torch.float64)
        self.load_state_dict(weights)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.readout(self.rnn(inputs)[0])
        return outputs


OPTIMIZERS: dict[str, Callable[[Iterator[nn.Parameter], dict[str, Any]], torch.optim.Optimizer]] = {
    "sgd": lambda p, c: torch.optim.SGD(p, lr=c["learning_rate"], momentum=c["momentum"]),
    "adam": lambda p, c: torch.optim.Adam(p, lr=c["learning_rate"], betas=(0.9, 0.999), eps=1e-8),
    "rmsprop": lambda p, c: torch.optim.RMSprop(p, lr=c["learning_rate"], momentum=c["momentum"], alpha=0.99, eps=1e-8),
}


@dataclass(frozen=True)
class Update:
    """What one update had: loss, joint norms before and after clipping, and the weights after it."""

    loss: float
    norm: float
    clipped: float
    weights: dict[str, Tensor]


def train(model: Model, batches: Iterator[Batch], config: dict[str, Any], steps: int) -> Iterator[Update]:
    """Train `steps` updates."""
    optimizer = OPTIMIZERS[config["optimizer"]["kind"]](model.parameters(), config["optimizer"])
    for _ in range(steps):
        inputs, step_losses = next(batches)
        optimizer.zero_grad()
        loss = step_losses(model(inputs)).sum(0).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        before = _norm(model)
        _clip(model, before, config["clipping"])
        after = _norm(model)
        optimizer.step()
        yield Update(float(loss.detach()), before, after, {n: w.clone() for n, w in model.state_dict().items()})


def _norm(model: Model) -> float:
    return sum(float((p.grad**2).sum()) for p in model.parameters() if p.grad is not None) ** 0.5


def _clip(model: Model, norm: float, clipping: dict[str, Any]) -> None:
    for p in model.parameters():
        assert p.grad is not None
        if clipping["kind"] == "norm" and norm > clipping["threshold"]:
            p.grad = p.grad / norm * clipping["threshold"]
        if clipping["kind"] == "value":
            bound = torch.full_like(p.grad, clipping["threshold"])
            p.grad = torch.minimum(torch.maximum(p.grad, -bound), bound)
