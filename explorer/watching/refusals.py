"""What `watch` cannot record, each refused in one sentence that names it and says what to do."""

from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

KINDS = (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)
DTYPES = (torch.float32, torch.float64)


class WatchError(RuntimeError):
    """Something `watch` cannot record; the sentence names it and says what to do."""


def kind_of(module: nn.Module) -> type[nn.Module] | None:
    """Which of torch's recurrent classes a module is."""
    return next((kind for kind in KINDS if isinstance(module, kind)), None)


def check_wrapper(name: str, module: nn.Module) -> None:
    """Refuse what runs recurrent layers out of sight.

    Raises:
        WatchError: for TorchScript, DataParallel and torch.compile.
    """
    names = {kind.__name__ for kind in KINDS}
    if isinstance(module, torch.jit.ScriptModule) and getattr(module, "original_name", "") in names:
        _refuse(name, "it is compiled to TorchScript; watch the module it was made from")
    if not any(kind_of(inner) for inner in module.modules()):
        return
    if isinstance(module, nn.DataParallel):
        _refuse(name, "DataParallel runs copies of its layers; watch and call the module inside it")
    if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None:
        _refuse(name, "it is compiled by torch.compile; watch the module it was made from")


def check_module(name: str, module: nn.Module, kind: type[nn.Module]) -> None:
    """Refuse a recurrent module that the engine cannot stand in for.

    Raises:
        WatchError: for a forward of its own, for projections and for unknown nonlinearities.
    """
    own = vars(module).get("forward")
    if type(module).forward is not kind.forward or (own is not None and getattr(own, "__func__", None) != kind.forward):
        _refuse(
            name, f"its forward is not that of torch.nn.{kind.__name__}; let it hold a plain {kind.__name__} instead"
        )
    if getattr(module, "proj_size", 0):
        _refuse(name, f"it has projections (proj_size = {module.proj_size}); use proj_size = 0")
    if getattr(module, "nonlinearity", "tanh") not in ("tanh", "relu"):
        _refuse(name, f"its nonlinearity is {module.nonlinearity!r}; use 'tanh' or 'relu'")


def check_call(name: str, given: Any, weight: Tensor) -> None:
    """Refuse a call whose recording would be wrong or incomplete.

    Raises:
        WatchError: for PackedSequence, autocast, other number types, and function transforms.
    """
    if isinstance(given, PackedSequence):
        _refuse(name, "its input is a PackedSequence; give it the padded tensor and leave the padding out of the loss")
    device = weight.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        _refuse(name, "it is called under autocast; call it outside autocast")
    if weight.dtype not in DTYPES:
        kind = str(weight.dtype).removeprefix("torch.")
        _refuse(name, f"its weights are {kind}; use float32 or float64, for example by module.float()")
    compiled = torch._C._dynamo.eval_frame.get_eval_frame_callback() is not None  # also in what it does not compile
    if compiled or torch._C._are_functorch_transforms_active():
        _refuse(name, "it is called under torch.compile or torch.func; call it plainly")


def no_layer(module: nn.Module) -> WatchError:
    """The refusal of a module without recurrent layers."""
    found = ", ".join(sorted({type(inner).__name__ for inner in module.modules()}))
    wanted = ", ".join(kind.__name__ for kind in KINDS)
    return WatchError(f"watch found no recurrent layer: it looks for {wanted}, and the module is made of {found}.")


def _refuse(name: str, why: str) -> NoReturn:
    raise WatchError(f"watch cannot record {name!r}: {why}.")
