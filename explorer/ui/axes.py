"""What a sweep can vary: each axis as a line of text, and what it means for the experiments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.experiment import all_settings
from explorer.several import SweepError

MOST_SEEDS = 20
SCHEMES = next(setting.choices for setting in all_settings() if setting.name == "truncation.kind")


@dataclass(frozen=True)
class Axis:
    """One thing that a sweep can vary.

    Attributes:
        key: its name in the URL.
        label: its name for people.
        path: of the field that it sets.
        first: the values to begin with, as written.
        help: how values are written and what they do.
        read: one value as written → the value of the field.
    """

    key: str
    label: str
    path: str
    first: str
    help: str
    read: Callable[[str], Any]

    def values(self, written: str) -> list[Any]:
        """The values of a line such as "5, 20, full".

        Raises:
            SweepError: where there is none, or one cannot be read.
        """
        words = [word.strip() for word in written.split(",") if word.strip()]
        if not words:
            raise SweepError(f"{self.label}: give at least one value, such as {self.first}.")
        return [self._value(word) for word in words]

    def _value(self, word: str) -> Any:
        try:
            return self.read(word)
        except ValueError:
            raise SweepError(f"{self.label}: {word!r} is not understood; write values such as {self.first}.") from None


def _window(word: str) -> dict[str, Any]:
    """A scheme by its name, as "full" or "rtrl", one number for chunks of that length, or k1/k2."""
    if word in SCHEMES:
        return {"kind": word}
    k1, slash, k2 = word.partition("/")
    return {"kind": "window", "k1": int(k1), "k2": int(k2 if slash else k1)}


def _clipping(word: str) -> dict[str, Any]:
    """A clipping rule: "none", a threshold of the norm, or "value" and a threshold."""
    if word == "none":
        return {"kind": "none"}
    kind, _, threshold = word.rpartition(" ")
    return {"kind": kind or "norm", "threshold": float(threshold)}


_DESCRIPTIONS = {setting.name: setting.description for setting in all_settings()}


def _plain(key: str, label: str, path: str, first: str, read: Callable[[str], Any] = str) -> Axis:
    return Axis(key, label, path, first, f"Values with commas between them. {_DESCRIPTIONS[path]}", read)


AXES = (
    _plain("cell", "Cell", "cell.kind", "tanh, lstm, gru"),
    Axis(
        "truncation", "Truncation length", "truncation", "5, 10, 20, 40, full",
        "Steps that the gradient flows back: a length, k1/k2 as in 1/20 for a sliding window, or the name of a scheme: "
        f"{', '.join(SCHEMES)}.", _window,
    ),
    Axis(
        "clipping", "Clipping", "clipping", "none, 1, 0.1",
        "Thresholds of the gradient's norm, value 0.5 for clipping each element, or none.", _clipping,
    ),
    _plain("gain", "Gain", "cell.weights.gain", "0.5, 0.8, 1, 1.2", float),
    _plain("length", "Length T", "task.length", "20, 40, 60", int),
    _plain("hidden_size", "Hidden units H", "cell.hidden_size", "8, 16, 32, 64", int),
    _plain("learning_rate", "Learning rate", "optimizer.learning_rate", "0.001, 0.01, 0.1", float),
    _plain("task", "Task", "task.kind", "adding, temporal_order, recall"),
)  # fmt: skip
BY_KEY = {axis.key: axis for axis in AXES}


def over(chosen: dict[str, str], seeds: int, first_seed: int) -> dict[str, list[Any]]:
    """What `sweep` calls `over`: path → values, the seeds last.

    Args:
        chosen: key of an axis → its values as written.
        seeds: how many seeds each combination is run with.
        first_seed: the first of them.

    Raises:
        SweepError: where a value cannot be read.
    """
    axes = {BY_KEY[key].path: BY_KEY[key].values(written) for key, written in chosen.items()}
    return {**axes, "seed": list(range(first_seed, first_seed + seeds))}
