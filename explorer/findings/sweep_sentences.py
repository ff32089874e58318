"""What a grid of runs shows, in one sentence a figure; every number in them is counted in the grid."""

import math

import numpy as np
import xarray as xr

from explorer.findings.facts import count, number
from explorer.findings.swept import Middle, Swept, cell_name

NOTHING = "No run of this sweep is done yet"


def reach_sentence(grid: xr.Dataset, variable: str = "reach_trained") -> str:
    """Say up to which truncation length nothing reaches the first signal, and what does at the longest."""
    swept, values = Swept(grid), Swept(grid).number(variable)
    known = np.isfinite(values) & np.isfinite(swept.lengths)
    if not known.any():
        return _none(swept, "no share of the gradient that reaches the signal is known")
    longest, some = float(swept.lengths[known].max()), known & (values > 0)
    if not some.any():
        return f"Nothing reaches the signal in {count(int(known.sum()), 'run')}, of {int(swept.done.sum())} done"
    # A share that is not known may be more than nothing: where one is, nothing is said of "nothing".
    first = float(swept.lengths[swept.done & ~(values == 0) & np.isfinite(swept.lengths)].min())
    said = _by_cell(swept, np.where(known & (swept.lengths == longest), values, math.nan))
    cut = known & (swept.lengths < first)
    start = f"With fewer than {number(first)} steps of truncation nothing reaches the signal" if cut.any() else ""
    end = f"at {_steps(longest)} {said} of the end's gradient reaches {'it' if start else 'the signal'}"
    if start:
        return f"{start}; {end}"
    return end[0].upper() + end[1:]


def learned_sentence(grid: xr.Dataset) -> str:
    """Say how many runs learned whose truncation is no longer than the lag, and of the others, cell by cell."""
    swept, values = Swept(grid), Swept(grid).number("learned")
    known = np.isfinite(values)
    if not known.any():
        return _none(swept, "chance is not known, so nor is what was learned")
    won = known & (values > 0)
    total, learned = int(known.sum()), int(won.sum())
    if learned in (0, total):
        alone = "The only run" if total == 1 else f"None of {total} runs" if not learned else f"All {total} runs"
        return f"{alone} {'did not learn' if total == 1 and not learned else 'learned'}"
    short = known & (swept.lengths <= swept.lags)
    rest = known & ~short & np.isfinite(swept.lengths) & np.isfinite(swept.lags)
    if short.any() and rest.any():
        if not (won & short).any():
            start = f"None of {count(int(short.sum()), 'run')} with truncation no longer than the lag learned"
            return f"{start}; with longer truncation {_counts(swept, won, rest)}"
        return (
            f"Learned with truncation no longer than the lag: {_counts(swept, won, short)}; "
            f"with longer truncation: {_counts(swept, won, rest)}"
        )
    first = float(np.min(swept.lengths[won], initial=math.inf, where=np.isfinite(swept.lengths[won])))
    short = known & (swept.lengths < first)
    if short.any() and math.isfinite(first):
        start = f"none of {count(int(short.sum()), 'run')} with fewer than {number(first)} steps of truncation learned"
        return f"{start[0].upper() + start[1:]}; from there on {_counts(swept, won, known & ~short)}"
    said = _counts(swept, won, known)
    return f"Learned: {said}"


def cost_sentence(grid: xr.Dataset) -> str:
    """Say what the shortest truncation saves of the time and memory of the longest, cell by cell."""
    swept = Swept(grid)
    costs = {name: swept.number(name) for name in ("seconds", "memory")}
    known = np.isfinite(costs["seconds"]) & np.isfinite(swept.lengths)
    if not known.any():
        return "What an update costs is not measured yet"
    shortest, longest = float(swept.lengths[known].min()), float(swept.lengths[known].max())
    if shortest == longest:
        said = _by_cell(swept, np.where(known, 1e3 * costs["seconds"], math.nan))
        return f"An update with {_steps(longest)} of truncation takes {said} ms"
    shares = []
    for found in costs.values():
        share = np.full(len(found), math.nan)
        for cell in dict.fromkeys(swept.cells):
            own = known & np.array([each == cell for each in swept.cells])
            ends = [found[own & (swept.lengths == length)] for length in (shortest, longest)]
            if all(end.size for end in ends):
                share[own] = np.median(ends[0]) / np.median(ends[1])
        shares.append(_by_cell(swept, share))
    return (
        f"With {_steps(shortest)} of truncation instead of {number(longest)} an update takes {shares[0]} of the time "
        f"and {shares[1]} of the memory"
    )


