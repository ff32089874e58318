"""The experiment the pages show, and the URL: one is always the other.

The experiment in the session decides; the URL follows it, and leads only when it was opened, edited or gone back to.
Widgets answer faster than a browser writes its address, so a run that a widget caused never reads the URL. All pages
show the same experiment; a page may have keys of its own beside it, and the Explore page has run=kept where it shows a
run that has ended. Some keys hold on every page (everywhere.py).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.building import DeviceError, device_of
from explorer.experiment import Experiment, all_settings, read
from explorer.problems import ExperimentError, shown
from explorer.ui import everywhere, runs

EXPLORE, RUN = "explore", "run"
Own = everywhere.Own
_STATE, _URL, _NOTICES, _OWN = "experiment", "url", "notices", everywhere.CHANGED
_ARRIVED = "arrived"
_PAGE, _KEYS = "page", "keys of pages"


def current(page: str = EXPLORE, keys: Sequence[str] = (), *, alone: bool = False) -> Experiment:
    """The experiment to show in this run of a page.

    Args:
        page: its name.
        keys: the page's own keys in the URL, which `own` then tells.
        alone: whether these are all that its URL holds.
    """
    state = st.session_state
    url = _url()
    changed_here = state.pop(_OWN, False)
    came_over = state.get(_PAGE, page) != page and not url  # by the navigation, which brings nothing along
    state[_PAGE] = page
    follows = not changed_here and not came_over and state.get(_URL) != (page, url)
    if follows:
        _follow(page, url, keys, alone=alone)
    state[_ARRIVED] = follows or came_over
    experiment = _shown()
    write(page, alone=alone)
    return experiment


def arrived() -> bool:
    """Whether in this run of a page its URL or the navigation leads, not its widgets."""
    return bool(st.session_state.get(_ARRIVED))


def write(page: str, *, alone: bool = False) -> None:
    """Let the URL say what the page shows."""
    experiment = _shown()
    wanted = {**own(page), **everywhere.keys()}
    if not alone:
        wanted |= {key: [value] for key, value in experiment.explicit().items()}
    if page == EXPLORE and runs.in_link(experiment):
        wanted[RUN] = ["kept"]
    if wanted != _url():
        st.query_params.from_dict(wanted)
    st.session_state[_URL] = (page, wanted)


def now() -> Experiment:
    """The experiment that was asked for last; for widgets, which may be clicked before the page has drawn it."""
    return _shown()


def _shown() -> Experiment:
    return Experiment.model_validate_json(st.session_state[_STATE])


def _url() -> Own:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def own(page: str) -> Own:
    """The page's own keys and their values."""
    found: dict[str, Own] = st.session_state.setdefault(_KEYS, {})
    return found.get(page, {})


def change_own(page: str, keys: Own) -> None:
    """Give a page's own keys other values; called by widgets."""
    if keys != own(page):
        st.session_state.setdefault(_KEYS, {})[page] = keys
        changed()


def changed() -> None:
    """What the page shows was changed by a widget: the next run does not follow the URL.

    Only where something did change: a tick that brings once more what is shown would undo the Back that follows it.
    """
    st.session_state[_OWN] = True


def choice(page: str, key: str, options: Iterable[str]) -> str:
    """The word that one of the page's own keys gives; the first of the options where it gives none or a wrong one."""
    first, *others = options
    word = (own(page).get(key) or [first])[-1]
    if word in (first, *others):
        return word
    notice(f"{key}: {shown(word)} is not allowed; give one of {', '.join([first, *others])}. {first} is shown.")
    st.session_state[_KEYS][page] = {name: values for name, values in own(page).items() if name != key}
    write(page)
    return first


def correct(page: str, keys: Own, experiment: Experiment) -> None:
    """Give a page's own keys other values, and another experiment to all pages, while a page runs."""
    st.session_state.setdefault(_KEYS, {})[page] = keys
    _set(experiment)


