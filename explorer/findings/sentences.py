"""What a Dataset shows: numbers first, then the sentences made from them.

Everything is computed from the values; nothing raises on zeros, infinities, nan or a sequence of one step.
"""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import number
from explorer.findings.fading import CONSTANT, Decay, decay, reaching
from explorer.findings.quantities import (
    diverged_at,
    first_nonfinite,
    recent_loss,
    zero_before,
)

Piece = tuple[str, str | None]  # text, and the kind of the cell it names (for its colour)

STRAIGHT = 0.98  # R² of log(gradient) over time above which one rate describes the whole curve
ROUGHLY = 0.9  # R² above which a rate is still given, as an average


def learned(dataset: xr.Dataset) -> tuple[float, str]:
    """Return recent loss over the loss of the best answer without memory, and that in words."""
    chance = float(dataset.attrs.get("chance_loss", math.nan))
    loss = recent_loss(dataset)
    if (broken := diverged_at(dataset)) is not None:
        return math.nan, f"diverged at update {broken}"
    ratio = loss / chance if chance > 0 else math.nan
    if not math.isfinite(ratio):
        return ratio, f"loss {number(loss)}" if math.isfinite(loss) else "no loss yet"
    if not facts.is_run(dataset):
        return ratio, f"loss {number(loss)} before training"
    if ratio < 0.9:
        return ratio, f"loss is {number(ratio)} of chance"
    return (
        ratio,
        "loss is at chance" if ratio < 1.1 else f"loss is {number(ratio)} times chance",
    )


def behaviour(dataset: xr.Dataset, step: int = -1) -> str:
    """Say in one clause, after "the gradient", how it changes going back from the question."""
    values = facts.row(dataset, "grad_h", step)
    if not np.isfinite(values).any():
        return "is not finite at any step"
    if not values.any():
        return "is exactly zero at every step"
    if (bad := first_nonfinite(dataset, step)) is not None:
        word = "overflows" if bad[1] == "inf" else "is not a number"
        return f"{word} at step {bad[0]}, going back"
    if (zero := zero_before(dataset, step)) is not None and zero[0] > facts.cue(dataset):
        reason = {"underflow": f"it underflows {facts.floor(dataset)[0]}"}.get(zero[1], zero[1])
        return f"is exactly zero before step {zero[0]}: {reason}"
    return _rate(dataset, step)


def _rate(dataset: xr.Dataset, step: int) -> str:
    found = decay(dataset, step)
    if found is None:
        return "is too short a curve to speak of a rate"
    if found.constant:
        return f"stays within a factor of {number(max(found.spread, 1.1))}"
    if found.fit >= ROUGHLY:
        word, steps = ("halves", found.half_life) if found.half_life else ("doubles", found.doubling)
        mean = " on average" if found.fit < STRAIGHT else ""
        back = " going back" if word == "doubles" else ""
        if steps is not None:
            return f"{word}{mean} every {_steps(steps)}{back}"
    return _uneven(dataset, step, found)


def _uneven(dataset: xr.Dataset, step: int, found: Decay) -> str:
    """Say how far a curve goes that no single rate describes, and by when nine tenths of that way are gone."""
    first, last = found.span
    values = facts.row(dataset, "grad_h", step)[first - 1 : last]
    logs = np.log(np.where(np.isfinite(values) & (values > 0), values, np.nan))
    logs -= logs[-1]
    low, high = float(np.nanmin(logs)), float(np.nanmax(logs))
    far, verb = (low, "falls") if -low > high else (high, "rises")
    index = int(np.flatnonzero(logs / far >= 0.9)[-1])
    if index < 0.1 * len(logs):
        return f"{verb} unevenly"
    return f"{verb} to {number(math.exp(min(700.0, logs[index])))} of the end's by t = {first + index}"


def _steps(steps: float) -> str:
    return "step" if number(steps) == "1" else f"{number(steps)} steps"


