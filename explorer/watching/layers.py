"""torch's recurrent layers and cells, run by the engine.

While a module is watched, an object of this file is its `forward`. What the engine is not needed for (no gradient
wanted) and what torch refuses anyway (wrong shapes) goes to the module's own forward.
"""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from explorer.bptt import Flow, Pass, Recurrence
from explorer.cells import Cell, Gru, Lstm, Relu, Tanh
from explorer.cells.base import State
from explorer.watching.entry import enter
from explorer.watching.recorder import Call, Note, Recorder, WatchError

LAYERS = (nn.RNN, nn.LSTM, nn.GRU)
CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
DTYPES = (torch.float32, torch.float64)

_NOTED = ("input_size", "hidden_size", "num_layers", "bidirectional", "batch_first", "bias", "dropout", "nonlinearity")


class Watched:
    """Base: the forward of one watched module."""

    layers = 1
    directions = 1

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name, self.module = name, module
        self.cell = _cell(name, module)
        self.recorder: Recorder | None = None

    def __reduce__(self) -> Any:
        # A copy of the module, or a saved one, is not watched: in its place stands the copy's own forward.
        return getattr, (self.module, "forward")

    @property
    def note(self) -> Note:
        """What the record says about the module."""
        about = {key: getattr(self.module, key) for key in _NOTED if hasattr(self.module, key)}
        kind = next(c.__name__ for c in (*LAYERS, *CELLS) if isinstance(self.module, c))
        return Note(self.cell.states, self.layers, self.directions, {"class": kind, **about})

    def __call__(self, input: Tensor, hx: Any = None) -> Any:
        """The module's forward, recorded where a gradient is wanted."""
        given: tuple[Any, ...] = () if hx is None else tuple(hx) if isinstance(self.cell, Lstm) else (hx,)
        weights = [w for name in self._weight_names() for w in (getattr(self.module, name, None),) if w is not None]
        tensors = [t for t in (input, *given, *weights) if isinstance(t, Tensor)]
        packed = isinstance(input, PackedSequence)
        wanted = any(t.requires_grad for t in tensors) or (packed and input.data.requires_grad)
        if self.recorder is None or not torch.is_grad_enabled() or not wanted:
            return self._own(input, hx)
        self._refuse(input, tensors)
        if not self._fits(input, given):
            result = self._own(input, hx)  # says what is wrong, in torch's words
            raise WatchError(f"watch cannot record {self.name!r} on an input of shape {tuple(input.shape)}.") from result
        # What checkpointing computes again inside a backward pass has been recorded the first time.
        inside = torch._C._current_graph_task_id() != -1
        return self._run(input, given, None if inside else self.recorder.call(self.name, self._length(input)))

    def _own(self, input: Any, hx: Any) -> Any:
        return type(self.module).forward(self.module, input, hx)

    def _refuse(self, input: Any, tensors: list[Tensor]) -> None:
        """Whatever would run but not be recorded rightly.

        Raises:
            WatchError: naming it.
        """
        if isinstance(input, PackedSequence):
            raise WatchError(
                f"watch cannot record {self.name!r} on a PackedSequence; give it the padded tensor and leave the padding "
                "out of the loss."
            )
        device = tensors[0].device.type
        if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
            raise WatchError(f"watch cannot record {self.name!r} under autocast; call the module outside it.")
        for tensor in tensors:
            if tensor.dtype not in DTYPES:
                raise WatchError(
                    f"watch cannot record {self.name!r} in {str(tensor.dtype).removeprefix('torch.')}; use float32 or "
                    "float64, for example module.float()."
                )
        if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
            raise WatchError(f"watch cannot record {self.name!r} under torch.compile or torch.func; call it plainly.")

    def _weight_names(self) -> list[str]:
        raise NotImplementedError

    def _fits(self, input: Tensor, given: State) -> bool:
        raise NotImplementedError

    def _length(self, input: Tensor) -> int:
        raise NotImplementedError

    def _run(self, input: Tensor, given: State, call: Call | None) -> Any:
        raise NotImplementedError

    def _alike(self, tensors: tuple[Any, ...]) -> bool:
        """Whether these are tensors of the weights' type, on their device."""
        weight = getattr(self.module, self._weight_names()[0])
        return all(isinstance(t, Tensor) and (t.dtype, t.device) == (weight.dtype, weight.device) for t in tensors)

    def _unroll(self, x: Tensor, initial: State, suffix: str, call: Call | None, layer: int, direction: int) -> State:
        """The states of one direction of one layer, [T, B, H] each, from inputs [T, B, D] and states [B, H]."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        # Read anew in each call, so that optimisers, parametrizations and pruning have their say.
        weights = [getattr(self.module, name + suffix, None) for name in names]
        zero = x.new_zeros(len(self.cell.gates) * self.cell.hidden_size)
        tensors = (x.unsqueeze(1), *((zero if w is None else w).unsqueeze(0) for w in weights))
        tensors = (*tensors, *(s.unsqueeze(0) for s in initial))
        task = Pass(self.cell)
        recorder = self.recorder
        assert recorder is not None, "only a watched module is unrolled"
        task.on_flow = _sink(recorder, call, layer, direction, self.name, weakref.ref(task))
        states = Recurrence.apply(task, *enter(recorder.mark_partial, tensors))  # type: ignore[no-untyped-call]
        return tuple(s.squeeze(1) for s in states)


class WatchedLayer(Watched):
    """The forward of nn.RNN, nn.LSTM and nn.GRU."""

    module: nn.RNNBase

    def __init__(self, name: str, module: nn.RNNBase) -> None:
        super().__init__(name, module)
        self.layers, self.directions = module.num_layers, 2 if module.bidirectional else 1

    def _weight_names(self) -> list[str]:
        return self.module._flat_weights_names

    def _suffix(self, layer: int, direction: int) -> str:
        return f"_l{layer}" + ("_reverse" if direction else "")

    def _length(self, input: Tensor) -> int:
        return input.shape[1 if self.module.batch_first and input.dim() == 3 else 0]

    def _fits(self, input: Tensor, given: State) -> bool:
        """Whether torch, too, takes these shapes; an empty sequence it does not."""
        if not self._alike((input, *given)) or input.dim() not in (2, 3) or len(given) not in (0, len(self.cell.states)):
            return False
        batch = () if input.dim() == 2 else (input.shape[0 if self.module.batch_first else 1],)
        state = (self.layers * self.directions, *batch, self.module.hidden_size)
        fits = input.shape[-1] == self.module.input_size and self._length(input) > 0
        return fits and all(tuple(s.shape) == state for s in given)

    def _run(self, input: Tensor, given: State, call: Call | None) -> Any:
        module, batched = self.module, input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and module.batch_first:
            x = x.transpose(0, 1)
        rows = self.layers * self.directions
        initial = tuple(s if batched else s.unsqueeze(1) for s in _turned(given))
        if not initial:
            initial = tuple(x.new_zeros(rows, x.shape[1], module.hidden_size) for _ in self.cell.states)
        last: list[State] = []
        for layer in range(self.layers):
            if layer and module.dropout and module.training:
                x = functional.dropout(x, module.dropout)
            x = self._layer(x, initial, layer, call, last)
        final = _turned(tuple(torch.stack(s) for s in zip(*last, strict=True)))
        # A copy, as torch's own output is: the user may change it in place, the engine's states stay.
        output = x.clone()
        if not batched:
            output, final = output.squeeze(1), tuple(s.squeeze(1) for s in final)
        elif module.batch_first:
            output = output.transpose(0, 1)
        return output, final if len(final) > 1 else final[0]

    def _layer(self, x: Tensor, initial: State, layer: int, call: Call | None, last: list[State]) -> Tensor:
        """h of one layer, both directions, at the times of the input; the last states are added to `last`."""
        outputs = []
        for direction in range(self.directions):
            start = tuple(s[len(last)] for s in initial)
            read = x.flip(0) if direction else x
            states = self._unroll(read, start, self._suffix(layer, direction), call, layer, direction)
            last.append(tuple(s[-1] for s in states))
            outputs.append(states[-1].flip(0) if direction else states[-1])
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1)


class WatchedCell(Watched):
    """The forward of nn.RNNCell, nn.LSTMCell and nn.GRUCell: one time step."""

    module: nn.RNNCellBase

    def _weight_names(self) -> list[str]:
        return ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]

    def _length(self, input: Tensor) -> int:
        return 1

    def _fits(self, input: Tensor, given: State) -> bool:
        """Whether torch, too, takes these shapes."""
        if not self._alike((input, *given)) or input.dim() not in (1, 2) or len(given) not in (0, len(self.cell.states)):
            return False
        state = (*input.shape[:-1], self.module.hidden_size)
        return input.shape[-1] == self.module.input_size and all(tuple(s.shape) == state for s in given)

    def _run(self, input: Tensor, given: State, call: Call | None) -> Any:
        batched = input.dim() == 2
        x, initial = (input, given) if batched else (input.unsqueeze(0), tuple(s.unsqueeze(0) for s in given))
        start = _turned(initial) or tuple(x.new_zeros(len(x), self.cell.hidden_size) for _ in self.cell.states)
        states = self._unroll(x.unsqueeze(0), start, "", call, 0, 0)
        new = _turned(tuple(s[0].clone() if batched else s[0, 0].clone() for s in states))
        return new if len(new) > 1 else new[0]


def _turned(states: State) -> State:
    """torch's order (h, c) from the engine's (c, h), and back."""
    return tuple(reversed(states))


def _cell(name: str, module: nn.Module) -> Cell:
    """The engine's cell of a module's kind; no bound of the configuration applies to somebody else's model."""
    kind: type[Cell] | None = None
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        kind = Lstm
    elif isinstance(module, nn.GRU | nn.GRUCell):
        kind = Gru
    else:
        kind = {"tanh": Tanh, "relu": Relu}.get(module.nonlinearity)
    if kind is None:
        raise WatchError(f"watch does not know the nonlinearity {module.nonlinearity!r} of {name!r}.")
    return kind.model_construct(hidden_size=module.hidden_size)


def _sink(
    recorder: Recorder, call: Call | None, layer: int, direction: int, name: str, task: "weakref.ref[Pass]"
) -> Callable[[Flow], None]:
    """What the engine hands its gradients to. It knows its own pass weakly: else the two would keep each other alive."""

    def take(flow: Flow) -> None:
        if call is None:
            raise WatchError(
                f"watch cannot record {name!r} inside torch.utils.checkpoint with use_reentrant=True; use "
                "use_reentrant=False."
            )
        run = task()
        assert run is not None and run.trajectory is not None, "a backward pass follows its forward pass"
        recorder.record(call, layer, direction, run.cell, flow, run.trajectory.weight_hh[0])

    return take
