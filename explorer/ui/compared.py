"""The experiments of the Compare page: in its URL, one link for each, and one of them under the controls."""

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from explorer.experiment import Experiment, read
from explorer.figures.curves import LETTERS
from explorer.problems import ExperimentError
from explorer.ui import address
from explorer.ui.measured import BESIDE

COMPARE = "compare"
EACH, AT = KEYS = ("e", "at")
MOST, LEAST = len(LETTERS), 2
_SEEN = "compared before"


@dataclass(frozen=True)
class Comparison:
    """Two to six experiments, and the place of the one under the controls."""

    experiments: tuple[Experiment, ...]
    at: int

    def keys(self) -> address.Own:
        """The same as keys of the URL."""
        each = [urlencode(experiment.explicit()) or "default" for experiment in self.experiments]
        return {EACH: each, **({AT: [LETTERS[self.at]]} if self.at else {})}


def current() -> Comparison:
    """The comparison to show in this run of the page."""
    chosen = address.current(COMPARE, KEYS, alone=True)
    if not address.own(COMPARE).get(EACH):
        address.correct(COMPARE, Comparison((chosen, *_others(chosen)), 0).keys(), chosen)
    found = _read()
    # The list leads where it came with the URL or the page; else the controls may have changed their experiment.
    if not address.arrived() and st.session_state.get(_SEEN) == found.keys():
        each = list(found.experiments)
        each[found.at] = chosen
        found = Comparison(tuple(each), found.at)
    st.session_state[_SEEN] = found.keys()
    address.correct(COMPARE, found.keys(), found.experiments[found.at])
    address.write(COMPARE, alone=True)
    return found


def now() -> tuple[Experiment, ...]:
    """The experiments that were asked for last; for widgets, which may be clicked before the page has drawn them."""
    found = _read()
    each = list(found.experiments)
    if st.session_state.get(_SEEN) == found.keys():
        each[found.at] = address.now()
    return tuple(each)


def change(to: Comparison) -> None:
    """Show another comparison; called by widgets."""
    st.session_state[_SEEN] = to.keys()
    address.show(to.experiments[to.at])
    address.change_own(COMPARE, to.keys())


def pin(experiment: Experiment) -> str:
    """Add an experiment to the comparison; the sentence of what came of it."""
    known = address.own(COMPARE).get(EACH, [])
    link = urlencode(experiment.explicit()) or "default"
    if link in known:
        return f"This experiment is in the comparison already, as {LETTERS[known.index(link)]}."
    if len(known) >= MOST:
        return f"The comparison holds {MOST} experiments, which is all it takes; remove one on the Compare page."
    address.change_own(COMPARE, {**address.own(COMPARE), EACH: [*known, link]})
    return f"Pinned as {LETTERS[len(known)]}. The Compare page shows what is pinned side by side."


def _read() -> Comparison:
    own = address.own(COMPARE)
    links = own[EACH]
    if len(links) > MOST:
        address.notice(f"{EACH}: {len(links)} experiments are given; the first {MOST} are shown.")
    experiments = []
    for letter, link in zip(LETTERS, links, strict=False):
        flat = {} if link == "default" else dict(parse_qsl(link, keep_blank_values=True))
        experiment, problems = read(flat)
        for problem in problems:
            address.notice(f"{letter}: {problem.sentence} Its default is shown.")
        experiments.append(experiment)
    if len(experiments) < LEAST:
        experiments += _others(experiments[0])[:1] or experiments[:1]
    word = (own.get(AT) or [LETTERS[0]])[-1]
    at = LETTERS.find(word) if len(word) == 1 else -1
    if not 0 <= at < len(experiments):
        address.notice(f"{AT}: {word!r} is none of the letters shown. A is chosen.")
        at = 0
    return Comparison(tuple(experiments), at)


def _others(experiment: Experiment) -> list[Experiment]:
    """The same with other cells, as far as they are allowed."""
    found = []
    for kind in BESIDE:
        if kind != experiment.cell.kind:
            with suppress(ExperimentError):
                found.append(experiment.changed(cell=kind))
    return found
