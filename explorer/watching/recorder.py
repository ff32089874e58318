"""The record of a watched module: norms of every backward pass, as numpy arrays only.

A *call* is one forward pass of one recurrent module; the calls between two backward passes make a *sequence*. A
backward pass is one recorded step: its time axis joins all calls, in their order, of every sequence that it reaches.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from explorer.bptt import Flow, norms_by_time, recorded_names, spectral_radius
from explorer.bptt.recording import Array
from explorer.cells import Cell
from explorer.watching.assembly import Series, Table, Track, watched_dataset
from explorer.watching.refusals import WatchError


@dataclass(frozen=True)
class Note:
    """What is to be known about one module: its cell, its numbers of layers and directions, and what to tell."""

    cell: Cell
    layers: int
    directions: int
    about: dict[str, str | int | float | bool]


class Call(NamedTuple):
    """One forward pass of one module: its sequence, and its place among the module's calls there."""

    module: str
    sequence: int
    place: int


@dataclass
class _Step:
    """One backward pass: the norms by time of every call that it reached, and of the weights it went through."""

    norms: dict[tuple[Call, Track], dict[str, Array]] = field(default_factory=dict)
    radius: dict[Track, float] = field(default_factory=dict)
    partial: bool = False

    @property
    def sequences(self) -> list[int]:
        return sorted({call.sequence for call, _ in self.norms})


class Recorder:
    """What `explorer.watch` hands out; it holds numbers only, never a tensor or a module."""

    def __init__(self, notes: dict[str, Note]) -> None:
        self._notes = notes
        self._calls: list[dict[str, list[int]]] = [{}]  # sequence → module → T of each call
        self._steps: dict[int, _Step] = {}  # autograd's number of a backward pass → its record, in their order

    def __repr__(self) -> str:
        return f"Recorder({', '.join(self._notes)}: {len(self._steps)} backward passes)"

    def dataset(self) -> xr.Dataset:
        """All backward passes recorded so far, inside the `with` block or after it.

        Variables (dimensions in brackets), with L whatever `backward()` was called on:

            grad_h [step, time]       Σ_b ‖∂L/∂h_{b,t}‖₂, the total derivative; without a batch ‖∂L/∂h_t‖₂
            grad_c [step, time]       the same for an LSTM's cell state
            grad_weight [step, time]  Frobenius norm of time t's own contribution to ∂L/∂W_hh, summed over the batch
            spectral_radius [step]    of W_hh in the forward pass; with gates, of the candidate's block

        `step` counts the backward passes from 0; `time` is 1…T, the position in the input, in both directions. Before
        these stand `module` (dotted names; the class name for the watched module itself) where several recurrent
        modules ran, `layer` (0, 1, …) where one has several, and `direction` (forward, reverse) where one has both.

        All calls of a module between two backward passes are joined along `time` in their order: a loop over a …Cell
        has one time step a call. Where a backward pass reaches back over earlier ones (a retained graph), the calls
        that those ended with are joined in front.

        A state that L does not depend on (after the last one used, or before a `detach`) has a gradient of exactly 0.
        nan stands where there is nothing to tell: after the end of a shorter sequence; for `grad_c` without a cell
        state; for layers, directions and calls that a module has not; for the spectral radius where no gradient came;
        and, since autograd may have left them out, for the states that `torch.autograd.grad` or `backward(inputs=…)`
        did not visit.

        Returns:
            The Dataset; its attribute `modules` is each module's class, sizes and T of each call of the last step, as
            JSON.

        Raises:
            WatchError: where no backward pass has been recorded yet.
        """
        if not self._steps:
            raise WatchError(self._nothing())
        steps = list(self._steps.values())
        modules = [n for n in self._notes if any(n in self._calls[s] for step in steps for s in step.sequences)]
        table: Table = {}
        for number, step in enumerate(steps):
            for name in modules:
                for track, series in self._series(step, name):
                    table[number, track] = series
        about = {name: self._notes[name].about | {"calls": self._lengths(steps[-1], name)} for name in modules}
        return watched_dataset(table, len(steps), about)

    def call(self, module: str, length: int) -> Call:
        """Note a forward pass over `length` steps."""
        lengths = self._calls[-1].setdefault(module, [])
        lengths.append(length)
        return Call(module, len(self._calls) - 1, len(lengths) - 1)

    def record(self, call: Call, layer: int, direction: int, flow: Flow, weight_hh: Tensor) -> None:
        """Take in a backward pass through one direction of one layer.

        Args:
            call: the forward pass that it goes back through.
            layer: which layer, from 0.
            direction: 0, or 1 for the one that reads the input from its end.
            flow: the gradients, in the order in which the input was read.
            weight_hh: the recurrent weights of the forward pass, [G·H, H].
        """
        step, track, cell = self._step(), Track(call.module, layer, direction), self._notes[call.module].cell
        along = slice(None, None, -1 if direction else 1)
        step.norms[call, track] = {name: norms[0, along].copy() for name, norms in norms_by_time(cell, flow).items()}
        if track not in step.radius:
            step.radius[track] = spectral_radius(cell, weight_hh)

    def mark_partial(self) -> None:
        """Note that the present backward pass visits only what leads to some chosen tensors."""
        self._step().partial = True

    def _step(self) -> _Step:
        """The present backward pass; where it is new, the sequence under way ends."""
        number = torch._C._current_graph_task_id()
        if number not in self._steps:
            self._steps[number] = _Step()
            if self._calls[-1]:
                self._calls.append({})
        return self._steps[number]

    def _lengths(self, step: _Step, module: str) -> list[int]:
        return [length for s in step.sequences for length in self._calls[s].get(module, [])]

    def _series(self, step: _Step, module: str) -> list[tuple[Track, Series]]:
        """What one backward pass found for each track of a module; nothing where the module was not called."""
        note, lengths = self._notes[module], self._lengths(step, module)
        calls = [Call(module, s, place) for s in step.sequences for place in range(len(self._calls[s].get(module, [])))]
        if not calls:
            return []
        unreached = np.nan if step.partial else 0.0
        rows = []
        for track in (Track(module, layer, d) for layer in range(note.layers) for d in range(note.directions)):
            found = [step.norms.get((call, track), {}) for call in calls]
            by_time = {
                name: np.concatenate([f.get(name, np.full(n, unreached)) for f, n in zip(found, lengths, strict=True)])
                for name in recorded_names(note.cell)
            }
            rows.append((track, Series(by_time, step.radius.get(track, np.nan))))
        return rows

    def _nothing(self) -> str:
        """What to do where nothing was recorded."""
        names = ", ".join(self._notes)
        if not any(self._calls):
            return (
                f"watch has recorded nothing: {names} was not called with a gradient wanted; call the module inside "
                "the with block, not under torch.no_grad(), with weights or inputs that require a gradient."
            )
        return (
            f"watch has recorded nothing: no backward pass has reached {names}; call backward() on a loss that depends "
            "on the outputs before asking for the dataset."
        )
