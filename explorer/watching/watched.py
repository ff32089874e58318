"""A recurrent module run by the engine: what layers and cells share.

While a module is watched, an object of this file is its `forward`. Where the engine is not needed (no gradient wanted)
and where torch refuses anyway (wrong shapes), the module's own forward runs.
"""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import chain
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from explorer.bptt import Flow, Pass, Recurrence
from explorer.cells import Cell, Gru, Lstm, Relu, Tanh
from explorer.cells.base import State
from explorer.watching.entry import enter
from explorer.watching.recorder import Call, Note, Recorder
from explorer.watching.refusals import WatchError, check_call, kind_of

Weights = tuple[Tensor, Tensor, Tensor | None, Tensor | None]  # weight_ih, weight_hh, bias_ih, bias_hh

_NOTED = ("input_size", "hidden_size", "num_layers", "bidirectional", "batch_first", "bias", "dropout", "nonlinearity")
_CELLS: dict[str, type[Cell]] = {"tanh": Tanh, "relu": Relu, "LSTM": Lstm, "GRU": Gru}


class Watched(ABC):
    """Base: the forward of one watched module.

    Attributes:
        name: the module's dotted name.
        module: the module.
        cell: the engine's cell of its kind and size.
        recorder: where its backward passes are recorded; None when nobody watches.
    """

    layers = 1
    directions = 1

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name, self.module = name, module
        self.cell = _cell(module)
        self.recorder: Recorder | None = None

    def __reduce__(self) -> Any:
        # A copy of the module, or one saved and loaded, is not watched: in this place it has its own forward.
        return getattr, (self.module, "forward")

    @property
    def note(self) -> Note:
        """What the record says about the module."""
        kind = kind_of(self.module)
        assert kind is not None, "only recurrent modules are watched"
        about = {key: getattr(self.module, key) for key in _NOTED if hasattr(self.module, key)}
        return Note(self.cell, self.layers, self.directions, {"class": kind.__name__, **about})

    def __call__(self, input: Any, hx: Any = None) -> Any:
        """The module's forward, recorded where a gradient is wanted."""
        recorder = self.recorder
        if recorder is None or not torch.is_grad_enabled():
            return self._own(input, hx)
        given = () if hx is None else tuple(hx) if isinstance(hx, tuple | list) else (hx,)
        read = input.data if isinstance(input, PackedSequence) else input
        weights = self._weights()  # anew at each call: optimisers, parametrizations and pruning have their say
        if not any(getattr(t, "requires_grad", False) for t in (read, *given, *chain(*weights))):
            return self._own(input, hx)
        check_call(self.name, input, weights[0][0])
        if not self._fits(input, given, weights[0][0]):
            self._own(input, hx)  # raises, in torch's words
            raise WatchError(f"watch cannot record {self.name!r}: its input or initial state has an unknown shape.")
        # What checkpointing computes again inside a backward pass was recorded the first time.
        inside = torch._C._current_graph_task_id() != -1
        return self._run(input, given, weights, None if inside else recorder.call(self.name, self._length(input)))

    def _own(self, input: Any, hx: Any) -> Any:
        return type(self.module).forward(self.module, input, hx)

    @abstractmethod
    def _weights(self) -> list[Weights]:
        """The weights of each direction of each layer, as they are now."""

    @abstractmethod
    def _fits(self, input: Any, given: State, weight: Tensor) -> bool:
        """Whether torch, too, takes these inputs and states."""

    @abstractmethod
    def _length(self, input: Tensor) -> int:
        """T."""

    @abstractmethod
    def _run(self, input: Tensor, given: State, weights: list[Weights], call: Call | None) -> Any:
        """The module's outputs; `call` is None for what is computed again inside a backward pass."""

    def _alike(self, tensors: tuple[Any, ...], weight: Tensor) -> bool:
        """Whether these are tensors of the weights' type on their device, and states for all or for none."""
        known = len(tensors) - 1 in (0, len(self.cell.states))
        like = (weight.dtype, weight.device)
        return known and all(isinstance(t, Tensor) and (t.dtype, t.device) == like for t in tensors)

    def _unroll(
        self, x: Tensor, initial: State, weights: Weights, call: Call | None, layer: int = 0, direction: int = 0
    ) -> State:
        """The states of one direction of one layer, [T, B, H] each, from inputs [T, B, D] and states [B, H]."""
        recorder = cast(Recorder, self.recorder)
        zero = x.new_zeros(len(self.cell.gates) * self.cell.hidden_size)
        tensors = [x.unsqueeze(1)]
        tensors += [(zero if w is None else w).unsqueeze(0) for w in weights]
        tensors += [s.unsqueeze(0) for s in initial]
        task = Pass(self.cell)
        task.on_flow = _sink(recorder, call, self.name, layer, direction, task)
        states = Recurrence.apply(task, *enter(recorder.mark_partial, tensors))
        return tuple(s.squeeze(1) for s in states)


def read_weights(module: Any, suffix: str) -> Weights:
    """The four tensors of one direction of one layer, under torch's names; no bias is None."""
    biases = (getattr(module, f"{name}{suffix}", None) for name in ("bias_ih", "bias_hh"))
    return getattr(module, f"weight_ih{suffix}"), getattr(module, f"weight_hh{suffix}"), *biases


def turned(states: State) -> State:
    """The order (h, c) of torch from the engine's (c, h), and back."""
    return tuple(reversed(states))


def _cell(module: Any) -> Cell:
    """The engine's cell of a module's kind; no bound of the configuration applies to somebody else's model."""
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        kind = "LSTM"
    else:
        kind = "GRU" if isinstance(module, nn.GRU | nn.GRUCell) else module.nonlinearity
    construct: Callable[..., Cell] = _CELLS[kind].model_construct
    return construct(hidden_size=module.hidden_size)


def _sink(
    recorder: Recorder, call: Call | None, name: str, layer: int, direction: int, task: Pass
) -> Callable[[Flow], None]:
    """What the engine hands its gradients to. It knows its pass weakly: else each would keep the other alive."""
    weak = weakref.ref(task)

    def take(flow: Flow) -> None:
        if call is None:
            raise WatchError(
                f"watch cannot record {name!r}: it runs inside torch.utils.checkpoint with use_reentrant=True; use "
                "use_reentrant=False."
            )
        run = weak()
        assert run is not None and run.trajectory is not None, "a backward pass follows its forward pass"
        recorder.record(call, layer, direction, flow, run.trajectory.weight_hh[0])

    return take
