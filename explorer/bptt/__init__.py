"""The engine: a cell unrolled over time, backpropagation through time written out, and what is recorded of it."""

from explorer.bptt.backward import backward
from explorer.bptt.flow import Flow, LayerGradient
from explorer.bptt.function import Pass, Recurrence
from explorer.bptt.influence import Influence
from explorer.bptt.network import Network, Networks
from explorer.bptt.pairs import Reaching, pairs
from explorer.bptt.radius import spectral_radius
from explorer.bptt.recording import (
    joint_norm,
    joint_norms,
    norm,
    norms_by_time,
    norms_on_device,
    recorded_names,
)
from explorer.bptt.trace import Trace
from explorer.bptt.trajectory import Trajectory, newest, unroll

__all__ = [
    "Flow", "Influence", "LayerGradient", "Network", "Networks", "Pass", "Reaching", "Recurrence", "Trace",
    "Trajectory", "backward", "joint_norm", "joint_norms", "newest", "norm", "norms_by_time", "norms_on_device",
    "pairs", "recorded_names", "spectral_radius", "unroll",
]  # fmt: skip