def norm_sentence(grid: xr.Dataset) -> str:
    """Say what share of updates each way to clip made smaller, and how many runs diverged."""
    swept = Swept(grid)
    share, diverged = swept.number("clipped_share"), swept.number("diverged") > 0
    if not np.isfinite(share).any():
        return _none(swept, "no gradient norm is finite")
    said, ends = [], []
    for (words,), places in swept.groups(swept.clippings).items():
        places = places[swept.done[places]]
        found = share[places][np.isfinite(share[places])]
        if words != "no clipping" and found.size:
            said.append(f"{percent(float(found.mean()))} at {words}")
        if places.size:
            ends.append((str(words), int(diverged[places].sum()), len(places)))
    start = f"Clipped updates: {', '.join(said)}" if said else "Nothing is clipped"
    bad = [(words, lost, total) for words, lost, total in ends if lost]
    if not bad:
        return f"{start}; no run diverged"
    losses = [f"{lost} of {total} with {words}" for words, lost, total in bad]
    others = sum(total for _, lost, total in ends if not lost)
    losses += [f"none of {others} others"] if others else []
    return f"{start}; diverged: {', '.join(losses)}".replace("with no clipping", "without clipping")


def decay_sentence(grid: xr.Dataset) -> str:
    """Say what one step back multiplies the gradient by in each cell, at the gain nearest 1."""
    swept, values = Swept(grid), Swept(grid).number("decay")
    where, name = gains(swept)
    known = np.isfinite(values) & np.isfinite(where)
    if not known.any():
        return _none(swept, "no rate of the gradient is known")
    shown = np.zeros(len(known), dtype=bool)
    for places in swept.groups(swept.cells).values():
        own = places[known[places]]
        if own.size:
            shown[own] = where[own] == where[own][np.argmin(np.abs(where[own] - 1))]
    low, high = number(float(where[shown].min())), number(float(where[shown].max()))
    said = _by_cell(swept, np.where(shown, values, math.nan))
    return f"At {name} {low if low == high else f'{low} to {high}'} each step back multiplies the gradient by {said}"


def gains(swept: Swept) -> tuple[np.ndarray, str]:
    """Return the gain of each place [N] and that it is called so; without such an axis, the spectral radius at start.

    That is taken as the median over the seeds, to two decimals, so that the seeds of one place stay together.
    """
    given = swept.coordinate("gain", "scale")
    if given is not None:
        return np.array([float(str(value)) for value in given]), "gain"
    radius, out = swept.number("spectral_radius"), np.full(len(swept.places), math.nan)
    others = [swept.places[:, i] for i, dim in enumerate(swept.dims) if dim != "seed"]
    for places in swept.groups(*others).values():
        if (found := swept.middle(radius, places)) is not None:
            out[places] = round(found.median, 2)
    return out, "spectral radius"


def reduced(swept: Swept, groups: dict[tuple[object, ...], np.ndarray]) -> str:
    """Say what a figure's groups take the median over, and what its bands are; empty where neither is there."""
    gone = [dim.replace("_", " ") for dim in swept.merged(groups)]
    said = [f"median over {', '.join(gone)}"] if gone else []
    if swept.seeds > 1 and swept.done.any():
        said.append(f"line: median of {swept.seeds} seeds, band: lowest to highest")
    return "; ".join(said)


def percent(share: float) -> str:
    """Write a share of updates: 0 and 100 only where they are exact."""
    if share in (0, 1) or 0.005 <= share < 0.995:
        return f"{100 * share:.0f} %"
    return "under 1 %" if share < 0.5 else "over 99 %"


def _none(swept: Swept, known: str) -> str:
    return f"Of {count(int(swept.done.sum()), 'run')} {known}" if swept.done.any() else NOTHING


def _steps(length: float) -> str:
    return "1 step" if length == 1 else f"{number(length)} steps"


def _by_cell(swept: Swept, values: np.ndarray) -> str:
    """Return the median in each cell, in words: ``0.4 (LSTM), 0.03 (tanh)``, largest first."""
    found: list[tuple[Middle, str]] = []
    for (cell,), places in swept.groups(swept.cells).items():
        middle = swept.middle(values, places)
        if middle is not None:
            found.append((middle, cell_name(str(cell))))
    found.sort(key=lambda pair: -pair[0].median)
    return ", ".join(f"{_said(middle.median)} ({name})" for middle, name in found)


def _said(value: float) -> str:
    return "exactly 0" if value == 0 else number(value)


def _of(won: np.ndarray, among: np.ndarray) -> str:
    """Return how many of some runs won: ``none of 24``, ``3 of 24``."""
    return f"{int((won & among).sum()) or 'none'} of {int(among.sum())}"


def _counts(swept: Swept, won: np.ndarray, among: np.ndarray) -> str:
    """Return how many of some runs won in each cell, most first: ``LSTM 10 of 10, tanh none of 10``."""
    found: list[tuple[float, str]] = []
    for (cell,), places in swept.groups(swept.cells).items():
        own = np.isin(np.arange(len(won)), places) & among
        if own.any():
            found.append((-float((won & own).sum() / own.sum()), f"{cell_name(str(cell))} {_of(won, own)}"))
    return ", ".join(words for _, words in sorted(found, key=lambda pair: pair[0]))
