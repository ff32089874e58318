"""Experiments of one shape trained as one tensor program, each as it would be alone.

They may differ in seed, in the start of their weights, in truncation and in clipping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from explorer.bptt import Flow, Networks, Pass, joint_norms, norms_by_time, spectral_radius
from explorer.bptt.recording import Array
from explorer.building import build
from explorer.captured import updates_of
from explorer.experiment import Experiment
from explorer.recording import Row
from explorer.tasks import Batch
from explorer.truncation import Lanes, with_loss

TOGETHER = ("task", "batch_size", "optimizer", "steps", "device", "dtype")


def same_shape(experiment: Experiment) -> tuple[object, ...]:
    """What experiments must have in common to be trained together; compare by ==.

    Plans of as many lanes cost the same. An experiment with an update after each piece shares with none but itself, and
    so does one whose scheme says that it trains alone.
    """
    if experiment.truncation.alone or experiment.truncation.updates_per_segment:
        return ("alone", experiment.digest)
    cell, fields = experiment.cell, (getattr(experiment, name) for name in TOGETHER)
    length = experiment.task.steps
    plan = with_loss(experiment.plan, experiment.task.asked)
    lanes = Lanes.of(plan, length).inject.shape[1]
    return (type(cell), cell.hidden_size, lanes, *fields)


class Together:
    """M experiments of one shape under way: iterate it to train.

    Iterating yields, after each update, the row of every model that is still under way, by its number. A model ends
    after its last update, at the first loss or gradient that is not finite (that row is yielded, its update is not
    made), and when it is left out by `end`; the others go on as if it had not been there.

    Attributes:
        experiments: what is trained.
        under_way: the numbers of the models that have not ended.
    """

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        if len({same_shape(experiment) for experiment in experiments}) != 1:
            raise ValueError("experiments trained together must be of one shape")
        self.experiments = list(experiments)
        self.under_way = list(range(len(experiments)))
        one = experiments[0]
        started = [build(experiment) for experiment in experiments]
        self._model = Networks([built.model for built in started])
        self._parameters = list(self._model.parameters())
        self._optimizer = one.optimizer.build(self._parameters)
        # Batches follow from the seed, and are drawn once for all that share it.
        seeds = [experiment.seed for experiment in experiments]
        self._streams = {seed: built.batches for seed, built in zip(seeds, started, strict=True)}
        order = list(self._streams)
        self._which = torch.tensor([order.index(seed) for seed in seeds], device=started[0].batch.inputs.device)
        self._captured = updates_of(experiments, self._model)
        self._plans = [experiment.plans() for experiment in experiments]

    def __iter__(self) -> Iterator[dict[int, Row]]:
        """Train."""
        for _ in range(self.experiments[0].steps):
            if not self.under_way:
                return
            rows = self._gradients() if self._captured is None else self._made(self._captured(self._batch()))
            for number, row in rows.items():
                if not row.finite:
                    self.end(number)
            if self._captured is None:
                self._update()
            yield rows
        self.under_way = []

    def end(self, number: int) -> None:
        """Leave a model out of what follows."""
        if number in self.under_way:
            self.under_way.remove(number)

    def _made(self, rows: Sequence[Row]) -> dict[int, Row]:
        """The rows of the models under way, of updates already made."""
        return {number: rows[number] for number in self.under_way}

    def _update(self) -> None:
        ended = [number for number in range(len(self.experiments)) if number not in self.under_way]
        for parameter in self._parameters if ended else ():
            assert parameter.grad is not None, "a backward pass comes before the update"
            parameter.grad[ended] = 0.0
        self._optimizer.step()

    def _gradients(self) -> dict[int, Row]:
        """Gradients of all models, recorded, clipped, and left in the parameters' `.grad`."""
        one, models, size = self.experiments[0], len(self.experiments), self.experiments[0].batch_size
        batch = self._batch()
        by_time: dict[str, Array] = {}

        def take(flow: Flow) -> None:
            by_time.update(norms_by_time(one.cell, flow))

        task = Pass(one.cell, plans=[next(plans) for plans in self._plans], on_flow=take, asked=one.task.asked)
        self._optimizer.zero_grad()
        answers = self._model(batch.inputs.unflatten(1, (models, size)), task).flatten(1, 2)
        first, last = one.task.asked
        losses = one.task.losses(answers, batch.targets[first - 1 : last]).sum(0).view(models, size).mean(1)
        losses.sum().backward()  # each model's parameters have their own loss only
        begin, end = one.task.question
        own = answers.detach()[begin - first : end - first + 1]
        right = one.task.right(own, batch.targets[begin - 1 : end]).double().mean(0).view(models, size).mean(1)
        before, after = self._clip()
        numbers = torch.stack([losses.detach().double(), right, before, after]).T.tolist()
        rows = {}
        for number in self.under_way:
            loss, accuracy, norm, clipped = numbers[number]
            radius = spectral_radius(one.cell, self._model.weight_hh[number])
            rows[number] = Row(
                {
                    "loss": loss,
                    "accuracy": accuracy,
                    "asked": float(last - first + 1),
                    "grad_norm": norm,
                    "grad_norm_clipped": clipped,
                    "spectral_radius": radius,
                },
                {name: norms[number] for name, norms in by_time.items()},
            )
        return rows

    def _batch(self) -> Batch:
        """This update's sequences of all models, model after model, [T, M·B, …]."""
        drawn = [next(stream) for stream in self._streams.values()]

        def spread(tensors: list[Tensor]) -> Tensor:
            return torch.stack(tensors, dim=1).index_select(1, self._which).flatten(1, 2)

        inputs, targets = spread([b.inputs for b in drawn]), spread([b.targets for b in drawn])
        return replace(drawn[0], inputs=inputs, targets=targets)

    def _clip(self) -> tuple[Tensor, Tensor]:
        """Norms of each model's gradient before and after its own clipping, [M]."""
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        before = joint_norms(gradients)
        changed = [
            self.experiments[number].clipping.clip([gradient[number] for gradient in gradients], norm)
            for number, norm in enumerate(before.tolist())
            if number in self.under_way and norm < float("inf")
        ]
        return before, joint_norms(gradients) if any(changed) else before
