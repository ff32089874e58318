"""Truncation schemes under way: by what plan each update's gradient is taken, and what others would have found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.linalg import vector_norm

from explorer.bptt import Flow, Influence, LayerGradient, Trace
from explorer.bptt.recording import Array
from explorer.combination import said
from explorer.experiment import PLAN_STREAM, Experiment
from explorer.likeness import LIKENESS, compared
from explorer.problems import ExperimentError, Problem
from explorer.truncation import TRUE_BIAS, Full, Plan, Segment, Truncation

LOSS_STREAM = 2  # beside the seed: which loss a decay is measured from


class Scheme:
    """A truncation scheme in the course of a run.

    Attributes:
        truncation: the scheme.
        latest: the plan of the newest update.
        numbers: what the scheme records of the newest update.
    """

    def __init__(self, truncation: Truncation, experiment: Experiment) -> None:
        self.truncation = truncation
        self._asked = experiment.task.asked
        self._plans: Iterator[Plan] = truncation.plans(
            experiment.task.steps, np.random.default_rng([experiment.seed, PLAN_STREAM])
        )
        self.numbers: dict[str, float] = {}
        self._random = np.random.default_rng([experiment.seed, LOSS_STREAM])
        self._made, self.latest = 0, Plan()

    def plan(self, trace: Trace) -> Plan:
        """The plan of the next update, whose forward pass this is."""
        if not self.truncation.measured:
            return self.next_plan()
        if self._made % self.truncation.measured_every == 0:
            step = int(self._random.integers(self._asked[0], self._asked[1] + 1))
            phi, partial = decay(trace, step, self.truncation.measured)
            self.latest, self.numbers = self.truncation.adapt(phi, partial, step - len(phi), len(trace))
        self._made += 1
        return self.latest

    def next_plan(self) -> Plan:
        """The plan of the next update, where it follows from no measurement."""
        self.latest = next(self._plans)
        return self.latest

    def layer(self, trace: Trace) -> LayerGradient:
        """The gradient that the scheme finds on a trajectory of one piece."""
        if self.truncation.forward:
            return Influence(trace.cell).gradient(trace.pieces[0], trace.direct, trace.asked[0])
        return trace.flow([self.plan(trace)]).layer()

    def compare(self, trace: Trace, own: Flow) -> None:
        """Record the true bias of what the scheme found, where it asks for that."""
        if TRUE_BIAS in self.truncation.records:
            both = torch.cat([own.layer().vector(), full(trace)])
            self.numbers = {**self.numbers, TRUE_BIAS: float(compared(both)[2, 0])}


class Beside:
    """Gradients that other schemes find on the trajectories of the one that trains; measured, never applied.

    Attributes:
        labels: their names.

    Raises:
        ExperimentError: where an update of the experiment is not one gradient over whole sequences, or a scheme needs
            another trajectory.
    """

    def __init__(self, truncations: Sequence[Truncation], experiment: Experiment) -> None:
        self.labels = labels(truncations)
        if truncations and (experiment.truncation.updates_per_segment or experiment.truncation.partial):
            sentence = (
                f"truncation: with {experiment.truncation.kind} an update is not one gradient of whole sequences, so "
                "none can be measured beside it; give full, window, stochastic, adaptive or rtrl."
            )
            raise ExperimentError([Problem(("truncation",), sentence)])
        for truncation, label in zip(truncations, self.labels, strict=True):
            if not truncation.carries:
                sentence = f"beside: {label} runs from another state, so it is on another trajectory; let it carry on."
                raise ExperimentError([Problem(("truncation",), sentence)])
            truncation_of(experiment, truncation)  # refused here where it would be as the experiment's own
        self._schemes = [Scheme(truncation, experiment) for truncation in truncations]

    def look(self, trace: Trace) -> dict[str, Array]:
        """Each of `LIKENESS` against full BPTT, [variants]; nothing where there are none."""
        if not self._schemes:
            return {}
        vectors = [scheme.layer(trace).vector() for scheme in self._schemes]
        return dict(zip(LIKENESS, compared(torch.cat([*vectors, full(trace)])), strict=True))


def labels(truncations: Sequence[Truncation]) -> tuple[str, ...]:
    """Names of schemes, such as window(k1=5, k2=5)."""
    return tuple(said(truncation.model_dump()) for truncation in truncations)


def truncation_of(experiment: Experiment, given: Truncation | Mapping[str, Any] | str) -> Truncation:
    """A truncation scheme for an experiment, of what the field `truncation` takes; a word is a kind with its defaults.

    Raises:
        ExperimentError: where it is not allowed.
    """
    value = (
        given.model_dump() if isinstance(given, Truncation) else {"kind": given} if isinstance(given, str) else given
    )
    return type(experiment).model_validate({**experiment.model_dump(), "truncation": value}).truncation


@torch.no_grad()
def decay(trace: Trace, step: int, most: int) -> tuple[Array, Array]:
    """How the gradient of one step's loss fades on its way back, in float64.

    Args:
        trace: a trajectory of one model.
        step: the step of the loss, counted from 1.
        most: how many lags to look at, as far as there are so many.

    Returns:
        For the lags 0…R − 1 the mean over sequences of ‖∂L_s/∂s_{s−k}‖, s being all states together, and the norm of
        the mean over sequences of these gradients summed up to that lag.
    """
    oldest = max(0, step - most)
    flow = trace.flow([(Segment(step, step, oldest),)])
    times = slice(oldest - flow.before, step - flow.before)
    states = torch.cat([state[times, 0] for state in flow.states], dim=-1).double().flip(0)  # [R, B, states·H]
    return (
        vector_norm(states, dim=-1).sum(-1).cpu().numpy(),
        vector_norm(states.sum(1).cumsum(0), dim=-1).cpu().numpy(),
    )


def full(trace: Trace) -> Tensor:
    """The whole gradient of the recurrent layer by full BPTT, in float64, [1, P]."""
    return trace.flow([Full().plan(len(trace))]).layer().vector()
