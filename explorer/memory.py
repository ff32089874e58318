"""Memory for large tensors, used again: fresh memory costs a page fault for every 4 kB, a quarter of a training step.

A piece is handed out again only when no tensor is left that looks at it, be it a view in somebody else's hands. With a
piece its views by time step are kept, which take longer to make than many a step to compute.
"""

import threading
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor, UntypedStorage

SMALL = 2**16  # bytes; below, the allocator keeps memory by itself
KEPT = 2**28  # bytes that a thread keeps at most while they are not in use
LONGEST = 2**10  # time steps whose views are kept

Geometry = tuple[torch.Size, tuple[int, ...], int]


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

    def by_time(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The entries of a tensor that lies here."""
        geometry = (tensor.shape, tensor.stride(), tensor.storage_offset())
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
_uses = getattr(torch._C, "_storage_Use_Count", None)


def empty(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """An empty contiguous tensor of the type and device of `like`."""
    numbers = prod(shape)
    if numbers * like.element_size() < SMALL or like.device.type != "cpu" or _uses is None:
        return like.new_empty(shape)
    piece = _free(numbers, like.dtype) or _new(numbers, like)
    return like.new_empty(0).set_(piece.storage, 0, shape)  # type: ignore[call-overload, no-any-return]


def empty_like(tensor: Tensor) -> Tensor:
    """An empty tensor of the shape of `tensor`, its dimensions in the same order in memory."""
    order = sorted(range(tensor.dim()), key=lambda d: -tensor.stride(d))
    back = [order.index(d) for d in range(tensor.dim())]
    return empty(tensor, tuple(tensor.shape[d] for d in order)).permute(back)


def by_time(tensor: Tensor) -> tuple[Tensor, ...]:
    """The entries along the first dimension; for reading and writing at once only, not to be handed on."""
    piece = _kept.pieces.get(tensor.data_ptr() - tensor.storage_offset() * tensor.element_size())
    if piece is None or piece.whole.dtype != tensor.dtype or len(tensor) > LONGEST:
        return tensor.unbind(0)
    return piece.by_time(tensor)


def _free(numbers: int, dtype: torch.dtype) -> _Piece | None:
    """A kept piece of this size that nobody uses, which becomes the latest."""
    for address, piece in reversed(_kept.pieces.items()):
        if piece.whole.numel() == numbers and piece.whole.dtype == dtype and piece.unused:
            _kept.pieces[address] = _kept.pieces.pop(address)
            return piece
    return None


def _new(numbers: int, like: Tensor) -> _Piece:
    """A new piece, for which the oldest make room."""
    storage = UntypedStorage(numbers * like.element_size())
    whole = torch.empty(0, dtype=like.dtype).set_(storage, 0, (numbers,))  # type: ignore[call-overload]
    piece = _kept.pieces[storage.data_ptr()] = _Piece(storage, whole)
    total = sum(kept.storage.nbytes() for kept in _kept.pieces.values())
    for address in list(_kept.pieces)[:-1]:
        if total <= KEPT:
            break
        total -= _kept.pieces.pop(address).storage.nbytes()
    return piece
