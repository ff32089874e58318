"""One batch run forward through a network, ready for going back with the losses kept apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.bptt import Network, Pass, Reaching, Trace, Trajectory, pairs
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


def unroll_on(experiment: Experiment, model: Network, batch: Batch) -> Unrolled:
    """Run a network over a batch from the initial state of zero."""
    task, run = experiment.task, Pass(experiment.cell, asked=experiment.task.asked)
    first, last = task.asked
    with torch.no_grad():
        model.rnn(batch.inputs, run)
    assert run.trajectory is not None, "a pass that has run leaves its trajectory"
    with torch.enable_grad():
        h = run.trajectory.states[-1][first : last + 1, 0].clone().requires_grad_()
        loss = task.losses(model.readout(h), batch.targets[first - 1 : last]).sum(0).mean()
        (direct,) = torch.autograd.grad(loss, h)
    return Unrolled(experiment, run.trajectory, direct)


def attributes(experiment: Experiment) -> dict[str, str]:
    """What every instrument's Dataset says of its origin."""
    return {"experiment": experiment.model_dump_json(), "torch": str(torch.__version__)}
