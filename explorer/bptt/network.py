"""A recurrent layer run by the engine, and a linear readout: the model of every experiment, alone and in groups."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from explorer.bptt.function import Pass, Recurrence
from explorer.cells import Cell
from explorer.cells.base import State
from explorer.cells.weights import uniform


class Rnn(nn.Module):
    """One recurrent layer with the parameters of torch.nn.RNN/LSTM/GRU, names and shapes included."""

    def __init__(self, cell: Cell, input_size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.cell = cell
        size, gates = cell.hidden_size, len(cell.gates)
        self.weight_ih_l0 = nn.Parameter(uniform((gates * size, input_size), size, generator))
        self.weight_hh_l0 = nn.Parameter(torch.cat([cell.weights.draw(size, generator) for _ in cell.gates]))
        bias_ih, bias_hh = cell.bias.draw(cell.gates, size, generator)
        self.bias_ih_l0, self.bias_hh_l0 = nn.Parameter(bias_ih), nn.Parameter(bias_hh)

    def forward(self, inputs: Tensor, task: Pass | None = None, initial: State | None = None) -> Tensor:
        """Run over time.

        Args:
            inputs: [T, B, D].
            task: the engine's pass: plan, earlier pieces, recorder; by default full BPTT, unrecorded.
            initial: the states before the first step, each [1, B, H]; zero by default.

        Returns:
            h at the times that the pass asks for, 1…T by default, [≤T, B, H].
        """
        if initial is None:
            zero = inputs.new_zeros(1, inputs.shape[1], self.cell.hidden_size)
            initial = tuple(zero for _ in self.cell.states)
        weights = (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        states = Recurrence.apply(
            task or Pass(self.cell), inputs.unsqueeze(1), *(w.unsqueeze(0) for w in weights), *initial
        )
        h: Tensor = states[-1]
        return h.squeeze(1)

    def states_after(self, inputs: Tensor) -> State:
        """The states after reading inputs [T, B, D] from zero, each [1, B, H]; they track no gradient."""
        task = Pass(self.cell)
        with torch.no_grad():
            self(inputs, task)
        assert task.trajectory is not None, "a pass that has run leaves its trajectory"
        return task.trajectory.last


class Network(nn.Module):
    """rnn and readout: o_t = W·h_t + b."""

    def __init__(self, cell: Cell, input_size: int, output_size: int, generator: torch.Generator) -> None:
        super().__init__()
        self.rnn = Rnn(cell, input_size, generator)
        size = cell.hidden_size
        # Built empty and filled from the generator, so that the global random state is left alone.
        self.readout = nn.utils.skip_init(nn.Linear, size, output_size, dtype=torch.float64)
        with torch.no_grad():
            self.readout.weight.copy_(uniform((output_size, size), size, generator))
            self.readout.bias.copy_(uniform((output_size,), size, generator))

    def forward(self, inputs: Tensor, task: Pass | None = None, initial: State | None = None) -> Tensor:
        """Readout outputs [≤T, B, C] of inputs [T, B, D]; the other arguments are those of `Rnn.forward`."""
        outputs: Tensor = self.readout(self.rnn(inputs, task, initial))
        return outputs


class Networks(nn.Module):
    """M networks of one shape side by side: each parameter of `Network` with a leading dimension of models.

    The parameters are copies; those of a single network share its memory, so that it trains with them.

    Attributes:
        weights: the stacked parameters, in the order of `Network.parameters()`.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        super().__init__()
        self.cell = networks[0].rnn.cell
        named = [dict(network.named_parameters()) for network in networks]
        self.weights = nn.ParameterList(_stacked([own[name].detach() for own in named]) for name in named[0])

    @property
    def weight_hh(self) -> Tensor:
        """[M, G·H, H]."""
        weight: Tensor = self.weights[1]
        return weight

    def forward(self, inputs: Tensor, task: Pass) -> Tensor:
        """Readout outputs [≤T, M, B, C] of inputs [T, M, B, D]; the pass may hold one plan for each model."""
        models, batch = inputs.shape[1:3]
        zero = inputs.new_zeros(models, batch, self.cell.hidden_size)
        *recurrent, readout, bias = self.weights
        h = Recurrence.apply(task, inputs, *recurrent, *(zero for _ in self.cell.states))[-1]
        outputs = torch.baddbmm(bias.unsqueeze(1), h.transpose(0, 1).flatten(1, 2), readout.mT)
        return outputs.view(models, len(h), batch, -1).transpose(0, 1)


def _stacked(tensors: Sequence[Tensor]) -> Tensor:
    """With a leading dimension of models; a single one keeps its memory."""
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(list(tensors))
