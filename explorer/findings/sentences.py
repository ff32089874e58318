"""What a Dataset shows: numbers first, then the sentences made from them.

Everything is computed from the values; nothing raises on zeros, infinities, nan or a sequence of one step.
"""

import math
from collections.abc import Sequence

import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import count, number
from explorer.findings.fading import reaching
from explorer.findings.quantities import BETTER, chance_loss, diverged_at, recent_loss
from explorer.findings.rates import behaviour, of_the_end

Piece = tuple[str, str | None]  # text, and the kind of the cell it names (for its colour)


def learned(dataset: xr.Dataset) -> tuple[float, str]:
    """Return recent loss over the loss of the best answer without memory, and that in words."""
    if "loss" not in dataset.variables:
        return math.nan, "no loss recorded"
    chance = chance_loss(dataset)
    loss = recent_loss(dataset)
    if (broken := diverged_at(dataset)) is not None:
        return math.nan, f"diverged at update {broken}"
    ratio = loss / chance if chance > 0 else math.nan
    if not math.isfinite(ratio):
        return ratio, f"loss {number(loss)}" if math.isfinite(loss) else "no loss yet"
    if not facts.is_run(dataset) and facts.untrained(dataset):
        return ratio, f"loss {number(loss)} before training"
    if ratio < BETTER:
        return ratio, f"loss is {number(ratio)} of chance"
    return (
        ratio,
        "loss is at chance" if ratio < 1.1 else f"loss is {number(ratio)} times chance",
    )


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
        losses = facts.values(dataset, "loss")[facts.values(dataset, "step") == broken]
        what = "gradient" if math.isfinite(losses[0]) or "loss" not in dataset.variables else "loss"
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
    if reach.time == reach.origin:
        return ""
    place = f"the first cue ({_at(dataset, reach.time)})" if facts.ranges(dataset, "signal") else f"t = {reach.time}"
    if reach.lost:
        return f": {_lost(dataset)} reaches {place}"
    if reach.fraction == 0:
        return f", so nothing reaches {place}"
    return f": {of_the_end(reach.fraction)} gradient reaches {place}" if math.isfinite(reach.fraction) else ""


def _lost(dataset: xr.Dataset) -> str:
    return f"less than {facts.floor(dataset)[0]} can hold"


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
    row = step if chosen else -1
    reach = reaching(dataset, row)
    cell = reach.cell_fraction is not None
    if reach.time == reach.origin or (chosen and not cell):
        return []
    fraction, lost = (reach.cell_fraction or 0.0, reach.cell_lost) if cell else (reach.fraction, reach.lost)
    state = "'s cell state" if cell else ""
    if lost:
        return [(state, _lost(dataset))]
    if math.isfinite(fraction):
        below = number(fraction) != "1" and fraction < 1
        return [(state, (number(fraction) if below else of_the_end(fraction)) if fraction else "nothing")]
    at_cue = facts.row(dataset, "grad_c" if cell else "grad_h", row)[reach.time - 1]
    return [] if math.isfinite(at_cue) else [(state, "nothing finite")]


def setting(dataset: xr.Dataset, step: int = -1) -> str:
    """Return the experiment in one sentence: task, length, size, state of training, sequences averaged over."""
    task, config = facts.part(dataset, "task"), facts.experiment(dataset)
    words = [str(task["kind"]).replace("_", " ").capitalize()] if "kind" in task else []
    words.append(f"T = {dataset.sizes['time']}")
    if "hidden_size" in facts.part(dataset, "cell"):
        words.append(count(int(facts.part(dataset, "cell")["hidden_size"]), "unit"))
    words += facts.taken(dataset)
    if config:
        update = int(facts.values(dataset, "step")[step])
        words.append("before training" if update == 0 else f"after {count(update, 'update')}")
    if "batch_size" in config:
        many = int(config["batch_size"])
        words.append(f"mean of {count(many, 'sequence')}" if many != 1 else "one sequence")
    return ", ".join(words) + "."
