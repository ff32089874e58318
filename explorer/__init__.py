"""Explorer of gradient flow in backpropagation through time: the public names.

Each is imported when it is first asked for. What needs no torch therefore starts without it, and programs can see to
their signals and pipes before a long import begins.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.building import Built, build
    from explorer.experiment import Experiment
    from explorer.instruments import InstrumentError, credit_matrix, influence_balancing, lags, truncation_bias
    from explorer.instruments.cliff import cliff
    from explorer.instruments.descent import descent
    from explorer.problems import ExperimentError
    from explorer.scripts import script
    from explorer.several import SweepError
    from explorer.sweeping import sweep
    from explorer.training import Training, measure, train
    from explorer.watching import WatchError, watch

__all__ = [
    "Built", "Experiment", "ExperimentError", "InstrumentError", "SweepError", "Training", "WatchError", "build",
    "cliff", "credit_matrix", "descent", "influence_balancing", "lags", "measure", "script", "sweep", "train",
    "truncation_bias", "watch",
]  # fmt: skip

# No module may have the name of something public: importing it would put the module in that thing's place.
_HOMES = {
    "building": ("Built", "build"),
    "experiment": ("Experiment",),
    "instruments": ("InstrumentError", "credit_matrix", "influence_balancing", "lags", "truncation_bias"),
    "instruments.cliff": ("cliff",),
    "instruments.descent": ("descent",),
    "problems": ("ExperimentError",),
    "scripts": ("script",),
    "several": ("SweepError",),
    "sweeping": ("sweep",),
    "training": ("Training", "measure", "train"),
    "watching": ("WatchError", "watch"),
}


def __getattr__(name: str) -> Any:
    """The public name, from the module that defines it."""
    for home, names in _HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"explorer.{home}"), name)
            return found
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
