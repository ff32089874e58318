"""What truncation does to one gradient, in one sentence a figure; every number in them is counted in the Dataset."""

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import count, number
from explorer.findings.sweep_sentences import percent

SMALL = 0.05  # relative bias under which a gradient is called close to the full one
ENDS = {"end": "loss at the end of each block", "every": "loss at every step"}
NO_CREDIT = "No loss reaches any state"


def with_loss(credit: np.ndarray) -> np.ndarray:
    """Return the rows of a credit matrix [s, t] that have a loss: those where something is not zero."""
    return np.flatnonzero((credit != 0).any(axis=1))


def credit_sentence(credit: xr.Dataset, variable: str = "credit") -> str:
    """Say how many pairs of a loss and an earlier state get nothing, and how far back the credit stays."""
    values = np.asarray(credit[variable].transpose("loss_time", "time").values, dtype=np.float64)
    rows, length = with_loss(values), values.shape[1]
    if not rows.size:
        return NO_CREDIT
    lags = (rows[:, None] - np.arange(length))[np.tri(length, dtype=bool)[rows]]
    found = values[rows][np.tri(length, dtype=bool)[rows]]
    if (bad := int((~np.isfinite(found)).sum())) > 0:
        pairs = "1 pair" if bad == 1 else f"{number(bad)} pairs"
        return f"The credit of {pairs} of a loss and a state is not finite, {share(bad / len(found))} of all"
    zero = float((found == 0).mean())
    farthest = int(lags[found > 0].max())
    if zero:
        what = "states" if len(rows) == 1 else "pairs of a loss and an earlier state"
        start = f"Nothing goes back over {_steps(farthest)}" if farthest else "Nothing goes back in time"
        start += f", {percent(zero)} of the {what} get exactly zero"
    else:
        start = f"{'The' if len(rows) == 1 else 'Every'} loss reaches every earlier state"
    return f"{start}; {_kept(found, lags, length // 2)}"


def _kept(found: np.ndarray, lags: np.ndarray, far: int) -> str:
    """Say within how many steps half of the credit stays, and what travels over more than ``far``."""
    by_lag = np.bincount(lags, weights=found / found.sum())
    half = int(np.searchsorted(np.cumsum(by_lag), 0.5 - 1e-12))
    there = "in the step of its loss" if half == 0 else f"within {_steps(half)}"
    beyond = float(by_lag[far + 1 :].sum())
    travels = "" if far < 1 or far < half or not beyond else f", {share(beyond)} of it travels over {_steps(far)}"
    return f"half of all credit stays {there}{travels}"


def lags_sentence(lags: xr.Dataset) -> str:
    """Say from how few steps back all but a hundredth of ∂L/∂W_hh comes, and what travelled half the sequence."""
    names = ("grad_weight", "grad_weight_cumulative", "grad_weight_beyond")
    parts, total, beyond = (np.asarray(lags[name].values, dtype=np.float64) for name in names)
    if not all(np.isfinite(values).all() for values in (parts, total, beyond)):
        return "Of ∂L/∂W_hh some parts are not finite"
    if total[-1] == 0:
        return "∂L/∂W_hh is exactly zero"
    near, far = int(np.flatnonzero(beyond <= 0.01 * total[-1])[0]), len(parts) // 2
    who = f"The last {_steps(near + 1)} give" if near else "The step of the loss itself gives"
    start = f"{who} ∂L/∂W_hh to within 1 %"
    if near >= far > 0:
        start = f"It takes the last {near + 1} of {_steps(len(parts))} to find ∂L/∂W_hh to within 1 %"
    travelled = np.flatnonzero(parts)
    if travelled[-1] < far or far == 0:
        return f"{start}, and nothing from more than {_steps(int(travelled[-1]))} back"
    return f"{start}; what travelled {_steps(far)} or more is {share(float(beyond[far - 1] / total[-1]))} of it"


def reached(total: np.ndarray, part: float) -> int:
    """Return the lag from which on the norm of the sum stays within 1 - part of its last value."""
    away = np.flatnonzero(np.abs(total - total[-1]) > (1 - part) * total[-1] * (1 + 1e-12))
    return int(away[-1]) + 1 if away.size else 0


def bias_sentence(bias: xr.Dataset) -> str:
    """Say how far off the truncated gradient is at one length, for each style, and from which on it is close.

    The length is the experiment's own k2 where it is among them, else the one in the middle.
    """
    lengths, styles = bias["length"].values, [str(style) for style in bias["style"].values]
    found = {s: np.asarray(bias["relative_bias"].sel(style=s).values, dtype=np.float64) for s in styles}
    own = facts.part(bias, "truncation").get("k2")
    at = int(np.flatnonzero(lengths == own)[0]) if own in lengths else (len(lengths) - 1) // 2
    said = _each({s: _off(found[s][at]) for s in styles})
    start = f"With {_steps(lengths[at])} of truncation the gradient is off by {said}"
    close = _each({s: _from(lengths, found[s] < SMALL) for s in styles})
    cosine = np.asarray(bias["cosine"].values, dtype=np.float64)
    wrong = int((cosine < 0).sum())
    turned = f"; {wrong} of {cosine.size} gradients point away from the full one" if wrong else ""
    return f"{start}; under {percent(SMALL)} {close}{turned}"


def _each(words: dict[str, str]) -> str:
    """Say something of each style, once where it is the same for both."""
    if len(words) == 2 and len(set(words.values())) == 1:
        return f"{next(iter(words.values()))} (both)"
    return ", ".join(f"{said} ({style})" for style, said in words.items())


def _off(bias: float) -> str:
    if not math.isfinite(bias):
        return number(bias)
    return "nothing" if bias == 0 else share(bias)


def _from(lengths: np.ndarray, good: np.ndarray) -> str:
    """Say from which length on something holds at all that were tried."""
    if good.all():
        return "at all of them"
    first = int(np.flatnonzero(~good)[-1]) + 1
    return "at none" if not good.any() else "not at the longest" if first == len(good) else f"from {lengths[first]} on"


def influence_sentence(balance: xr.Dataset) -> str:
    """Say up to which truncation length the gradient of θ points the wrong way, for both places of the loss."""
    lengths = np.asarray(balance["length"].values)
    said = []
    for style in (str(value) for value in balance["style"].values):
        wrong = np.asarray(balance["diverges"].sel(style=style).values, dtype=bool)
        said.append(f"{_where(lengths, wrong)} ({ENDS.get(style, style)})")
    return f"The truncated gradient points the wrong way {listed(said)}; that of full BPTT never does"


def _where(lengths: np.ndarray, wrong: np.ndarray) -> str:
    """Say at which of the lengths tried something is wrong."""
    if not wrong.any():
        return "at no length"
    places = np.flatnonzero(wrong)
    if wrong.all():
        return f"at every length tried, up to {_steps(lengths[-1])}"
    if len(places) == places[-1] - places[0] + 1:
        first = "" if places[0] == 0 else f"from {lengths[places[0]]} "
        return f"{first}up to {_steps(lengths[places[-1]])}"
    return f"at {len(places)} of {count(len(wrong), 'length')}"


def share(part: float) -> str:
    """Write a share of a whole: in percent where that can be read, else as a number; times from 10 on."""
    if part >= 10:
        return f"{number(part)} times"
    return f"{number(100 * part)} %" if part >= 1e-3 else number(part)


def _steps(amount: float) -> str:
    return count(int(amount), "step")


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does: ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
