"""Memory for large tensors, used again: fresh memory costs a page fault for every 4 kB, a quarter of a training step.

A piece is handed out again only when no tensor is left that looks at it, be it a view in somebody else's hands.
"""

import threading
from math import prod

import torch
from torch import Tensor, UntypedStorage

SMALL = 2**16  # bytes; below, the allocator keeps memory by itself
KEPT = 2**28  # bytes that a thread keeps at most while they are not in use


class _Kept(threading.local):
    """The pieces of one thread, the latest last."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, UntypedStorage]] = []


_kept = _Kept()
_uses = getattr(torch._C, "_storage_Use_Count", None)


def empty(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """An empty contiguous tensor of the type and device of `like`."""
    size = prod(shape) * like.element_size()
    if size < SMALL or like.device.type != "cpu" or _uses is None:
        return like.new_empty(shape)
    storage = _free(size) or _new(size)
    return like.new_empty(0).set_(storage, 0, shape)  # type: ignore[call-overload, no-any-return]


def _free(size: int) -> UntypedStorage | None:
    """A kept piece of this size that nobody uses, which becomes the latest."""
    for place in reversed(range(len(_kept.pieces))):
        found, storage = _kept.pieces[place]
        if found == size and _unused(storage):
            _kept.pieces.append(_kept.pieces.pop(place))
            return storage
    return None


def _new(size: int) -> UntypedStorage:
    """A new piece, for which the oldest make room."""
    storage = UntypedStorage(size)
    _kept.pieces.append((size, storage))
    total = sum(kept for kept, _ in _kept.pieces)
    while total > KEPT and len(_kept.pieces) > 1:
        total -= _kept.pieces.pop(0)[0]
    return storage


def _unused(storage: UntypedStorage) -> bool:
    """Whether no tensor looks at it."""
    assert _uses is not None, "pieces are kept only where their uses can be counted"
    return bool(_uses(storage._cdata) == 1)
