"""What the Sweep page is asked to run: the axes and their values, as widgets and as keys of its URL."""

from dataclasses import dataclass
from math import prod

import streamlit as st

from explorer.experiment import Experiment
from explorer.grid import Grid
from explorer.several import SweepError
from explorer.ui import address
from explorer.ui.axes import AXES, BY_KEY, MOST_SEEDS, over
from explorer.ui.given import put

SWEEP = "sweep"
VARY, SEEDS, PICTURE = KEYS = ("vary", "seeds", "picture")
FIRST = {"cell": BY_KEY["cell"].first, "truncation": BY_KEY["truncation"].first}
FIRST_SEEDS = 3
MOST_RUNS = 2000
ACROSS = 3  # lines of values side by side


@dataclass(frozen=True)
class Plan:
    """The axes chosen, with their values as written, and the number of seeds."""

    chosen: dict[str, str]
    seeds: int

    @property
    def words(self) -> str:
        """The same in words."""
        axes = [f"{BY_KEY[key].label.lower()} {written}" for key, written in self.chosen.items()]
        return "; ".join([*axes, f"{self.seeds} seed{'s' * (self.seeds > 1)}"])

    def grid(self, experiment: Experiment) -> Grid:
        """The experiments.

        Raises:
            SweepError: where a value cannot be read, is given twice, or the whole is beyond the budget.
            ExperimentError: where a combination is not allowed.
        """
        axes = over(self.chosen, self.seeds, experiment.seed)
        runs = prod(map(len, axes.values()))
        if runs > MOST_RUNS:  # before the first is made: a link may ask for millions
            raise SweepError(
                f"These are {runs} runs; a page makes {MOST_RUNS} at most. Give fewer values, or use the command line."
            )
        return Grid(experiment, axes)

    def keys(self) -> address.Own:
        """The same as keys of the URL; the first plan needs none."""
        found: dict[str, list[str]] = {}
        if self.chosen != FIRST:
            found[VARY] = [f"{key}:{written.replace(', ', ',')}" for key, written in self.chosen.items()] or ["none"]
        if self.seeds != FIRST_SEEDS:
            found[SEEDS] = [str(self.seeds)]
        return found


def plan() -> Plan:
    """The plan that the URL's keys say; what they say wrongly is told and left out."""
    own = address.own(SWEEP)
    chosen: dict[str, str] = dict(FIRST) if VARY not in own else {}
    for word in own.get(VARY, []):
        key, colon, written = word.partition(":")
        if key in BY_KEY and colon and written.strip():
            chosen[key] = ", ".join(part.strip() for part in written.split(",") if part.strip())
        elif word != "none":
            address.notice(f"{VARY}: {word!r} is not an axis with values, such as cell:tanh,lstm. It is ignored.")
    seeds = FIRST_SEEDS
    for word in own.get(SEEDS, [])[-1:]:
        if word in map(str, range(1, MOST_SEEDS + 1)):
            seeds = int(word)
        else:
            address.notice(f"{SEEDS}: {word!r} is not a number from 1 to {MOST_SEEDS}. The default is used.")
    order = {axis.key: place for place, axis in enumerate(AXES)}
    found = Plan(dict(sorted(chosen.items(), key=lambda item: order[item[0]])), seeds)
    if found.keys() != {key: values for key, values in own.items() if key != PICTURE}:  # wrong, or in other words
        _tell(found)
        address.write(SWEEP)
    return found


def choose(now: Plan) -> None:
    """Draw the widgets of the plan; each change goes to the URL."""

    def changed() -> None:
        keys = st.session_state["vary"]
        chosen = {key: st.session_state.get(f"axis-{key}") or now.chosen.get(key, BY_KEY[key].first) for key in keys}
        _tell(Plan(chosen, int(st.session_state["seeds"])))

    put("vary", list(now.chosen))
    left, right = st.columns((5, 1), vertical_alignment="bottom")
    left.pills(
        "Vary", [axis.key for axis in AXES], selection_mode="multi", key="vary", on_change=changed, wrap=True,
        format_func=lambda key: BY_KEY[key].label,
        help="Every combination of the values is trained; all else is as the controls at the side say.",
    )  # fmt: skip
    put("seeds", now.seeds)
    right.number_input(
        "Seeds", 1, MOST_SEEDS, key="seeds", on_change=changed,
        help="Each combination is trained from so many different starts; bands in the charts span them.",
    )  # fmt: skip
    columns = st.columns(ACROSS)
    for place, (key, written) in enumerate(now.chosen.items()):
        put(f"axis-{key}", written)
        columns[place % ACROSS].text_input(
            BY_KEY[key].label, key=f"axis-{key}", on_change=changed, help=BY_KEY[key].help
        )


def _tell(changed: Plan) -> None:
    """The plan goes to the URL, beside the other keys of the page."""
    others = {key: values for key, values in address.own(SWEEP).items() if key not in (VARY, SEEDS)}
    address.change_own(SWEEP, {**others, **changed.keys()})
