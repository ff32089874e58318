"""Updates on a GPU: each is one CUDA graph, launched as a whole instead of thousands of kernels one by one.

Outside the graph: drawing the batch and copying it to where the graph reads, the eigenvalues of the weights, which the
host finds while the device works, and one copy of all that was recorded. Where a graph cannot be had, the same step
runs as it is.
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from explorer.bptt import Networks, spectral_radius
from explorer.cells import Cell
from explorer.device_step import NUMBERS, DeviceStep
from explorer.experiment import Experiment
from explorer.recording import Row
from explorer.tasks import Batch

LOG = logging.getLogger(__name__)
WARM_UP = 3  # steps before the capture, so that libraries and the optimiser have set up what they need


class Updates:
    """Updates of M experiments of one shape, each as it would be alone: called with one batch after another."""

    def __init__(self, experiments: Sequence[Experiment], networks: Networks) -> None:
        self._experiments, self._networks = list(experiments), networks
        self._step: DeviceStep | None = None
        self._run: Callable[[], Tensor] | None = None

    def __call__(self, batch: Batch) -> list[Row]:
        """Make one update and return each model's row; where that is not finite, its update is not made.

        Args:
            batch: sequences model after model, inputs [T, M·B, D].
        """
        if self._step is None or self._run is None:
            self._step = DeviceStep(self._experiments, self._networks, batch)
            self._run = captured(self._step)
        self._step.take(batch)
        weights = self._networks.weight_hh.detach().to("cpu", copy=True)  # those before the update
        found = self._run()
        radii = [spectral_radius(self._networks.cell, weight) for weight in weights]
        numbers, by_time = self._step.split(found.cpu())
        return [
            self._row(values, radius, {name: norms[number] for name, norms in by_time.items()})
            for number, (values, radius) in enumerate(zip(numbers.tolist(), radii, strict=True))
        ]

    def _row(self, values: Sequence[float], radius: float, by_time: dict[str, Tensor]) -> Row:
        first, last = self._experiments[0].task.asked
        numbers = dict(zip(NUMBERS, values, strict=True)) | {
            "asked": float(last - first + 1),
            "spectral_radius": radius,
        }
        return Row(numbers, {name: norms.numpy() for name, norms in by_time.items()})


def updates_of(experiments: Sequence[Experiment], networks: Networks) -> Updates | None:
    """Updates by graphs where they may be captured; None where updates are to be made in the plain way.

    That is on a CPU, where there is an update after each piece of a sequence or each has a plan of its own, and for
    cells whose partial derivatives are derived by autograd, which looks at numbers on its way.
    """
    cell, device = networks.cell, networks.weight_hh.device
    schemes = [experiment.truncation for experiment in experiments]
    alone = any(scheme.updates_per_segment or scheme.alone or scheme.varies for scheme in schemes)
    if device.type != "cuda" or alone or type(cell).partials is Cell.partials:
        return None
    return Updates(experiments, networks)


def captured(step: DeviceStep) -> Callable[[], Tensor]:
    """The step as one CUDA graph; the step itself where capture is impossible. Neither leaves an update behind."""
    if step.device.type != "cuda":
        return step
    start = step.weights()
    try:
        return _capture(step)
    except RuntimeError as error:  # what a graph cannot hold, or memory that it cannot have
        LOG.info("updates run without a CUDA graph: %s", error)
        return step
    finally:
        step.start_from(start)


@cache
def _side() -> torch.cuda.Stream:
    """The stream of all captures: cuBLAS keeps memory of its own for every stream that it ever worked in."""
    return torch.cuda.Stream()


def _capture(step: DeviceStep) -> Callable[[], Tensor]:
    """Warm up on a side stream, then capture, as PyTorch's notes on CUDA graphs ask for."""
    side = _side()
    side.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(side), warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*capturable=True.*")  # optimisers warn when they run uncaptured
            for _ in range(WARM_UP):
                step()
            # Still within this block, which puts the stream back also where a capture fails; `graph` then does not.
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, stream=side):
                found = step()
    finally:
        torch.cuda.current_stream().wait_stream(side)

    def replay() -> Tensor:
        graph.replay()
        return found

    return replay
