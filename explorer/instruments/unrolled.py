"""One batch run forward through a network, ready for going back with the losses kept apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.bptt import Network, Pass, Reaching, Trace, Trajectory, pairs
from explorer.building import build
from explorer.experiment import Experiment
from explorer.schemes import Scheme
from explorer.tasks import Batch
from explorer.truncation import Plan

Progress = Callable[[float], object]


@dataclass(frozen=True)
class Unrolled:
    """A finished forward pass of T steps, and what each loss says about its own step.

    Attributes:
        experiment: the config.
        trajectory: the states 0…T of one model.
        direct: ∂L_s/∂h_{b,s} by the direct path, at the asked steps s, [n, B, H]; L_s is the part of
            L = step_losses.sum(0).mean() that is asked at step s, so the mean over sequences is in it.
    """

    experiment: Experiment
    trajectory: Trajectory
    direct: Tensor

    @property
    def plan(self) -> Plan:
        """How far the losses flow back here, by the experiment's truncation."""
        direct = (*(None for _ in self.experiment.cell.states[:-1]), self.direct.unsqueeze(1))
        trace = Trace(self.experiment.cell, (self.trajectory,), direct, self.experiment.task.asked)
        return Scheme(self.experiment.truncation, self.experiment).plan(trace)

    def reaching(self, plan: Plan, progress: Progress | None = None) -> Iterator[Reaching]:
        """What reaches each step under a plan, from T down to 1.

        Args:
            plan: how far each loss flows back.
            progress: told the share of the steps that is done, before each; what it raises ends the measurement.
        """
        steps, first = len(self.trajectory), self.experiment.task.asked[0]
        for at in pairs(self.experiment.cell, self.trajectory, self.direct, first, plan):
            if progress is not None:
                progress(1 - at.time / steps)
            yield at


def unroll_start(experiment: Experiment) -> Unrolled:
    """Run the seeded network over its first batch, from the state that the experiment's truncation begins with."""
    built = build(experiment)
    if experiment.truncation.carries:
        return unroll_on(experiment, built.model, built.batch)
    return unroll_on(experiment, built.model, built.batch, min(segment.oldest for segment in experiment.plan))


def unroll_on(experiment: Experiment, model: Network, batch: Batch, before: int = 0) -> Unrolled:
    """Run a network over a batch from the initial state of zero.

    Args:
        experiment: the config.
        model: the network.
        batch: the sequences.
        before: how many steps are left out at the start; no plan may go back to them.
    """
    task, run = experiment.task, Pass(experiment.cell)
    first, last = task.asked
    with torch.no_grad():
        model.rnn(batch.inputs[before:], run)
    assert run.trajectory is not None, "a pass that has run leaves its trajectory"
    trajectory = _later(run.trajectory, before)
    with torch.enable_grad():
        h = trajectory.states[-1][first : last + 1, 0].clone().requires_grad_()
        loss = task.losses(model.readout(h), batch.targets[first - 1 : last]).sum(0).mean()
        (direct,) = torch.autograd.grad(loss, h)
    return Unrolled(experiment, trajectory, direct)


def _later(trajectory: Trajectory, steps: int) -> Trajectory:
    """The same after so many steps of nothing, so that its times count from the start of the sequence."""
    if not steps:
        return trajectory

    def shifted(values: Tensor) -> Tensor:
        return torch.cat([values.new_zeros(steps, *values.shape[1:]), values])

    u, v, read = (shifted(values) for values in (trajectory.u, trajectory.v, trajectory.read))
    return Trajectory(u, v, tuple(map(shifted, trajectory.states)), trajectory.weight_hh, read)


def attributes(experiment: Experiment) -> dict[str, str]:
    """What every instrument's Dataset says of its origin."""
    return {"experiment": experiment.model_dump_json(), "torch": str(torch.__version__)}
