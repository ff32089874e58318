"""The experiment a page shows, and its URL: one is always the other.

The experiment in the session decides; the URL follows it, and leads only when it was opened, edited or gone back to.
Widgets answer faster than a browser writes its address, so a run that a widget caused never reads the URL.
Beside the experiment the URL holds run=kept where the page shows a run that has ended.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.building import DeviceError, device_of
from explorer.experiment import Experiment, all_settings, read
from explorer.problems import ExperimentError
from explorer.ui import runs

RUN = "run"
_STATE, _URL, _NOTICES, _OWN = "experiment", "url", "notices", "changed_here"


def current() -> Experiment:
    """The experiment to show in this run of the page."""
    state = st.session_state
    url = {key: st.query_params.get_all(key) for key in st.query_params}
    if not state.pop(_OWN, False) and state.get(_URL) != url:
        asked = {key: values for key, values in url.items() if key != RUN}
        experiment, notices = _parse(asked)
        if RUN in url and runs.of(experiment) is None:
            runs.show_kept(experiment)
        if RUN in url and runs.of(experiment) is None:
            notices.append("run: no run of this experiment is kept here; Train makes it.")
        state[_NOTICES] = notices
        _set(experiment)
    experiment = Experiment.model_validate_json(state[_STATE])
    wanted = {key: [value] for key, value in experiment.explicit().items()}
    if runs.in_link(experiment):
        wanted[RUN] = ["kept"]
    if wanted != url:
        st.query_params.from_dict(wanted)
    state[_URL] = wanted
    return experiment


def notices() -> list[str]:
    """Sentences about what was not allowed in the URL or the last change, each told once."""
    return list(st.session_state.pop(_NOTICES, []))


def change(**flat: Any) -> None:
    """Change fields of the experiment, by URL key; called by widgets.

    A change that breaks a rule between fields takes the remedy along, and says so.
    """
    before = Experiment.model_validate_json(st.session_state[_STATE])
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
    _set(experiment)
    st.session_state[_NOTICES] = said or []
    st.session_state[_OWN] = True


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
        end = "The default is shown." if problem.path in there else "It is ignored."
        said.append(f"{keys.get(name, name)}{colon}{rest} {end}")
    return _possible(experiment, said), said
