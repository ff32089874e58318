"""torch.nn.RNN, LSTM and GRU run by the engine: layers, directions and batches as torch lays them out."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.cells.base import State
from explorer.watching.recorder import Call
from explorer.watching.watched import Watched, Weights, read_weights, turned


class WatchedLayer(Watched):
    """The forward of nn.RNN, nn.LSTM and nn.GRU."""

    module: nn.RNNBase

    def __init__(self, name: str, module: nn.RNNBase) -> None:
        super().__init__(name, module)
        self.layers, self.directions = module.num_layers, 2 if module.bidirectional else 1

    def _weights(self) -> list[Weights]:
        suffixes = [f"_l{layer}{end}" for layer in range(self.layers) for end in ("", "_reverse")[: self.directions]]
        return [read_weights(self.module, suffix) for suffix in suffixes]

    def _length(self, input: Tensor) -> int:
        return input.shape[1 if self.module.batch_first and input.dim() == 3 else 0]

    def _fits(self, input: Any, given: State, weight: Tensor) -> bool:
        """Whether torch, too, takes these inputs and states; an empty sequence it does not."""
        if not self._alike((input, *given), weight) or input.dim() not in (2, 3):
            return False
        batch = () if input.dim() == 2 else (input.shape[0 if self.module.batch_first else 1],)
        state = (self.layers * self.directions, *batch, self.module.hidden_size)
        sized = input.shape[-1] == self.module.input_size and self._length(input) > 0
        return sized and all(tuple(s.shape) == state for s in given)

    def _run(self, input: Tensor, given: State, weights: list[Weights], call: Call | None) -> Any:
        module, batched = self.module, input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and module.batch_first:
            x = x.transpose(0, 1)
        initial = turned(tuple(s if batched else s.unsqueeze(1) for s in given)) or self._zeros(x)
        last: list[State] = []
        for layer in range(self.layers):
            if layer and module.dropout and module.training:
                x = functional.dropout(x, module.dropout)
            x = self._layer(x, initial, weights, call, last)
        final = turned(tuple(torch.stack(s) for s in zip(*last, strict=True)))
        output = x.clone()  # as torch's own may be, so may this be changed in place; the engine's states stay
        if not batched:
            output, final = output.squeeze(1), tuple(s.squeeze(1) for s in final)
        elif module.batch_first:
            output = output.transpose(0, 1)
        return output, final if len(final) > 1 else final[0]

    def _zeros(self, x: Tensor) -> State:
        rows = self.layers * self.directions
        return tuple(x.new_zeros(rows, x.shape[1], self.module.hidden_size) for _ in self.cell.states)

    def _layer(self, x: Tensor, initial: State, weights: list[Weights], call: Call | None, last: list[State]) -> Tensor:
        """All h of the next layer by the time of its input, [T, B, directions·H]; its last states go into `last`."""
        layer, outputs = len(last) // self.directions, []
        for direction in range(self.directions):
            row, read = len(last), x.flip(0) if direction else x
            states = self._unroll(read, tuple(s[row] for s in initial), weights[row], call, layer, direction)
            last.append(tuple(s[-1] for s in states))
            outputs.append(states[-1].flip(0) if direction else states[-1])
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)
