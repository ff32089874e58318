"""Which loss credits which state: the loss-by-state matrix, where truncation is seen as blocks or as a band."""

import numpy as np
import torch
import xarray as xr

from explorer.bptt import norm
from explorer.experiment import Experiment
from explorer.instruments.asked import affordable
from explorer.instruments.unrolled import Progress, attributes, unroll_start


def credit_matrix(config: Experiment, progress: Progress | None = None) -> xr.Dataset:
    """How much the loss of each step says about the state of each step before it.

        credit[s, t] = Σ_b ‖∂L_s/∂h_{b,t}‖₂,   L = Σ_s L_s = step_losses.sum(0).mean()

    The total derivative at the seeded start, on the first batch, as far as the experiment's truncation lets it flow.
    Summed over sequences after the norm over units; the loss is their mean, so an entry is the average over sequences
    of a sequence's own gradient norm. For one update per sequence; where there is one after each piece, every piece is
    taken with the weights of the start. Norms do not add up over s: `measure` has the norm of the sum.

    Cost: each loss goes back on its own: T(T + 1)/2 steps back where every step has a loss, T where one has.
    Source: the matrix of losses and states in the code of Aicher, Foti & Fox 2019.

    Args:
        config: the experiment.
        progress: told the share done, from 0 to 1; what it raises ends the measurement.

    Returns:
        `credit` [loss_time, time], and `credit_c` where there is a cell state; both coordinates count 1…T. Units: loss
        per unit of state. Exactly zero where t > s, where a loss is not asked, and where truncation cuts.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
        InstrumentError: where the matrix would not fit into the memory budget.
    """
    steps, names = config.task.steps, config.cell.states
    affordable("the credit matrix", 16.0 * len(names) * steps**2)
    start = unroll_start(config)
    by_time = start.direct.new_zeros(len(names), steps, steps, dtype=torch.float64)
    for at in start.reaching(start.plan, progress):
        for found, name in zip(by_time, names, strict=True):
            found[at.time - 1, at.losses.start - 1 : at.losses.stop - 1] = norm(at.states[name]).sum(1)
    times = np.arange(1, steps + 1)
    matrices = by_time.mT.cpu().numpy()
    return xr.Dataset(
        {
            _called(name): (("loss_time", "time"), matrix, {"long_name": f"sum over the batch of ‖∂L_s/∂{name}_t‖"})
            for name, matrix in zip(reversed(names), matrices[::-1], strict=True)
        },
        {"loss_time": times, "time": times},
        attributes(config),
    )


def _called(state: str) -> str:
    return "credit" if state == "h" else f"credit_{state}"
