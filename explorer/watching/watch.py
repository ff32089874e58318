"""The engine under somebody else's model: the exact gradient at every time step, in two lines, the model unchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from explorer.watching.cells import WatchedCell
from explorer.watching.layers import WatchedLayer
from explorer.watching.recorder import Recorder
from explorer.watching.refusals import WatchError, check_module, check_wrapper, kind_of, no_layer
from explorer.watching.watched import Watched


@contextmanager
def watch(module: nn.Module) -> Iterator[Recorder]:
    """Record the gradient at every time step of every recurrent layer inside a module.

    While the block is open, each nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell and nn.GRUCell found by
    `module.modules()`, the module itself included, is computed by explicit backpropagation through time. Outputs and
    parameter gradients change by no more than rounding, so any training loop may run inside. On leaving, also by an
    exception, every module is as it was. A graph built inside may be run backward later and is recorded still; a copy
    of the module made inside is not watched.

    Not recorded are calls under `torch.no_grad()` and calls in which nothing requires a gradient, such as a frozen
    layer on plain data. Put a forward pass that no backward pass follows under `torch.no_grad()`: else its time steps,
    whose gradient is 0, are joined to those of the next one. Dropout between layers draws the same numbers as torch
    does on the CPU; on CUDA other ones of the same distribution.

    Args:
        module: any module with recurrent layers in float32 or float64.

    Yields:
        The recorder; `Recorder.dataset` says what it gives, at any time.

    Raises:
        WatchError: naming what cannot be recorded. On entering: no recurrent layer, a module watched already,
            projections (`proj_size`), a forward of its own, TorchScript, DataParallel, torch.compile. At the call:
            PackedSequence, float16 and bfloat16, autocast, torch.func. At the backward pass: second derivatives, and
            checkpointing with use_reentrant=True.

    Example:
        with explorer.watch(model) as recorder:
            criterion(model(inputs), targets).backward()
        recorder.dataset()["grad_h"]  # [step, time]: Σ over the batch of ‖∂L/∂h‖₂, one step for each backward()
    """
    watched = _find(module)
    recorder = Recorder({w.name: w.note for w in watched})
    own = [vars(w.module).get("forward") for w in watched]
    try:
        for w in watched:
            w.recorder = recorder
            vars(w.module)["forward"] = w
        yield recorder
    finally:
        for w, forward in zip(watched, own, strict=True):
            w.recorder = None
            vars(w.module).pop("forward", None)
            if forward is not None:
                vars(w.module)["forward"] = forward


def _find(module: Any) -> list[Watched]:
    """The recurrent modules, ready to be watched.

    Raises:
        WatchError: where there is none, or one that cannot be recorded.
    """
    if not isinstance(module, nn.Module):
        raise WatchError(f"watch takes a torch.nn.Module, not {type(module).__name__}.")
    found: list[Watched] = []
    for name, inner in module.named_modules():
        kind = kind_of(inner)
        called = name or (kind or type(inner)).__name__
        check_wrapper(called, inner)
        if kind is not None:
            if isinstance(vars(inner).get("forward"), Watched):
                raise WatchError(
                    f"watch cannot record {called!r}: it is being watched already; leave that block first."
                )
            check_module(called, inner, kind)
            make: type[Watched] = WatchedCell if isinstance(inner, nn.RNNCellBase) else WatchedLayer
            found.append(make(called, inner))
    if not found:
        raise no_layer(module)
    return found
