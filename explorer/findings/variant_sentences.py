"""What the variants of BPTT come to beside one another, in one sentence a figure, counted in the Dataset."""

import math

import numpy as np
import xarray as xr

from explorer.findings.facts import count, number
from explorer.findings.sweep_sentences import NOTHING
from explorer.findings.swept import Swept, cell_name, plain
from explorer.findings.truncation_sentences import listed, share
from explorer.findings.variants import variant_names

TELLING = ("full", "online", "rtrl")  # the schemes whose costs differ most
WORDS = {"length": "the steps", "k2": "the truncation length", "hidden_size": "the units"}
ROUNDING = 1e-4  # relative bias that the arithmetic of float32 leaves


def medians(run: xr.Dataset, variable: str = "relative_bias") -> dict[str, float]:
    """Return the median over updates of each variant, of what is not nan; nan where nothing is."""
    found = {}
    for label in (str(value) for value in run["variant"].values):
        values = np.asarray(run[variable].sel(variant=label).values, dtype=np.float64).ravel()
        known = values[~np.isnan(values)]
        found[label] = float(np.median(known)) if known.size else math.nan
    return found


def variants_sentence(run: xr.Dataset) -> str:
    """Say which variant's gradient is farthest from full BPTT's and which is nearest; ``full`` is left out."""
    names, found = variant_names(run["variant"].values.tolist()), medians(run)
    found = {label: bias for label, bias in found.items() if label != "full" and not math.isnan(bias)}
    if not found:
        return "No variant beside full BPTT has a gradient to compare"
    updates = run.sizes.get("step", 1)
    over = f" (median of {updates} updates)" if updates > 1 else ""
    same = [names[label] for label, bias in found.items() if bias <= ROUNDING]
    rest = {label: bias for label, bias in found.items() if bias > ROUNDING}
    equal = f"{listed(same)} {'equals' if len(same) == 1 else 'equal'} full BPTT up to rounding" if same else ""
    if not rest:
        return f"{equal[0].upper()}{equal[1:]}{over}"
    worst, best = max(rest, key=rest.__getitem__), min(rest, key=rest.__getitem__)
    far = f"the gradient of {names[worst]} is off by {share(rest[worst])}"
    if worst == best:
        said = f"{far}{over}"
    else:
        said = f"farthest from full BPTT is {names[worst]}, off by {share(rest[worst])}, " \
               f"nearest {names[best]}, {share(rest[best])}{over}"  # fmt: skip
    said = "; ".join(filter(None, [said, equal]))
    return said[0].upper() + said[1:]


def orders_sentence(costs: xr.Dataset) -> str:
    """Say by what time and memory of an update are multiplied from the smallest to the largest size, for a few."""
    names, sizes = variant_names(costs["variant"].values.tolist()), costs["size"].values
    said: list[str] = []
    for label in _telling(list(names)):
        grown = []
        for variable, word in (("seconds", "time"), ("memory", "memory")):
            values = costs[variable].sel(variant=label).values
            known = np.flatnonzero(np.isfinite(values) & (values > 0))
            if len(known) > 1:
                span = float(sizes[known[-1]] / sizes[known[0]])
                over = "" if known[-1] - known[0] == len(sizes) - 1 else f" over {number(span)} times the size"
                grown.append(f"{_times(values[known[-1]] / values[known[0]])} the {word}{over}")
        if grown:
            said.append(f"{names[label]} takes {' and '.join(grown)}")
    if not said:
        return "What the variants cost is not measured yet"
    words = WORDS.get(str(costs.attrs.get("over")), "the size")
    return f"With {_times(float(sizes[-1] / sizes[0]))} {words}, {'; '.join(said)}"


def _telling(labels: list[str]) -> list[str]:
    """Those that differ most: full BPTT, online and RTRL, where they are among them."""
    return [label for label in labels if plain(label) in TELLING] or labels[:3]


def _times(factor: float) -> str:
    return f"{number(round(factor, 1) if factor < 9.95 else round(factor))} times"


def remembered_sentence(grid: xr.Dataset, lag: float | None = None) -> str:
    """Say how many runs learned whose gradient never went back as far as the signal, cell by cell.

    Args:
        grid: summaries of runs.
        lag: fewest steps from a step of the signal to one that is asked; without it, the lag to the signal's middle.
    """
    swept = Swept(grid)
    learned, lags = swept.number("learned"), swept.lags if lag is None else np.full(len(swept.places), float(lag))
    known = np.isfinite(learned)
    if not known.any():
        return "It is not known which runs learned" if swept.done.any() else NOTHING
    short = known & (swept.lengths <= lags)
    reaching = known & (swept.lengths > lags)
    later = (
        f"{int((reaching & (learned > 0)).sum())} of {int(reaching.sum())}{_by_cell(swept, learned, reaching)} learned"
    )
    if not short.any():
        start = "In every run the gradient goes back to the signal"
        return f"{start}; {later}" if reaching.any() else "It is not known how far back the signal is"
    total, won = int(short.sum()), int((short & (learned > 0)).sum())
    start = (
        f"The gradient of {count(total, 'run')} never reached the signal" if lag is not None
        else f"{count(total, 'run')} had truncation no longer than the lag to the signal"
    )  # fmt: skip
    rest = f". With longer truncation {later}" if reaching.any() else ""
    if not won:
        return f"{start} and {'it did not learn' if total == 1 else 'none of them learned'}{rest}"
    each = _by_cell(swept, learned, short)
    who = "it" if total == 1 else str(won)
    return f"{start}; {who} learned all the same{each}: the state carries what the gradient does not{rest}"


def _by_cell(swept: Swept, learned: np.ndarray, among: np.ndarray) -> str:
    """Return how many of some runs learned in each cell, in brackets; empty where there is one cell."""
    cells = np.array(swept.cells)
    each = [
        f"{cell_name(cell)} {int((learned[own] > 0).sum())} of {int(own.sum())}"
        for cell in dict.fromkeys(cells.tolist())
        if (own := among & (cells == cell)).any()
    ]
    return f" ({', '.join(each)})" if len(each) > 1 else ""