def _follow(page: str, url: Own, keys: Sequence[str], *, alone: bool) -> None:
    """Show what the URL says."""
    mine = {key: values for key, values in url.items() if key in keys}
    before, said = everywhere.projecting(), everywhere.follow(url)
    others = (*mine, *everywhere.KEYS, *([RUN] if page == EXPLORE else []))
    asked = {key: values for key, values in url.items() if key not in others}
    if alone and _STATE in st.session_state:
        experiment = _shown()
        said += [f"{key}: this page shows no single experiment, the others do; it is ignored." for key in asked]
    else:
        experiment, wrong = _parse(asked)
        said += wrong
    if page == EXPLORE and RUN in url:
        if runs.of(experiment) is None:
            runs.show_kept(experiment)
        if runs.of(experiment) is None:
            said.append("run: no run of this experiment is kept here; Train makes it.")
    st.session_state[_NOTICES] = said
    st.session_state.setdefault(_KEYS, {})[page] = mine
    _set(experiment)
    if everywhere.projecting() != before:  # the page's frame is drawn already, for what held before
        changed()
        st.session_state[_URL] = (page, url)
        st.rerun()


def notices() -> list[str]:
    """Sentences about what was not allowed in the URL or the last change, each told once."""
    return list(st.session_state.pop(_NOTICES, []))


def notice(sentence: str) -> None:
    """Tell something about the URL."""
    told = st.session_state.setdefault(_NOTICES, [])
    if sentence not in told:
        told.append(sentence)


def change(**flat: Any) -> None:
    """Change fields of the experiment, by URL key; called by widgets.

    A change that breaks a rule between fields takes the remedy along, and says so.
    """
    before = _shown()
    said: list[str] = []
    try:
        experiment = before.changed(**flat)
    except ExperimentError as error:
        try:
            experiment = before.changed(**{**flat, **_remedies(error, flat, said)})
        except ExperimentError:
            experiment, said = before, [f"{problem.sentence} Nothing was changed." for problem in error.problems]
    show(_possible(experiment, said), said)


def show(experiment: Experiment, said: list[str] | None = None) -> None:
    """Show another experiment; called by widgets."""
    st.session_state[_NOTICES] = said or []
    if experiment != _shown():
        _set(experiment)
        changed()


def _set(experiment: Experiment) -> None:
    st.session_state[_STATE] = experiment.model_dump_json()


def _remedies(error: ExperimentError, flat: Mapping[str, Any], said: list[str]) -> dict[str, Any]:
    """For each problem one change that mends it, if possible of a field that the person did not just set."""
    settings = {s.path: s for s in all_settings()}
    found: dict[str, Any] = {}
    for problem in error.problems:
        options = [(settings[path], value) for path, value in problem.remedies.items() if path in settings]
        for setting, value in ([o for o in options if o[0].key not in flat] or options)[:1]:
            found[setting.key] = value
            reason = problem.sentence.partition(": ")[2].partition(";")[0].rstrip(".")
            said.append(f"{setting.label} is now {value}, because {reason}.")
    return found


def _possible(experiment: Experiment, said: list[str]) -> Experiment:
    """The experiment, on a device that this server has."""
    try:
        device_of(experiment)
    except DeviceError as error:
        said.append(f"{error} It runs on the CPU.")
        return experiment.changed(device="auto")
    return experiment


def _parse(url: Mapping[str, list[str]]) -> tuple[Experiment, list[str]]:
    experiment, problems = read({key: values[-1] for key, values in url.items()})
    said = [
        f"{key}: given {len(values)} times in the link; the last counts." for key, values in url.items() if values[1:]
    ]
    keys, there = {s.name: s.key for s in all_settings()}, {s.path for s in experiment.settings()}
    for problem in problems:
        name, colon, rest = problem.sentence.partition(":")  # the link says "length", not "task.length"
        rest = re.sub(r"[\w.]+\.\w+", lambda dotted: keys.get(dotted[0], dotted[0]), rest)
        end = "The default is shown." if problem.path in there else "It is ignored."
        said.append(f"{keys.get(name, name)}{colon}{rest} {end}")
    return _possible(experiment, said), said
