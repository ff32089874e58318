"""How far what arrives at the weights has travelled: the gradient of W_hh by its lag."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from explorer.bptt import Reaching, Trajectory, norm
from explorer.experiment import Experiment
from explorer.instruments.asked import affordable
from explorer.instruments.unrolled import Progress, attributes, unroll_start


def lags(config: Experiment, progress: Progress | None = None) -> xr.Dataset:
    """The part of the recurrent weights' gradient that travelled back exactly so many steps, and no more than so many.

        G_l = Σ_t δu_{t+l,t} · h₍t₋₁₎ᵀ,   grad_weight[l] = ‖G_l‖_F,   grad_weight_cumulative[l] = ‖G_0 + … + G_l‖_F
        grad_weight_beyond[l] = ‖G_{l+1} + … + G_{T−1}‖_F

    with δu_{s,t} = ∂L_s/∂u_t, the gradient of step s's part of L = step_losses.sum(0).mean() by the recurrent
    pre-activation of step t; the lag is l = s − t. At the seeded start, on the first batch, under the experiment's
    truncation. Summed over time and the batch before the norm: ‖∂L/∂W_hh‖ is healthy where short lags are, while long
    memory is dead.

    Cost: each loss goes back on its own, as for the credit matrix; a weight matrix is held for each of the T lags.
    Source: the request in OverLordGoldDragon/see-rnn#57, for the weights' gradient is a sum over lengths of path.

    Args:
        config: the experiment.
        progress: told the share done, from 0 to 1; what it raises ends the measurement.

    Returns:
        `grad_weight`, `grad_weight_cumulative` and `grad_weight_beyond` [lag], lag 0…T − 1; the last cumulative value
        is ‖∂L/∂W_hh‖, and what is beyond a lag is what a truncation to the lags up to it leaves out. Units: loss per
        unit of weight. Exactly zero at lags that no loss travels.

    Raises:
        DeviceError: where CUDA is asked for and there is none.
        InstrumentError: where the T matrices would not fit into the memory budget.
    """
    steps = config.task.steps
    numbers = steps * len(config.cell.gates) * config.cell.hidden_size**2
    affordable("the weight gradients of all lags", numbers * (16.0 if config.dtype == "float64" else 12.0))
    start = unroll_start(config)
    parts = start.direct.new_zeros(steps, *start.trajectory.weight_hh.shape[1:])
    for at in start.reaching(start.plan, progress):
        _add(parts, at, start.trajectory)
    flat = parts.flatten(1)
    own, so_far = norm(flat), norm(flat.double().cumsum(0))
    later = norm(torch.cat([flat[1:].double().flip(0).cumsum(0).flip(0), flat.new_zeros(1, flat.shape[1]).double()]))
    said = "‖part of ∂L/∂W_hh that travelled {} back‖".format
    return xr.Dataset(
        {
            "grad_weight": ("lag", own.cpu().numpy(), {"long_name": said("so many steps")}),
            "grad_weight_cumulative": ("lag", so_far.cpu().numpy(), {"long_name": said("at most so many steps")}),
            "grad_weight_beyond": ("lag", later.cpu().numpy(), {"long_name": said("more than so many steps")}),
        },
        {"lag": np.arange(steps)},
        attributes(config),
    )


def _add(parts: Tensor, at: Reaching, trajectory: Trajectory) -> None:
    """The outer products of one time step, each to its lag."""
    h = trajectory.states[-1][at.time - 1, 0]
    own = parts[at.losses.start - at.time : at.losses.stop - at.time]
    torch.baddbmm(own, at.u.mT, h.expand(len(own), -1, -1), out=own)
