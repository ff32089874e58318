"""Experiments worth starting from, by the shortest URL of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.experiment import Experiment


@dataclass(frozen=True)
class Preset:
    """A named experiment: `fields` are URL keys and values, all else is default."""

    name: str
    fields: Mapping[str, str]

    @property
    def experiment(self) -> Experiment:
        """The experiment itself."""
        return Experiment().changed(**self.fields)


PRESETS = (
    Preset("The gradient fades", {}),
    Preset("PyTorch's default weights", {"weights": "pytorch", "bias": "pytorch"}),
    Preset("The gradient explodes", {"cell": "relu", "scale": "1.1"}),
    Preset("Truncation cuts it off", {"truncation": "window"}),
    Preset("A sliding window", {"truncation": "window", "k1": "1", "k2": "30"}),
    Preset("An LSTM learns to add", {"cell": "lstm", "length": "50"}),
    Preset("tanh stays at chance", {"length": "50"}),
    Preset("The identity keeps it (IRNN)", {"cell": "relu", "length": "50", "learning_rate": "0.001"}),
    Preset("Copying ten symbols", {"task": "copying", "length": "30", "cell": "gru"}),
)
