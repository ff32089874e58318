"""torch.nn.RNNCell, LSTMCell and GRUCell run by the engine: one time step a call."""

from typing import Any

from torch import Tensor, nn

from explorer.cells.base import State
from explorer.watching.recorder import Call
from explorer.watching.watched import Watched, Weights, read_weights, turned


class WatchedCell(Watched):
    """The forward of nn.RNNCell, nn.LSTMCell and nn.GRUCell."""

    module: nn.RNNCellBase

    def _weights(self) -> list[Weights]:
        return [read_weights(self.module, "")]

    def _length(self, input: Tensor) -> int:
        return 1

    def _fits(self, input: Any, given: State, weight: Tensor) -> bool:
        """Whether torch, too, takes these inputs and states."""
        if not self._alike((input, *given), weight) or input.dim() not in (1, 2):
            return False
        state = (*input.shape[:-1], self.module.hidden_size)
        return input.shape[-1] == self.module.input_size and all(tuple(s.shape) == state for s in given)

    def _run(self, input: Tensor, given: State, weights: list[Weights], call: Call | None) -> Any:
        batched = input.dim() == 2
        x, initial = (input, given) if batched else (input.unsqueeze(0), tuple(s.unsqueeze(0) for s in given))
        zeros = tuple(x.new_zeros(x.shape[0], self.module.hidden_size) for _ in self.cell.states)
        states = self._unroll(x.unsqueeze(0), turned(initial) or zeros, weights[0], call)
        # Copies, as torch's own may be changed in place; the engine's states stay.
        new = turned(tuple((s[0] if batched else s[0, 0]).clone() for s in states))
        return new if len(new) > 1 else new[0]
