"""The record of a watched module: norms of every backward pass, as numpy arrays only.

A *call* is one forward pass of one recurrent module. The calls between two backward passes make a *sequence*; a backward
pass is one recorded step, and its time axis is that of the calls of all sequences it reaches, joined in their order.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from explorer.bptt import Flow, norms_by_time, spectral_radius
from explorer.bptt.recording import Array
from explorer.cells import Cell
from explorer.dataset import UNITS

DIRECTIONS = ("forward", "reverse")


class WatchError(RuntimeError):
    """Something `watch` cannot record; the sentence names it and says what to do."""


class Call(NamedTuple):
    """One forward pass of one module: the how-many-th of its sequence (`position`), and its T (`length`)."""

    module: str
    sequence: int
    position: int
    length: int


class Track(NamedTuple):
    """One direction of one layer of one module: a row of the result."""

    module: str
    layer: int
    direction: int


@dataclass(frozen=True)
class Note:
    """What is to be known about one module."""

    states: tuple[str, ...]
    layers: int
    directions: int
    about: dict[str, str | int | float | bool]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that depend on time."""
        return (*(f"grad_{name}" for name in self.states), "grad_weight")


@dataclass
class _Step:
    """One backward pass: norms by time of every call that it reached."""

    norms: dict[tuple[Track, int, int], dict[str, Array]] = field(default_factory=dict)
    radius: dict[Track, float] = field(default_factory=dict)
    partial: bool = False

    @property
    def sequences(self) -> list[int]:
        return sorted({sequence for _, sequence, _ in self.norms})


