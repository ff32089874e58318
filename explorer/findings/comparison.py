"""Several runs side by side: what differs between them, and what each came to."""

import math
from collections.abc import Mapping, Sequence

import xarray as xr

from explorer.findings import facts
from explorer.findings.facts import number
from explorer.findings.quantities import has_learned
from explorer.findings.summary import summary

UNKNOWN = "–"
VERDICTS = (
    "decay per step", "half-life", "gradient at the cue", "clipped", "loss ÷ no-memory loss", "time per update",
    "memory",
)  # fmt: skip


def differing(configs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys whose values differ between flat configurations; one that is missing differs from any value."""
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if len({config.get(key) for config in configs}) > 1]


def verdicts(run: xr.Dataset, seconds: float = math.nan, memory: float = math.nan) -> dict[str, str]:
    """Return what one run came to, in words for a table; the gradient's numbers are those at the newest update.

    Args:
        run: its rows so far.
        seconds: measured time of one update.
        memory: measured bytes that one update holds.
    """
    now = summary(run.isel(step=slice(-1, None)))
    whole = summary(run)
    half = float(now["half_life"])
    loss = float(whole["loss_relative"])
    return dict(
        zip(
            VERDICTS,
            (
                _known(float(now["decay"])),
                f"{number(half)} steps" if math.isfinite(half) else UNKNOWN,
                _known(float(now["reach"])),
                f"{100 * float(whole['clipped_share']):.0f} %" if facts.is_run(run) else UNKNOWN,
                _loss(run, loss),
                f"{number(1e3 * seconds)} ms" if math.isfinite(seconds) else UNKNOWN,
                f"{number(memory / 1e6)} MB" if math.isfinite(memory) else UNKNOWN,
            ),
            strict=True,
        )
    )


def compared(runs: Sequence[xr.Dataset], letters: str) -> str:
    """Return the finding in one sentence: whose gradient reaches the cue best and worst, and who has learned."""
    reach = {
        letter: float(summary(run.isel(step=slice(-1, None)))["reach"])
        for letter, run in zip(letters, runs, strict=False)
    }
    known = {letter: value for letter, value in reach.items() if math.isfinite(value)}
    names = {letter: f"{letter} ({facts.name(facts.kind(run))})" for letter, run in zip(letters, runs, strict=False)}
    if len(known) < 2:
        return "Nothing is known of the gradient at the cue for two of these."
    best, worst = max(known, key=lambda k: known[k]), min(known, key=lambda k: known[k])
    if known[best] == known[worst]:
        said = f"The same share of the end's gradient reaches the cue in all: {number(known[best])}"
    else:
        said = (
            f"Of the end's gradient {number(known[best])} reaches the cue in {names[best]} "
            f"and {number(known[worst]) if known[worst] else 'nothing'} in {names[worst]}"
        )
    won = [letter for letter, run in zip(letters, runs, strict=False) if has_learned(run)]
    if not any(facts.is_run(run) for run in runs):
        return f"{said}."
    return f"{said}; {', '.join(won) if won else 'none'} {'have' if len(won) > 1 else 'has'} learned."


def _known(value: float) -> str:
    return number(value) if not math.isnan(value) else UNKNOWN


def _loss(run: xr.Dataset, relative: float) -> str:
    if run.attrs.get("status") == "diverged":
        return f"diverged at update {run.attrs.get('diverged_step', '')}".strip()
    return _known(relative)
