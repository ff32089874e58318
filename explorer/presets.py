"""Experiments worth starting from, by the shortest URL of each; some with a published number to compare with."""

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.experiment import Experiment
from explorer.published import ADDING, BOUND, COPYING_100, ORDER, Published, Quantity


@dataclass(frozen=True)
class Preset:
    """A named experiment.

    Attributes:
        name: for people.
        fields: URL keys and values; all else is default.
        published: a number to compare with, if there is one.
        quantity: what is measured beside it.
        source: whose setting it is, where it is somebody's.
    """

    name: str
    fields: Mapping[str, str]
    published: Published | None = None
    quantity: Quantity = "loss_without_memory"
    source: str = ""

    @property
    def experiment(self) -> Experiment:
        """The experiment itself."""
        return Experiment().changed(**self.fields)


_ORDER = {
    "task": "temporal_order", "length": "30", "hidden_size": "50", "optimizer": "sgd", "learning_rate": "0.01",
    "batch_size": "20", "steps": "3000",
}  # fmt: skip
_PASCANU = (
    "Pascanu, Mikolov & Bengio 2013: 50 units, SGD 0.01, batch 20, clipping at 1; shorter sequences and other starting "
    "weights than theirs"
)

PRESETS = (
    Preset("The gradient fades", {}),
    Preset("PyTorch's default weights", {"weights": "pytorch", "bias": "pytorch"}),
    Preset("The gradient explodes", {"cell": "relu", "scale": "1.1"}),
    Preset("Truncation cuts it off", {"truncation": "window"}),
    Preset("A sliding window", {"truncation": "window", "k1": "1", "k2": "30"}),
    Preset("An LSTM learns to add", {"cell": "lstm", "length": "50"}, ADDING),
    Preset("tanh stays at chance", {"length": "50"}, ADDING),
    Preset("The identity keeps it (IRNN)", {"cell": "relu", "length": "50", "learning_rate": "0.001"}, ADDING),
    Preset("Copying ten symbols", {"task": "copying", "length": "30", "cell": "gru"}),
    Preset(
        "Copying over 100 steps",
        {"task": "copying", "cell": "lstm", "optimizer": "rmsprop", "learning_rate": "0.001", "clipping": "value",
         "batch_size": "20"},
        COPYING_100, source="Arjovsky, Shah & Bengio 2016: RMSprop 0.001, clipping by value at 1, batch 20",
    ),
    Preset("Temporal order, clipped", _ORDER, ORDER, source=_PASCANU),
    Preset("Temporal order, not clipped", {**_ORDER, "clipping": "none"}, ORDER, source=_PASCANU),
    Preset("A gain under the bound", {"gain": "0.9"}, BOUND, "decay"),
    Preset(
        "Before training, over 100 steps", {"task": "recall", "weights": "pytorch", "bias": "pytorch"},
        source="the first plot asked for in UvA Deep Learning 2019, assignment 2, question 1.7, there on palindromes",
    ),
    Preset(
        "A truncation that adapts",
        {"task": "copying", "length": "10", "cell": "lstm", "hidden_size": "50", "truncation": "adaptive",
         "tolerance": "0.5", "optimizer": "sgd"},
        source="Aicher, Foti & Fox 2019: copying over a lag of 10, LSTM of 50 units, relative bias under 0.5; theirs "
        "has two layers and six symbols",
    ),
)  # fmt: skip
