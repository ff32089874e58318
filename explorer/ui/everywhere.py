"""Keys of the URL that hold on every page: projector mode, and the controls that a student's sheet goes without.

projector=1              larger type and lines, controls folded away, high contrast
hide=cell,length,train   the controls of these names are not drawn; their values still come from the URL
"""

import difflib
from collections.abc import Mapping

import streamlit as st

from explorer.problems import shown

Own = Mapping[str, list[str]]
PROJECTOR, HIDE = KEYS = ("projector", "hide")
GROUPS = ("controls", "preset", "train", "pin", "vary", "picture", "export", "pages")
"""What can be hidden beside single fields: all controls of the experiment, the presets, what trains, Pin, a sweep's
axes, the choice of pictures, Export, the page menu."""
CHANGED = "changed_here"  # in the session: a widget changed what the page shows, so the next run does not read the URL
_WORDS = {"1": True, "true": True, "": True, "0": False, "false": False}
_STATE = "keys of every page"


def keys() -> Own:
    """What holds now, as keys of the URL; before the first page has run, what the URL says."""
    known: Own | None = st.session_state.get(_STATE)
    return known if known is not None else _read({key: st.query_params.get_all(key) for key in KEYS})[0]


def follow(url: Own) -> list[str]:
    """Let hold what a URL says, and return sentences about what it says wrongly."""
    st.session_state[_STATE], said = _read(url)
    return said


def projecting() -> bool:
    """Whether the page is on a projector."""
    return PROJECTOR in keys()


def project(on: bool) -> None:
    """Turn projector mode on or off; called by widgets."""
    rest = {key: values for key, values in keys().items() if key != PROJECTOR}
    st.session_state[_STATE] = {PROJECTOR: ["1"], **rest} if on else rest
    st.session_state[CHANGED] = True


def hidden(name: str) -> bool:
    """Whether the URL hides a control, by its key there or the name of its group."""
    return any(name in values[0].split(",") for key, values in keys().items() if key == HIDE)


def names() -> tuple[str, ...]:
    """What can be hidden."""
    # Here: these bring torch along, and every page asks for its frame before it sends the browser anything.
    from explorer.experiment import all_settings
    from explorer.lessons import LESSONS

    fields = [setting.key for setting in all_settings()]
    return (*dict.fromkeys([*GROUPS, *fields, *(control.key for lesson in LESSONS for control in lesson.controls)]),)


def _read(url: Own) -> tuple[Own, list[str]]:
    found: dict[str, list[str]] = {}
    said: list[str] = []
    for word in url.get(PROJECTOR, [])[-1:]:
        if word.lower() not in _WORDS:
            said.append(f"{PROJECTOR}: {shown(word)} is not allowed; give 1. It is ignored.")
        elif _WORDS[word.lower()]:
            found[PROJECTOR] = ["1"]
    words = [part.strip() for value in url.get(HIDE, []) for part in value.split(",") if part.strip()]
    known = names() if words else ()
    kept = [word for word in dict.fromkeys(words) if word in known]
    if kept:
        found[HIDE] = [",".join(kept)]
    said += [_unknown(word, known) for word in dict.fromkeys(words) if word not in known]
    return found, said


def _unknown(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    meant = f"did you mean {near[0]}?" if near else f"give a field's key, or one of {', '.join(GROUPS)}."
    return f"{HIDE}: {shown(word)} is no control; {meant} It is ignored."
