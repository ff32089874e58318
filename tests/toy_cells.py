"""Cells for tests only: they define `step` alone, and each has its reference beside it."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import reference
import torch
from torch import Tensor

from explorer.cells import Cell
from explorer.cells.base import State
from explorer.cells.biases import PlainBias, ZeroBias
from explorer.cells.weights import AnyWeights, OrthogonalWeights
from explorer.parts import quantity


class Toy(Cell):
    """Base: weights and biases as other cells have them."""

    weights: AnyWeights = quantity(OrthogonalWeights(), "How the recurrent weights start.", label="Recurrent weights")
    bias: PlainBias = quantity(ZeroBias(), "How the biases start.", label="Biases")


class Linear(Toy):
    """h = u + v."""

    gates: ClassVar = ("h",)
    kind: Literal["linear"] = "linear"

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        del previous
        return ((u + v).squeeze(-2),)


def linear(weights: reference.Weights, x: Tensor, state: State) -> State:
    u, v = reference.products(weights, x, state[0])
    return (u + v,)


class TwoStates(Toy):
    """A cell state beside h; gate b drives both, u and v enter gate a by their product, h keeps both old states."""

    states: ClassVar = ("c", "h")
    gates: ClassVar = ("a", "b")
    drives: ClassVar[Mapping[str, slice]] = {"c": slice(0, 2), "h": slice(1, 2)}
    kind: Literal["two_states"] = "two_states"

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        a, b = torch.tanh(u[..., 0, :] * v[..., 0, :]), u[..., 1, :] + 2 * v[..., 1, :]
        c = torch.sigmoid(a) * previous[0] + torch.sin(b) * (1 + previous[1])
        return c, torch.tanh(c) * torch.sigmoid(b) + 0.3 * previous[1] * torch.cos(previous[0])


def two_states(weights: reference.Weights, x: Tensor, state: State) -> State:
    (u_a, u_b), (v_a, v_b) = (p.chunk(2, dim=1) for p in reference.products(weights, x, state[1]))
    b = u_b + 2 * v_b
    c = torch.sigmoid(torch.tanh(u_a * v_a)) * state[0] + torch.sin(b) * (1 + state[1])
    return c, torch.tanh(c) * torch.sigmoid(b) + 0.3 * state[1] * torch.cos(state[0])


class ThreeStates(Toy):
    """Each state is computed from those before it in the same step, h from both."""

    states: ClassVar = ("a", "b", "h")
    gates: ClassVar = ("p", "q")
    drives: ClassVar[Mapping[str, slice]] = {"a": slice(0, 1), "b": slice(0, 2), "h": slice(1, 2)}
    kind: Literal["three_states"] = "three_states"

    def step(self, u: Tensor, v: Tensor, previous: State) -> State:
        p, q = (u + v).unbind(-2)
        a = torch.tanh(p) + 0.5 * previous[0] * previous[2]
        b = torch.sin(a) * torch.sigmoid(q + p) + 0.4 * previous[1]
        return a, b, torch.tanh(a * b + b + q)


def three_states(weights: reference.Weights, x: Tensor, state: State) -> State:
    u, v = reference.products(weights, x, state[2])
    p, q = (u + v).chunk(2, dim=1)
    a = torch.tanh(p) + 0.5 * state[0] * state[2]
    b = torch.sin(a) * torch.sigmoid(q + p) + 0.4 * state[1]
    return a, b, torch.tanh(a * b + b + q)


TOYS: list[tuple[type[Toy], reference.Step]] = [(Linear, linear), (TwoStates, two_states), (ThreeStates, three_states)]
