"""Explorer of gradient flow in backpropagation through time: the public names."""

from explorer.building import Built, build
from explorer.experiment import Experiment
from explorer.problems import ExperimentError
from explorer.sweep import SweepError, sweep
from explorer.training import Training, measure, train
from explorer.watch import WatchError, watch

__all__ = [
    "Built", "Experiment", "ExperimentError", "SweepError", "Training", "WatchError", "build", "measure", "sweep",
    "train", "watch",
]  # fmt: skip
