"""Memory for large tensors, used again: fresh memory costs a page fault for every 4 kB, a quarter of a training step.

A piece is handed out again only when no tensor is left that looks at it, be it a view in somebody else's hands. With a
piece its views by time step are kept, which take longer to make than many a step to compute.
"""

import threading
from dataclasses import dataclass, field

import torch
from torch import Tensor, UntypedStorage

SMALL = 2**16  # bytes; below, the allocator keeps memory by itself
KEPT = 2**29  # bytes that a thread keeps at most, used or not
MOST = 64  # pieces that a thread keeps at most
LONGEST = 2**10  # time steps whose views are kept

Geometry = tuple[tuple[int, ...], tuple[int, ...], int]


@dataclass
class _Piece:
    """Memory, and tensors of ours that look at it: all of it, and views of that, made for `by_time`."""

    storage: UntypedStorage
    whole: Tensor
    views: dict[Geometry, tuple[Tensor, ...]] = field(default_factory=dict)
    own: int = 2

    @property
    def unused(self) -> bool:
        """Whether no other tensor looks at it."""
        assert _uses is not None, "pieces are kept only where their uses can be counted"
        return bool(_uses(self.storage._cdata) == self.own)

    def entries(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The entries of a tensor that lies here, along the first dimension."""
        geometry = (tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))
        found = self.views.get(geometry)
        if found is None:
            found = self.views[geometry] = self.whole.as_strided(*geometry).unbind(0)
            self.own += len(found)
        return found


class _Kept(threading.local):
    """The pieces of one thread by address, the latest last."""

    def __init__(self) -> None:
        self.pieces: dict[int, _Piece] = {}


_kept = _Kept()
_uses = getattr(torch._C, "_storage_Use_Count", None)  # without it, nothing is kept


def empty(like: Tensor, shape: tuple[int, ...], order: tuple[int, ...] = ()) -> Tensor:
    """An empty tensor of the type and device of `like`, without gaps.

    Args:
        like: gives type and device.
        shape: of the tensor.
        order: its dimensions as they follow one another in memory, the fastest last; as in `shape` by default.
    """
    stride, strides = 1, [1] * len(shape)
    for dimension in reversed(order or range(len(shape))):
        strides[dimension], stride = stride, stride * shape[dimension]
    if stride * like.element_size() < SMALL or like.device.type != "cpu" or _uses is None:
        return torch.empty_strided(shape, strides, dtype=like.dtype, device=like.device)
    piece = _free(stride, like.dtype) or _new(stride, like.dtype)
    return _at(piece.storage, like.dtype, shape, tuple(strides))


def empty_like(tensor: Tensor) -> Tensor:
    """An empty tensor of the shape of `tensor`, its dimensions in the same order in memory."""
    strides = tensor.stride()
    order = sorted(range(tensor.dim()), key=lambda dimension: -strides[dimension])
    return empty(tensor, tuple(tensor.shape), tuple(order))


def by_time(tensor: Tensor) -> tuple[Tensor, ...]:
    """The entries along the first dimension; for reading and writing at once only, not to be handed on."""
    # By address, which is the same memory as long as a piece holds it.
    piece = _kept.pieces.get(tensor.untyped_storage().data_ptr())
    if piece is None or piece.whole.dtype != tensor.dtype or len(tensor) > LONGEST:
        return tensor.unbind(0)
    return piece.entries(tensor)


def _free(numbers: int, dtype: torch.dtype) -> _Piece | None:
    """A kept piece of this size that nobody uses, which becomes the latest."""
    for address, piece in reversed(_kept.pieces.items()):
        if piece.whole.numel() == numbers and piece.whole.dtype == dtype and piece.unused:
            _kept.pieces[address] = _kept.pieces.pop(address)
            return piece
    return None


def _new(numbers: int, dtype: torch.dtype) -> _Piece:
    """A new piece, for which the oldest make room."""
    storage = UntypedStorage(numbers * dtype.itemsize)
    piece = _kept.pieces[storage.data_ptr()] = _Piece(storage, _at(storage, dtype, (numbers,), (1,)))
    total = sum(kept.storage.nbytes() for kept in _kept.pieces.values())
    for address in list(_kept.pieces)[:-1]:
        if total <= KEPT and len(_kept.pieces) <= MOST:
            break
        total -= _kept.pieces.pop(address).storage.nbytes()
    return piece


def _at(storage: UntypedStorage, dtype: torch.dtype, shape: tuple[int, ...], strides: tuple[int, ...]) -> Tensor:
    """A tensor there: not a view of another, so that autograd lets its owner change it in place."""
    found: Tensor = torch.empty(0, dtype=dtype).set_(storage, 0, shape, strides)
    return found
