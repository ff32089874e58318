"""What an experiment will need, estimated before it starts, and the limits that keep a shared machine usable."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.experiment import Experiment

MEMORY_BYTES = 2e9
WORK_FLOP = 2e14
RECORDED_TOGETHER = 16  # steps whose contributions to ∂L/∂W_hh are held at once, with a float64 copy
SIZES = (("steps",), ("batch_size",), ("cell", "hidden_size"), ("task", "length"))
NUMBERS = 6  # loss, accuracy and the like, recorded after each update
SPEED = 5e10  # operations a second of one core, about
PER_STEP = 3e-5  # seconds for each time step of an update, however small the network
EIGENVALUES = 60.0  # operations for each H³ of the spectral radius, slow ones counted at the speed of products


class LimitError(Exception):
    """A limit in the environment that is no number; the sentence names it."""


@dataclass(frozen=True)
class Need:
    """An estimate: `memory` in bytes at the peak; operations of the whole run, `work`, and of one `update`."""

    memory: float
    work: float
    update: float


def limits() -> Need:
    """The budget, each with the variable that changes it.

    EXPLORER_MEMORY_BYTES: 2·10⁹ bytes. EXPLORER_WORK_FLOP: 2·10¹⁴ operations for a run, and a thousandth of that for
    one update, which cannot be stopped once it has begun.
    """
    work = limit("EXPLORER_WORK_FLOP", WORK_FLOP)
    return Need(limit("EXPLORER_MEMORY_BYTES", MEMORY_BYTES), work, work / 1000)


def limit(variable: str, default: float) -> float:
    """A limit from the environment.

    Raises:
        LimitError: where it is not a positive number.
    """
    given = os.environ.get(variable, "")
    if not given.strip():
        return default
    try:
        limit = float(given)
    except ValueError:
        limit = 0.0
    if not limit > 0:
        raise LimitError(f"{variable}: {given!r} is not allowed; give a positive number, such as {default:.0e}.")
    return limit


def need(experiment: "Experiment") -> Need:
    """Estimate the need of a run.

    Work of an update: forward 2·T·B·G·H·(H + D), the same three times again backward, where truncation multiplies the
    recurrent part by the number of overlapping pieces; carried forward, 2·T·B·G²·H³·(H + D + 2) besides. Memory:
    states, pre-activations and partials of all time steps, the weights with gradient and optimiser state, and the
    recorded rows in float64; carried forward, what is carried.
    """
    task, cell = experiment.task, experiment.cell
    steps, batch, hidden, gates = task.steps, experiment.batch_size, cell.hidden_size, len(cell.gates)
    truncation, (first, last) = experiment.truncation, task.asked
    lanes = min(truncation.lanes(steps), last - first + 1.0)  # pieces without a loss are left out
    itemsize = 8 if experiment.dtype == "float64" else 4
    passes = 3 + lanes
    product = 2.0 * steps * batch * gates * hidden * (passes * hidden + 3 * task.input_size)
    pointwise = 60.0 * steps * batch * gates * hidden * lanes
    numbers = steps * batch * (hidden * (5 * gates + 6 * len(cell.states)) + 3 * (task.input_size + task.output_size))
    weights = 4.0 * gates * hidden * (hidden + task.input_size)
    sliding = lanes * batch * hidden * (gates + 2)
    rows = rows_bytes(experiment.steps, steps, len(cell.states))
    recording = min(steps, RECORDED_TOGETHER) * gates * hidden**2 * (itemsize + 8.0)
    influence = _influence(experiment) if truncation.forward else 0.0
    work = product + pointwise + EIGENVALUES * hidden**3 + 2.0 * steps * gates * hidden * influence
    held = influence * (gates + 2 * len(cell.states)) if truncation.forward else 0.0
    return Need((numbers + weights + sliding + held) * itemsize + recording + rows, work * experiment.steps, work)


def _influence(experiment: "Experiment") -> float:
    """Numbers in the derivative of one state by the weights, B·H·(G·H)·(H + D + 2): what RTRL carries forward."""
    hidden, inputs = experiment.cell.hidden_size, experiment.task.input_size
    return float(experiment.batch_size * hidden * len(experiment.cell.gates) * hidden * (hidden + inputs + 2))


def rows_bytes(updates: int, time: int, states: int) -> float:
    """Bytes of a run's rows in float64: after each update a norm by time of every state and of W_hh, and numbers.

    Args:
        updates: number of rows.
        time: T.
        states: number of the cell's states.
    """
    return 8.0 * updates * (time * (states + 1) + NUMBERS)


def seconds(experiment: "Experiment") -> float:
    """About how long one update, or a measurement, takes on one core."""
    return need(experiment).update / SPEED + experiment.task.steps * PER_STEP


@dataclass(frozen=True)
class Excess:
    """One budget exceeded, by the setting at `path` with `value`; each of the `remedies`, path to value, mends it."""

    sentence: str
    path: tuple[str, ...]
    value: int
    remedies: dict[tuple[str, ...], int]


def excess(experiment: "Experiment") -> Excess | None:
    """What is beyond the budget, or None.

    The field proposed is the one that has to give up the smallest share of its value; where no single one would do, the
    one named is the farthest above its default.
    """
    wanted, allowed = need(experiment), limits()
    why = f" ({experiment.truncation.kind} takes O(H⁴) a step)" if experiment.truncation.forward else ""
    if wanted.memory > allowed.memory:
        reason = f"about {wanted.memory / 1e9:.3g} GB of memory, the budget is {allowed.memory / 1e9:.3g} GB"
    elif wanted.work > allowed.work:
        reason = f"about {wanted.work:.2g} operations{why}, the budget is {allowed.work:.2g}"
    elif wanted.update > allowed.update:
        reason = f"about {wanted.update:.2g} operations for one update{why}, the budget is {allowed.update:.2g}"
    else:
        return None
    remedies: dict[tuple[str, ...], int] = {}
    for path in SIZES:
        value, lowest = _get(experiment, path), 1 if path != ("task", "length") else 10
        fitting = _largest(lambda v, path=path: _fits(_with(experiment, path, v), allowed), lowest, value)  # type: ignore[misc]
        if fitting is not None:
            remedies[path] = fitting
    if not remedies:
        worst = max(SIZES, key=lambda path: _get(experiment, path) / _default(experiment, path))
        return Excess(f"needs {reason}; lower more than one field", worst, _get(experiment, worst), {})
    best = max(remedies, key=lambda path: remedies[path] / _get(experiment, path))
    return Excess(f"needs {reason}; lower it to {remedies[best]}", best, _get(experiment, best), remedies)


def _fits(experiment: "Experiment", allowed: Need) -> bool:
    wanted = need(experiment)
    return wanted.memory <= allowed.memory and wanted.work <= allowed.work and wanted.update <= allowed.update


def _largest(fits: Callable[[int], bool], low: int, high: int) -> int | None:
    """The largest value in low…high that fits, by bisection; None where even `low` does not."""
    if high < low or not fits(low):
        return None
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _get(experiment: "Experiment", path: tuple[str, ...]) -> int:
    value: Any = experiment
    for name in path:
        value = getattr(value, name)
    return int(value)


def _default(experiment: "Experiment", path: tuple[str, ...]) -> int:
    owner = experiment if len(path) == 1 else getattr(experiment, path[0])
    return int(type(owner).model_fields[path[-1]].default)


def _with(experiment: "Experiment", path: tuple[str, ...], value: int) -> "Experiment":
    """The experiment with one number changed; copies, so nothing is validated again."""
    if len(path) == 1:
        return experiment.model_copy(update={path[0]: value})
    part = getattr(experiment, path[0]).model_copy(update={path[1]: value})
    return experiment.model_copy(update={path[0]: part})
