"""One training step, recorded by the explorer, against what people write and against torch's fused layer.

Every figure is a ratio of times taken in turns within one run, so that a busy machine slows all sides alike. All ways
compute the gradient of the same loss with the same weights on the same batch, which is checked before anything is
timed.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer import Experiment, build
from explorer.bptt import Flow, Pass, norms_by_time

ROUNDS = 15
LAYERS = {"tanh": (nn.RNN, nn.RNNCell), "lstm": (nn.LSTM, nn.LSTMCell), "gru": (nn.GRU, nn.GRUCell)}


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("one training step (forward, backward, Adam), T=100, B=32, H=64, float32, one thread")
    print("median of the ratios of a round, lowest and highest in brackets\n")
    print(f"{'cell':6}{'recorded / loop with retain_grad':>36}{'recorded / fused, unrecorded':>34}")
    for kind in LAYERS:
        recorded, loop, fused = _contestants(kind)
        times = [(_time(recorded), _time(loop), _time(fused)) for _ in range(ROUNDS)]
        against_loop = [r / slow for r, slow, _ in times]
        against_fused = [r / quick for r, _, quick in times]
        print(f"{kind:6}{_spread(against_loop):>36}{_spread(against_fused):>34}")


def _contestants(kind: str) -> tuple[Callable[[], float], ...]:
    """Three functions, each one training step that returns its loss."""
    built = build(Experiment.model_validate({"cell": {"kind": kind}, "device": "cpu"}))
    model, inputs, names = built.model, built.batch.inputs, ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layer_class, cell_class = LAYERS[kind]
    size = built.experiment.cell.hidden_size
    layer, cell = layer_class(inputs.shape[-1], size), cell_class(inputs.shape[-1], size)
    own = dict(model.rnn.named_parameters())
    layer.load_state_dict(own)
    cell.load_state_dict({name: own[f"{name}_l0"] for name in names})
    readouts = [nn.Linear(size, model.readout.out_features) for _ in range(2)]
    for readout in readouts:
        readout.load_state_dict(model.readout.state_dict())

    def loss_of(outputs: Tensor) -> Tensor:
        return built.step_losses(outputs).sum(0).mean()

    def recorded() -> Tensor:
        task = Pass(built.experiment.cell, on_flow=lambda flow: _record(built.experiment, flow))
        return loss_of(model(inputs, task))

    def loop() -> Tensor:
        state, states = None, []
        for x in inputs:
            state = cell(x, state)
            h = state[0] if isinstance(state, tuple) else state
            h.retain_grad()
            states.append(h)
        loop.states = states  # type: ignore[attr-defined]
        return loss_of(readouts[0](torch.stack(states)))

    def fused() -> Tensor:
        return loss_of(readouts[1](layer(inputs)[0]))

    modules = (model, nn.ModuleList([cell, readouts[0]]), nn.ModuleList([layer, readouts[1]]))
    ways = (recorded, loop, fused)
    losses = [way() for way in ways]
    gradients = [torch.autograd.grad(loss, module.parameters()) for loss, module in zip(losses, modules, strict=True)]
    for found in gradients[1:]:
        for a, b in zip(gradients[0], found, strict=True):
            torch.testing.assert_close(a, b, rtol=0.0, atol=1e-4 * float(a.abs().max()))
    return tuple(_step(way, module) for way, module in zip(ways, modules, strict=True))


def _record(experiment: Experiment, flow: Flow) -> None:
    norms_by_time(experiment.cell, flow)


def _step(way: Callable[[], Tensor], module: nn.Module) -> Callable[[], float]:
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-4)

    def step() -> float:
        optimizer.zero_grad()
        loss = way()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    step()
    return step


def _time(step: Callable[[], float]) -> float:
    start = time.perf_counter()
    for _ in range(3):
        step()
    return time.perf_counter() - start


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


if __name__ == "__main__":
    main()
