"""Names of files that say what is in them."""

from collections.abc import Sequence

from explorer.experiment import Experiment


def stem(*experiments: Experiment) -> str:
    """Cell, task, number of time steps and truncation, such as `lstm-adding-T100-window`; each only once.

    Args:
        experiments: one or several in one file.
    """
    parts: Sequence[Sequence[str]] = (
        [experiment.cell.kind for experiment in experiments],
        [experiment.task.kind for experiment in experiments],
        [f"T{experiment.task.steps}" for experiment in experiments],
        [experiment.truncation.kind for experiment in experiments if experiment.truncation.kind != "full"],
    )
    return "-".join(word.replace("_", "-") for words in parts for word in dict.fromkeys(words))