class Recorder:
    """What `explorer.watch` hands out; it holds numbers only, never a tensor or a module."""

    def __init__(self, notes: dict[str, Note]) -> None:
        self._notes = notes
        self._calls: list[dict[str, list[int]]] = [{}]  # sequence → module → T of each call
        self._steps: dict[int, _Step] = {}  # by autograd's number of the backward pass, in the order of their start

    def __repr__(self) -> str:
        return f"Recorder({len(self._steps)} backward passes of {', '.join(self._notes)})"

    def dataset(self) -> xr.Dataset:
        """All backward passes recorded so far, inside the `with` block or after it.

        Variables (dimensions in brackets), with L whatever `backward()` was called on:

            grad_h [step, time]       Σ_b ‖∂L/∂h_{b,t}‖₂, the total derivative; of an unbatched input, ‖∂L/∂h_t‖₂
            grad_c [step, time]       the same for an LSTM's cell state
            grad_weight [step, time]  Frobenius norm of time t's own contribution to ∂L/∂W_hh, summed over the batch
            spectral_radius [step]    of W_hh in the forward pass; with gates, of the candidate's block

        `step` counts backward passes from 0. `time` is 1…T, the position in the input, for both directions alike. Before
        these stand `module` (dotted names; the class name for the watched module itself) where several recurrent modules
        ran, `layer` (0, 1, …) where one has several layers, and `direction` (forward, reverse) where one has two.

        Several calls of one module between two backward passes are joined along `time` in the order they were made: a
        loop over a …Cell has one time step a call. A backward pass that reaches back over earlier ones (a retained graph)
        begins at the first call after the backward pass before the oldest call it reaches.

        A state that the loss does not depend on (after the last step used, or before a `detach`) has a gradient of
        exactly 0. nan stands where there is nothing to say: beyond the end of a shorter sequence, `grad_c` of a module
        without one, layers and directions a module has not, modules not called, the spectral radius of a layer that no
        gradient reached, and, as autograd may have left them out, states not reached by `torch.autograd.grad` or
        `backward(inputs=…)`.

        Returns:
            The Dataset; its attribute `modules` holds each module's class and sizes as JSON.

        Raises:
            WatchError: where no backward pass has been recorded yet.
        """
        if not self._steps:
            raise WatchError(self._nothing())
        steps = list(self._steps.values())
        modules = [n for n in self._notes if any(n in self._calls[s] for step in steps for s in step.sequences)]
        notes = [self._notes[name] for name in modules]
        series = [self._series(number, step, name) for number, step in enumerate(steps) for name in modules]
        length = max(values.size for rows in series for *_, values in rows)
        shape = (len(modules), max(n.layers for n in notes), max(n.directions for n in notes), len(steps))
        variables = dict.fromkeys(name for note in notes for name in sorted(note.variables, reverse=True))
        data = {name: np.full((*shape, length), np.nan) for name in sorted(variables, key=list(UNITS).index)}
        for number, track, name, values in (row for rows in series for row in rows):
            data[name][modules.index(track.module), track.layer, track.direction, number, : values.size] = values
        data["spectral_radius"] = np.full(shape, np.nan)
        for number, step in enumerate(steps):
            for track, radius in step.radius.items():
                data["spectral_radius"][modules.index(track.module), track.layer, track.direction, number] = radius
        return _assembled(data, modules, self._attributes(modules, steps[-1]))

    def call(self, module: str, length: int) -> Call:
        """Note a forward pass."""
        lengths = self._calls[-1].setdefault(module, [])
        lengths.append(length)
        return Call(module, len(self._calls) - 1, len(lengths) - 1, length)

    def record(self, call: Call, layer: int, direction: int, cell: Cell, flow: Flow, weight_hh: Tensor) -> None:
        """Take in one backward pass over one direction of one layer; time runs with the input in both."""
        step, track = self._step(), Track(call.module, layer, direction)
        forward = slice(None, None, -1 if direction else 1)
        norms = {name: values[0, forward].copy() for name, values in norms_by_time(cell, flow).items()}
        step.norms[track, call.sequence, call.position] = norms
        if track not in step.radius:
            step.radius[track] = spectral_radius(cell, weight_hh)

    def mark_partial(self) -> None:
        """Note that the present backward pass visits only what leads to some chosen tensors."""
        self._step().partial = True

    def _step(self) -> _Step:
        """The present backward pass; with its beginning the open sequence ends."""
        number = torch._C._current_graph_task_id()
        if number not in self._steps:
            self._steps[number] = _Step()
            if self._calls[-1]:
                self._calls.append({})
        return self._steps[number]

    def _series(self, number: int, step: _Step, module: str) -> list[tuple[int, Track, str, Array]]:
        """(step, track, variable, values by time) for one module; empty where it was not called."""
        note = self._notes[module]
        calls = [(s, p, n) for s in step.sequences for p, n in enumerate(self._calls[s].get(module, []))]
        rows = []
        for track in (Track(module, layer, d) for layer in range(note.layers) for d in range(note.directions)):
            for name in note.variables:
                unreached = np.nan if step.partial else 0.0
                parts = [
                    step.norms[track, s, p][name] if (track, s, p) in step.norms else np.full(n, unreached)
                    for s, p, n in calls
                ]
                if parts:
                    rows.append((number, track, name, np.concatenate(parts)))
        return rows

    def _attributes(self, modules: Iterable[str], last: _Step) -> dict[str, str]:
        about = {
            name: {**self._notes[name].about, "calls": [n for s in last.sequences for n in self._calls[s].get(name, [])]}
            for name in modules
        }
        return {"status": "finished", "torch": torch.__version__, "modules": json.dumps(about)}

    def _nothing(self) -> str:
        names = ", ".join(self._notes)
        if not any(self._calls):
            return (
                f"Nothing was recorded: {names} was not called with gradients enabled; call the module inside the with "
                "block, not under torch.no_grad(), and with at least one tensor that requires a gradient."
            )
        return (
            f"Nothing was recorded: no backward pass has reached {names} yet; call backward() on a loss that depends on "
            "its outputs, then ask for the dataset."
        )


def _assembled(data: dict[str, Array], modules: list[str], attributes: dict[str, str]) -> xr.Dataset:
    """Arrays [module, layer, direction, step, (time)] as a Dataset without the leading dimensions of size 1."""
    layers, directions, steps, length = data["grad_h"].shape[1:]
    leading = {"module": modules, "layer": np.arange(layers), "direction": list(DIRECTIONS[:directions])}
    coordinates = {**leading, "step": np.arange(steps), "time": np.arange(1, length + 1)}
    full = xr.Dataset(
        {
            name: (tuple(coordinates)[: values.ndim], values, {"long_name": UNITS[name]})
            for name, values in data.items()
        },
        coordinates,
        attributes,
    )
    return full.squeeze([name for name, values in leading.items() if len(values) == 1], drop=True)
