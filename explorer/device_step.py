"""One update of M models in which no number is asked for before all is done, so that a GPU never waits for the host.

Forward, backward with recording, clipping and the optimiser are all work for the device. What clipping and divergence
depend on is decided there too: by factors and selections, never by a branch of the program.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from explorer.bptt import Flow, Networks, Pass, joint_norms, norms_on_device, recorded_names
from explorer.experiment import Experiment
from explorer.tasks import Batch

NUMBERS = ("loss", "accuracy", "grad_norm", "grad_norm_clipped")


class DeviceStep:
    """One update of M experiments of one shape on the batch at hand; the same work in the same memory each time.

    Attributes:
        batch: the sequences at hand, model after model, inputs [T, M·B, D].
        device: where all of this is.
    """

    def __init__(self, experiments: Sequence[Experiment], networks: Networks, batch: Batch) -> None:
        self.batch = Batch(batch.inputs.clone(), batch.targets.clone())
        self.device = batch.inputs.device
        self._one, self._models = experiments[0], len(experiments)
        self._networks, self._parameters = networks, list(networks.parameters())
        self._optimizer = self._one.optimizer.build(self._parameters, capturable=self.device.type == "cuda")
        length = self._one.task.steps
        self._plans = [experiment.truncation.plan(length) for experiment in experiments]
        self._rules = [experiment.clipping for experiment in experiments]

    def take(self, batch: Batch) -> None:
        """Put other sequences where the step reads."""
        self.batch.inputs.copy_(batch.inputs)
        self.batch.targets.copy_(batch.targets)

    def __call__(self) -> Tensor:
        """Make the update, except of models whose loss or gradient is not finite.

        Returns:
            What is recorded of each model, in float64, [M, numbers]; `split` tells them apart.
        """
        one, by_time = self._one, list[Tensor]()

        def keep(flow: Flow) -> None:
            by_time.append(norms_on_device(one.cell, flow))

        task, (first, last), (begin, end) = one.task, one.task.asked, one.task.question
        run = Pass(one.cell, plans=self._plans, on_flow=keep, asked=task.asked)
        answers = self._networks(self.batch.inputs.unflatten(1, (self._models, -1)), run).flatten(1, 2)
        losses = self._means(task.losses(answers, self.batch.targets[first - 1 : last]).sum(0))
        found = torch.autograd.grad(losses.sum(), self._parameters)  # each model's parameters have their own loss only
        losses = losses.detach()
        own = answers.detach()[begin - first : end - first + 1]
        right = self._means(task.right(own, self.batch.targets[begin - 1 : end]).double().mean(0))
        gradient = torch.cat([own.flatten(1) for own in found], dim=1)
        norm = joint_norms([gradient])
        gradient = self._clipped(gradient, norm)
        numbers = torch.stack([losses.double(), right, norm, joint_norms([gradient])], dim=1)
        self._update(gradient, losses.isfinite() & norm.isfinite())
        return torch.cat([numbers, by_time[0].transpose(0, 1).flatten(1)], dim=1)

    def split(self, found: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What a call returned: `NUMBERS` [M, 4], and the norms by time, each [M, T]."""
        numbers, by_time = found[:, : len(NUMBERS)], found[:, len(NUMBERS) :]
        names = recorded_names(self._one.cell)
        return numbers, dict(zip(names, by_time.chunk(len(names), dim=1), strict=True))

    def weights(self) -> list[Tensor]:
        """Copies of the parameters."""
        return [parameter.detach().clone() for parameter in self._parameters]

    @torch.no_grad()
    def start_from(self, weights: Sequence[Tensor]) -> None:
        """Go back to these parameters and to an optimiser that has seen nothing, in the same memory."""
        for parameter, weight in zip(self._parameters, weights, strict=True):
            parameter.copy_(weight)
        for state in self._optimizer.state.values():
            for number in state.values():  # all of torch's start from zero
                if isinstance(number, Tensor):
                    number.zero_()

    def _means(self, of_sequences: Tensor) -> Tensor:
        """[M·B] → the mean of each model, [M]."""
        return of_sequences.view(self._models, -1).mean(1)

    def _clipped(self, gradient: Tensor, norm: Tensor) -> Tensor:
        """Each model's gradient by its own rule, [M, N]."""
        if all(rule == self._rules[0] for rule in self._rules):
            return self._rules[0].clipped(gradient, norm)
        rules = zip(self._rules, gradient, norm, strict=True)
        return torch.stack([rule.clipped(own, size) for rule, own, size in rules])

    @torch.no_grad()
    def _update(self, gradient: Tensor, finite: Tensor) -> None:
        """One step of the optimiser, taken back where the gradient [M, N] is not finite [M]."""
        before = self.weights()
        sizes = [parameter[0].numel() for parameter in self._parameters]
        for parameter, own in zip(self._parameters, gradient.split(sizes, dim=1), strict=True):
            parameter.grad = own.reshape(parameter.shape).contiguous()
        self._optimizer.step()
        for parameter, weight in zip(self._parameters, before, strict=True):
            made = finite.view(-1, *(1 for _ in parameter.shape[1:]))
            parameter.copy_(torch.where(made, parameter, weight))
