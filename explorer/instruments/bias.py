"""What truncation does to the whole gradient: its direction, its size, and how far it is from full BPTT's."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.bptt import Reaching
from explorer.experiment import Experiment
from explorer.instruments.along import along
from explorer.instruments.asked import affordable, integers
from explorer.instruments.unrolled import Progress, Unrolled, attributes
from explorer.likeness import LIKENESS, compared
from explorer.truncation import Full, Plan, Window

STYLES = {"chunked": lambda length: Window(k1=length, k2=length), "sliding": lambda length: Window(k1=1, k2=length)}
LONGEST = 10_000  # what a window may have


def truncation_bias(
    config: Experiment, lengths: Sequence[int], at: Sequence[int] = (0,), progress: Progress | None = None
) -> xr.Dataset:
    """The gradient ĝ of truncated against g of full backpropagation through time, for many truncation lengths at once.

        cosine = ĝ·g / (‖ĝ‖·‖g‖),   norm_ratio = ‖ĝ‖ / ‖g‖,   relative_bias = ‖ĝ − g‖ / ‖g‖

    g is the gradient of L = step_losses.sum(0).mean() by all parameters of the recurrent layer (weight_ih, weight_hh,
    bias_ih, bias_hh) as one vector, summed over time and averaged over the sequences of one batch: that of the update
    that would come next. Truncated with k1 = k2 = length (`chunked`) or k1 = 1, k2 = length (`sliding`); the
    experiment's own truncation decides how it trains and nothing else. The readout's gradient, which no truncation
    changes, is left out.

    Cost: each loss goes back on its own, once for all lengths and both styles; a gradient is held for each.
    Source: relative bias as in Aicher, Foti & Fox 2019.

    Args:
        config: the experiment.
        lengths: truncation lengths in steps.
        at: numbers of updates after which to measure; the training run is repeated up to there.
        progress: told the share done, from 0 to 1; what it raises ends the measurement.

    Returns:
        The three [style, length], pure numbers; with several `at` [step, style, length]. Where nothing of the
        gradient is left (ĝ = 0) the cosine is nan and the bias 1; where g = 0 all are nan.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
        InstrumentError: unless the lengths are different integers from 1 to 10000 and `at` different ones from 0 to
            `steps`, at least one each; where the run diverges before it is measured; or beyond the memory budget.
    """
    asked, updates = integers("lengths", lengths, 1, LONGEST), integers("at", at, 0, config.steps)
    cell, task = config.cell, config.task
    numbers = len(cell.gates) * cell.hidden_size * (2 * cell.hidden_size + task.input_size + 2)
    affordable("the gradients of all lengths", (2 * len(asked) + 1) * numbers * 32.0)
    plans = [style(length).plan(task.steps) for style in STYLES.values() for length in asked]
    found = {update: _compare(start, plans, told) for update, start, told in along(config, updates, progress)}
    values = np.stack([found[update] for update in updates]).reshape(len(updates), len(LIKENESS), len(STYLES), -1)
    dims, several = ("step", "style", "length"), len(updates) > 1
    return xr.Dataset(
        {
            name: (dims, values[:, k], {"long_name": words})
            if several
            else (dims[1:], values[0, k], {"long_name": words})
            for k, (name, words) in enumerate(LIKENESS.items())
        },
        {"step": updates if several else updates[0], "style": list(STYLES), "length": asked},
        attributes(config),
    )


def _compare(start: Unrolled, plans: Sequence[Plan], progress: Progress | None) -> NDArray[np.float64]:
    """`LIKENESS` of each plan against full BPTT, [3, plans]; all gradients from one pass back."""
    steps = len(start.trajectory)
    latest = np.stack([_latest(plan, steps) for plan in (*plans, Full().plan(steps))])
    gradients = _Gradients(start, len(latest))
    for reaching in start.reaching(Full().plan(steps), progress):
        gradients.add(reaching, latest[:, reaching.time - 1])
    return compared(gradients.vectors())


def _latest(plan: Plan, steps: int) -> NDArray[np.int_]:
    """For the times 1…T the latest loss that reaches them: in windows all those from t to there do."""
    found = np.zeros(steps, dtype=int)
    for segment in plan:
        found[segment.oldest : segment.last] = segment.last  # segments end one after another
    return found


class _Gradients:
    """∂L/∂W of each plan, growing step by step: products of δu and δv with all that the weights read."""

    def __init__(self, start: Unrolled, plans: int) -> None:
        self.read, self.cell = start.trajectory.read, start.experiment.cell
        hidden, columns = self.cell.hidden_size, self.read.shape[-1]
        self.u = start.direct.new_zeros(plans, len(self.cell.gates) * hidden, columns)
        apart = len(self.cell.gates[self.cell.apart])
        self.v_apart = start.direct.new_zeros(plans, apart * hidden, columns)

    def add(self, at: Reaching, latest: NDArray[np.int_]) -> None:
        """The contribution of one time step, under each plan by the losses up to its latest."""
        counts = np.clip(latest - at.losses.start + 1, 0, len(at.losses))
        v_apart = at.v_apart()
        for total, own in ((self.u, at.u), (self.v_apart, v_apart)):
            if own is not None:
                read = self.read[at.time - 1, 0].expand(len(total), -1, -1)
                torch.baddbmm(total, _first(own, counts).mT, read, out=total)

    def vectors(self) -> Tensor:
        """weight_hh, bias_hh, weight_ih and bias_ih as one vector for each plan, float64, [plans, numbers]."""
        hidden = self.cell.hidden_size
        own = self.u.clone()
        if self.v_apart.numel():
            gates = self.cell.apart
            own.unflatten(1, (-1, hidden))[:, gates] = self.v_apart.unflatten(1, (-1, hidden))
        parts = (self.u[..., :hidden], self.u[..., -1:], own[..., hidden:])
        return torch.cat([part.flatten(1) for part in parts], dim=1).double()


def _first(lanes: Tensor, counts: NDArray[np.int_]) -> Tensor:
    """Sums over the first so many lanes, [counts, B, …]; each interval between two counts is summed once.

    Never a difference of sums: what is left out is left out also where it is infinite.
    """
    found, so_far, start = lanes.new_empty(len(counts), *lanes.shape[1:]), torch.zeros_like(lanes[0]), 0
    for count in np.unique(counts).tolist():
        so_far = so_far + lanes[start:count].sum(0)
        found[np.flatnonzero(counts == count)] = so_far
        start = count
    return found
