"""Questions that an experiment alone answers, by name: what pages ask, and how long that takes, about."""

from collections.abc import Callable
from typing import Literal, get_args

from explorer import budget
from explorer.costs import cost
from explorer.experiment import Experiment
from explorer.instruments import credit_matrix, lags, truncation_bias
from explorer.training import measure
from explorer.truncation import Window
from explorer.variants import at_start, spread, variants

Question = Literal["measure", "cost", "credit", "lags", "bias", "variants"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
Tell = Callable[[float], None]


def answer(question: Question, experiment: Experiment, tell: Tell) -> object:
    """The answer: a Dataset, or the `Cost` of an update.

    Args:
        question: what about it.
        experiment: what it is about.
        tell: told the share done, where that is known.
    """
    if question == "measure":
        return measure(experiment)
    if question == "cost":
        return cost(experiment)
    if question == "credit":
        return credit_matrix(experiment, tell)
    if question == "lags":
        return lags(experiment, tell)
    if question == "bias":
        return truncation_bias(experiment, spread(experiment.task.steps), progress=tell)
    return at_start(experiment)


def seconds(question: Question, experiment: Experiment) -> float:
    """About how long the answer takes on one core."""
    alone = budget.seconds(experiment)
    if question == "measure":
        return alone
    if question == "cost":
        return 20 * alone + 0.2
    if question == "variants":
        return 2 * alone + sum(
            budget.seconds(experiment.model_copy(update={"truncation": scheme})) for scheme in variants(experiment)
        )
    # Losses apart: as many lanes as there are losses, each as far back as it reaches.
    steps = experiment.task.steps
    apart = experiment.model_copy(update={"truncation": Window(k1=1, k2=steps)})
    return max(alone, budget.seconds(apart) / 2)
