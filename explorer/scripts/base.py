"""What the scripts of all frameworks have in common: what they can do, their head and their numbers."""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from explorer.experiment import Experiment
from explorer.problems import ExperimentError, Problem
from explorer.tasks.base import Classes

GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}
NOUNS = {
    "tanh": "A simple recurrent network", "relu": "A network of rectified recurrent units",
    "lstm": "An LSTM", "gru": "A GRU",
}  # fmt: skip
# Steps, sequences, inputs, units and outputs, by task; where nothing is said, a task has LENGTH steps.
SIZES = {
    "adding": "LENGTH, BATCH_SIZE, 2, HIDDEN_SIZE, 1",
    "copying": "LENGTH + 20, BATCH_SIZE, 10, HIDDEN_SIZE, 9",
    "temporal_order": "LENGTH, BATCH_SIZE, 6, HIDDEN_SIZE, 4",
    "recall": "LENGTH, BATCH_SIZE, SYMBOLS + 4, HIDDEN_SIZE, SYMBOLS",
}
# The kinds that scripts can do. A script has one plan for all updates, and one update for each sequence.
DONE: dict[str, tuple[str, ...]] = {
    "task": tuple(SIZES),
    "cell": tuple(GATES),
    "truncation": ("full", "window"),
    "clipping": ("none", "norm", "value"),
    "optimizer": ("sgd", "adam", "rmsprop"),
}


@dataclass(frozen=True)
class Writer:
    """How scripts are written for one framework.

    Attributes:
        kind: its name for programs.
        title: its name for people.
        needs: the packages that a script imports, as pip takes them.
        write: makes the script of an experiment that passed `check`.
    """

    kind: str
    title: str
    needs: str
    write: Callable[[Experiment], str]


def check(experiment: Experiment) -> None:
    """Refuse an experiment that no script can do, naming the field.

    Raises:
        ExperimentError: with what would do instead as the remedy.
    """
    problems = []
    for field, kinds in DONE.items():
        kind = getattr(experiment, field).kind
        if kind not in kinds:
            sentence = f"{field}.kind: {kind} cannot be exported as a script; give {' or '.join(kinds)}."
            problems.append(Problem((field, "kind"), sentence, {(field, "kind"): kinds[0]}))
    if not problems and experiment.truncation.updates_per_segment:
        path = ("truncation", "updates")
        sentence = "truncation.updates: segment cannot be exported as a script; give sequence."
        problems.append(Problem(path, sentence, {path: "sequence"}))
    if problems:
        raise ExperimentError(problems)


def head(experiment: Experiment, title: str, needs: str, *notes: str) -> str:
    """The docstring of a script."""
    flags = [f"--{key.replace('_', '-')} {value}" for key, value in experiment.explicit().items()]
    chance, formula = experiment.task.chance
    paragraphs = (
        "Prints the loss now and then and, as its last line, the JSON list of grad_h at the start of training: "
        "Σ over the batch of ‖∂L/∂h_t‖₂ for t = 1…T, where ∂L/∂h_t is the total derivative: by the direct path and by "
        f"every recurrent path{'' if full(experiment) else ' that the truncation allows'}. The loss of the best answer "
        f"without memory is {formula} = {chance:.4g}.",
        f"Needs {needs}. Weights and batches follow from SEED and are those that PyTorch draws.",
        *notes,
        " ".join(["Exported by the explorer of gradient flow; there: python -m explorer measure", *flags]),
    )
    filled = [textwrap.fill(p, 100, break_long_words=False, break_on_hyphens=False) for p in paragraphs]
    about = f"{NOUNS[experiment.cell.kind]} on the task {experiment.task.kind.replace('_', ' ')}, in {title}."
    return '"""' + "\n\n".join([about, *filled]) + '\n"""'


def numbers(experiment: Experiment) -> str:
    """The experiment's numbers as constants, under the names of its fields."""
    lines = [
        f"{setting.key.upper()} = {value!r}" + "  # updates; 0 to measure only" * (setting.key == "steps")
        for setting, value in experiment.settings().items()
        if setting.type in (int, float)
    ]
    sizes = SIZES[experiment.task.kind]
    first = "0" if experiment.task.asked[0] == 1 else "T - 1"
    return "\n".join(
        [
            *lines,
            f"T, B, D, H, C = {sizes}  # steps, sequences, inputs, units, outputs",
            f"FIRST = {first}  # the first step with a loss, counted from 0; all after it have one, too",
        ]
    )


def full(experiment: Experiment) -> bool:
    """Whether every loss flows back to the first step."""
    return experiment.truncation.kind == "full"


def classes(experiment: Experiment) -> bool:
    """Whether the task asks for classes, not for values."""
    return isinstance(experiment.task, Classes)


def joined(blocks: Iterable[str]) -> str:
    """Blocks of code as one file, those that define something set apart by two blank lines."""
    found, before = "", False
    for block in (block.strip("\n") for block in blocks):
        defines = block.startswith(("def ", "class ", "@"))
        if found:
            found += "\n\n\n" if defines or before else "\n\n"
        found, before = found + block, defines
    return found + "\n"
