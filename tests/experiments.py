"""Random valid experiments, drawn from the settings themselves, and one whose gradient explodes."""

from typing import Any

from hypothesis import strategies as st

from explorer import Experiment
from explorer.settings import Setting

CAPS = {
    "length": 100,
    "hidden_size": 32,
    "batch_size": 32,
    "steps": 300,
    "k1": 20,
    "k2": 20,
    "every": 20,
    "max_length": 50,
}  # within the budget together
EXPLODING: dict[str, Any] = {
    "task": {"kind": "adding", "length": 20},
    "cell": {"kind": "relu", "hidden_size": 8, "weights": {"kind": "identity", "scale": 3.0}},
    "optimizer": {"kind": "sgd", "learning_rate": 100.0},
    "clipping": {"kind": "none"},
    "batch_size": 4,
    "steps": 50,
    "device": "cpu",
}
KINDS = ("task", "cell", "truncation", "clipping", "optimizer")


def value_of(setting: Setting) -> st.SearchStrategy[Any]:
    """Values in the range of the setting's slider, small enough for the budget."""
    if setting.choices:
        return st.sampled_from(setting.choices)
    if setting.type is bool:
        return st.booleans()
    low, high = range_of(setting)
    return st.integers(int(low), int(high)) if setting.type is int else st.floats(low, high)


def range_of(setting: Setting) -> tuple[float, float]:
    """The slider's range, cut where the budget might be exceeded."""
    assert setting.slider is not None
    low, high = setting.slider
    return low, min(high, CAPS.get(setting.key, high))


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any kinds, then any values that they allow."""
    experiment = Experiment()
    experiment = experiment.changed(hidden_size=8)  # with rtrl the default is beyond the budget
    for keys in (KINDS, ("weights", "bias")):
        choices = {s.key: s for s in experiment.settings() if s.key in keys}
        experiment = experiment.changed(**{key: draw(st.sampled_from(s.choices)) for key, s in choices.items()})
    values = {s.key: draw(value_of(s)) for s in experiment.settings() if s.path[-1] != "kind"}
    if experiment.truncation.kind == "rtrl":
        values |= {"hidden_size": min(values["hidden_size"], 8), "batch_size": min(values["batch_size"], 4)}
    if "k2" in values:
        values["k2"] += values["k1" if "k1" in values else "every"]
    return experiment.changed(**values)