def headline(datasets: Sequence[xr.Dataset], step: int = -1) -> list[Piece]:
    """Return the finding of the first Dataset as pieces of text; a piece that names a cell carries its kind."""
    if not datasets:
        return [("Nothing is measured yet.", None)]
    dataset = datasets[0]
    cell = facts.kind(dataset)
    pieces: list[Piece] = [("In this ", None), (facts.name(cell), cell)]
    if cell == "network":
        pieces = [("In this network", None)]
    else:
        pieces.append((" network", None))
    broken = diverged_at(dataset) if facts.is_run(dataset) and _is_last(dataset, step) else None
    if broken is not None:
        what = "gradient" if np.isfinite(dataset["loss"].sel(step=broken).item()) else "loss"
        return [
            *pieces,
            (f" the {what} was not finite at update {broken}: diverged.", None),
        ]
    return [
        *pieces,
        (f" the gradient {behaviour(dataset, step)}{_arrives(dataset, step)}.", None),
    ]


def _at(dataset: xr.Dataset, time: int) -> str:
    """Say where the first cue stands: the middle of its range is near it, a range of one step is it."""
    first, last = facts.ranges(dataset, "signal")[0]
    return f"t = {time}" if first == last else f"near t = {time}"


def _is_last(dataset: xr.Dataset, step: int) -> bool:
    return step in (-1, dataset.sizes["step"] - 1)


def _arrives(dataset: xr.Dataset, step: int) -> str:
    reach = reaching(dataset, step)
    if reach.time == reach.origin or not math.isfinite(reach.fraction):
        return ""
    place = f"the first cue ({_at(dataset, reach.time)})" if facts.ranges(dataset, "signal") else f"t = {reach.time}"
    if reach.fraction == 0:
        return f", so nothing reaches {place}"
    if reach.fraction > CONSTANT:
        return f": {number(reach.fraction)} times the end's gradient reaches {place}"
    return f": {number(reach.fraction)} of the end's gradient reaches {place}"


def subline(datasets: Sequence[xr.Dataset], step: int = -1) -> list[Piece]:
    """Return what reaches the cue in the other cells, then the setting, as pieces like the headline's."""
    if not datasets:
        return []
    said = [(d, f) for i, d in enumerate(datasets) for f in _parts(d, step, chosen=i == 0)]
    pieces: list[Piece] = []
    for i, (dataset, (state, value)) in enumerate(said):
        cell = facts.kind(dataset)
        pieces += [
            (("Through " if i == 0 else ", ") + ("the " if state else ""), None),
            (facts.name(cell), cell),
        ]
        pieces.append((f"{state} {value}{' arrives' if i == 0 else ''}", None))
    return [*pieces, ((". " if pieces else "") + setting(datasets[0], step), None)]


def _parts(dataset: xr.Dataset, step: int, chosen: bool) -> list[tuple[str, str]]:
    """Return (state, share) pairs worth saying; the chosen cell's h is in the headline already."""
    reach = reaching(dataset, step if chosen else -1)
    if reach.time == reach.origin:
        return []
    fraction = reach.fraction if reach.cell_fraction is None else reach.cell_fraction
    if chosen and reach.cell_fraction is None:
        return []
    state = "'s cell state" if reach.cell_fraction is not None else ""
    if not math.isfinite(fraction):
        return [(state, "nothing finite")]
    return [(state, number(fraction) if fraction else "nothing")]


def setting(dataset: xr.Dataset, step: int = -1) -> str:
    """Return the experiment in one sentence: task, length, size, state of training, sequences averaged over."""
    task, config = facts.part(dataset, "task"), facts.experiment(dataset)
    words = [str(task["kind"]).replace("_", " ").capitalize()] if "kind" in task else []
    words.append(f"T = {dataset.sizes['time']}")
    if "hidden_size" in facts.part(dataset, "cell"):
        words.append(f"{facts.part(dataset, 'cell')['hidden_size']} units")
    update = int(facts.values(dataset, "step")[step])
    words.append("before training" if update == 0 else f"after {update} update{'s' * (update != 1)}")
    if "batch_size" in config:
        count = int(config["batch_size"])
        words.append(f"mean of {count} sequences" if count != 1 else "one sequence")
    return ", ".join(words) + "."
