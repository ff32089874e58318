"""Explorer of gradient flow in backpropagation through time: the public names."""

from explorer.building import Built, build
from explorer.experiment import Experiment, ExperimentError
from explorer.training import Training, measure, train

__all__ = ["Built", "Experiment", "ExperimentError", "Training", "build", "measure", "train"]
