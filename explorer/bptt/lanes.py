"""Where truncation meets tensors: which losses enter, what passes on, and the gradients on their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.bptt.layout import Products, room
from explorer.bptt.wide import faint
from explorer.cells import Cell
from explorer.cells.activations import by_time
from explorer.truncation import Lanes, Plan

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """The plans of M models (or one for all of them) laid out side by side.

    Attributes:
        inject: [T, M or 1, L], whether the lane takes in the loss of step t (index t − 1).
        carry: [T, M or 1, L], by what is multiplied what the lane holds when it passes from time t + 1 to t
            (index t − 1); 0 where it does not.
        all_pass: for the times 0…T−1, whether everything passes on to that time as it is.
        some_pass: for the times 0…T−1, whether anything does.
    """

    inject: Bools
    carry: NDArray[np.float64]
    all_pass: list[bool]
    some_pass: list[bool]
    _masks: dict[tuple[torch.device, bool], "Masks"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    @lru_cache(maxsize=8)  # each update of a run has the same plan
    def of(cls, plans: tuple[Plan, ...], length: int) -> Self:
        """Lay out the plan of each model."""
        lanes = [Lanes.of(plan, length) for plan in plans]
        width = max(lane.inject.shape[1] for lane in lanes)
        inject = np.stack([_widened(lane.inject, width, False) for lane in lanes], axis=1)
        carry = np.stack([_widened(lane.carry, width, 1.0) for lane in lanes], axis=1)
        kinds = np.all(carry == 1, axis=(1, 2)), np.any(carry, axis=(1, 2))
        every, some = ([True, *kind[:-1].tolist()] for kind in kinds)
        return cls(inject, carry, every, some)

    def masks(self, device: torch.device, lanes: bool) -> "Masks":
        """`inject` and `carry` as they select from [T, M, (L,) B, H]; copied to a device once."""
        found = self._masks.get((device, lanes))
        if found is None:
            plain = bool(np.isin(self.carry, (0, 1)).all())
            factor = None if plain else _mask(self.carry, device, lanes)
            found = Masks(_mask(self.inject, device, lanes), _mask(self.carry != 0, device, lanes), factor)
            self._masks[device, lanes] = found
        return found


@dataclass(frozen=True)
class Masks:
    """Paths as they select from [T, M, (L,) B, H]; the factor is None where nothing is multiplied."""

    inject: Tensor
    passes: Tensor
    factor: Tensor | None


class Deltas:
    """δs_t for each state s and δu_t for the gates, in every lane and by time; lanes add up to the totals.

    With one lane the totals are the lane. With more there is room for two neighbouring times, used in turns. Lists are
    indexed by time, 0…T; entries are [M, B, H], with lanes [M, L, B, H].

    Attributes:
        totals: for each state Σ over lanes, [T + 1, M, B, H].
        gates: the same of δu, at the times 1…T, [T, M, B, G, H].
        of: for each state δs_t.
        broad: the same with a dimension of one for the gates, [M, (L,) B, 1, H].
        driven: for each state the gates that drive it directly, [M, (L,) B, gates, H].
        columns: δh_t as products take it.
        gate_columns: δu_t as products take it.
        empty: by time, whether δs_t of all states are zero until something passes on to them.
    """

    def __init__(
        self,
        cell: Cell,
        like: Tensor,
        direct: Mapping[str, Tensor | None],
        first: int,
        paths: Paths,
        products: Products,
    ) -> None:
        self.direct, self.first, self.paths, self._products = direct, first, paths, products
        models, batch, gates, hidden = like.shape[1:]
        steps, _, width = paths.inject.shape
        self.several = width > 1
        masks = paths.masks(like.device, self.several)
        self.inject, self.passes = masks.inject, masks.passes
        self.factor = None if masks.factor is None else masks.factor.to(like.dtype)
        self.totals = {name: room(like, steps + 1, models, (batch,), hidden) for name in cell.states}
        self.gates = room(like, steps, models, (batch,), gates, hidden)
        self._lanes, lane_gates = self.totals, self.gates
        if self.several:
            self._lanes = {name: room(like, 2, models, (width, batch), hidden) for name in cell.states}
            lane_gates = room(like, 1, models, (width, batch), gates, hidden)
        dims, times = 2 if self.several else 1, steps + 1
        turns = -(-times // 2) if self.several else 1
        self.of = {name: by_time(delta) * turns for name, delta in self._lanes.items()}
        self.broad = {name: by_time(delta.unsqueeze(-2)) * turns for name, delta in self._lanes.items()}
        self.columns = products.columns(self._lanes["h"], dims) * turns
        driven = {name: lane_gates[..., cell.drives[name], :] for name in cell.states}
        self.driven = {name: _from_one(by_time(gates), times) for name, gates in driven.items()}
        self.gate_columns = _from_one(products.columns(lane_gates, dims), times)
        self._gates_now = lane_gates[0]
        self._batch_dims = dims
        self._passing: dict[str, Any] | None = None
        asked = max((len(direct) for direct in self.direct.values() if direct is not None), default=0)
        self.empty = [not (self.several or first <= t < first + asked) for t in range(times)]
        self._start(steps)

    def _start(self, steps: int) -> None:
        """Let the direct gradients in: all of them, or with several lanes those of the last step."""
        if self.several:
            self.enter(steps)
            return
        for name, direct in self.direct.items():
            total = self.totals[name]
            total.zero_()
            if direct is not None:
                times = slice(self.first - 1, self.first - 1 + len(direct))
                all_in = bool(self.paths.inject[times].all())
                total[1:][times] = direct if all_in else torch.where(self.inject[times], direct, 0.0)

    def enter(self, t: int) -> None:
        """With several lanes: δs_t = ∂L_t/∂s_t in those that take in this loss, before anything passes on to it."""
        if not self.several:
            return
        for name, direct in self.direct.items():
            lanes, i = self._lanes[name][t % 2], t - self.first
            if direct is None or not 0 <= i < len(direct):
                lanes.zero_()
            else:
                lanes.copy_(torch.where(self.inject[t - 1], direct[i].unsqueeze(1), 0.0))

    def faint(self, t: int) -> bool:
        """Whether all δs_t are near the end of the range: see `faint`."""
        return faint(*(delta[t] for delta in self.of.values()))

    def add_up(self, t: int) -> None:
        """The totals of time t."""
        if not self.several:
            return
        for name, lanes in self._lanes.items():
            torch.sum(lanes[t % 2], dim=1, out=self.totals[name][t])
        if t > 0:
            torch.sum(self._gates_now, dim=1, out=self.gates[t - 1])

    def spread(self, partial: Tensor) -> list[Any]:
        """Partials [steps, M, B, …] step by step, the same in all lanes."""
        return by_time(partial.unsqueeze(2) if self.several else partial)

    def passing(self) -> tuple[dict[str, Any], Any]:
        """Zeros for what is to pass on, for each state, and that of h as products take it."""
        if self._passing is None:
            self._passing_room = {name: lanes[:1].clone() for name, lanes in self._lanes.items()}
            self._passing_columns = self._products.columns(self._passing_room["h"], self._batch_dims)[0]
            self._passing = {name: by_time(tensor)[0] for name, tensor in self._passing_room.items()}
        for tensor in self._passing_room.values():
            tensor.zero_()
        return self._passing, self._passing_columns

    def let_pass(self, t: int) -> None:
        """Take what passes on to time t, where it does.

        Selected, not multiplied: what is cut off is exactly zero even where the gradient is infinite.
        """
        for name, tensor in self._passing_room.items():
            passing = tensor[0] if self.factor is None else tensor[0] * self.factor[t - 1]
            self._lanes[name][t % 2 if self.several else t] += torch.where(self.passes[t - 1], passing, 0.0)


def _widened(mask: NDArray[Any], width: int, idle: float) -> NDArray[Any]:
    """More lanes; idle ones hold zero, whatever passes."""
    return np.pad(mask, ((0, 0), (0, width - mask.shape[1])), constant_values=idle)


def _mask(mask: NDArray[Any], device: torch.device, lanes: bool) -> Tensor:
    """[T, M, L] as it selects from [T, M, (L,) B, H]."""
    tensor = torch.from_numpy(mask).to(device)[..., None, None]
    return tensor if lanes else tensor.squeeze(2)


def _from_one(entries: Sequence[Any], times: int) -> list[Any]:
    """Entries for the times 1…T at these indices; one entry serves all."""
    return [entries[0], *(list(entries) * (times - 1) if len(entries) == 1 else entries)]
