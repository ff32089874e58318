"""Values that a page gives its widgets, beside those that people choose.

The browser learns a value from the messages of the run that gives it. A newer run may replace them before they are sent
or drawn, and Streamlit takes the value for known: the browser then shows the widget's default, or its old value, and
soon sends that back as if somebody had chosen it. So a value is given anew until the browser has brought it.
"""

import math
import time
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

IN_FLIGHT = 3.0  # seconds after which nothing old is on its way any more
SENT = 0.3  # seconds after the end of a run in which its last messages go to the browser
_GIVEN, _ENDED = "given", "ended"


def put(key: str, value: Any) -> None:
    """Give a widget its value where it has another; else leave it, so that a slider under the finger stays put."""
    state = st.session_state
    given: set[str] = state.setdefault(_GIVEN, set())
    if state.get(key) != value:
        if key in state:
            state[_replaced(key)] = state[key], time.monotonic()
        given.add(key)
    elif _brought(key):
        given.discard(key)
    if key in given:
        state[key] = value


def stale(key: str) -> bool:
    """Whether the browser brings an old value, because it does not know yet what the page gave the widget.

    So does a tick of a fragment that was on its way; though it may as well be the first to bring what a person has just
    chosen. A request for the whole page does so only where the run that gave the value was stopped.
    """
    context, state = get_script_run_ctx(), st.session_state
    replaced, when = state.get(_replaced(key), (None, -IN_FLIGHT))
    ticks = context is not None and context.fragment_ids_this_run
    if state[key] != replaced:
        return False
    return bool(time.monotonic() - when < IN_FLIGHT) if ticks else key in state.get(_GIVEN, ()) and not _sent()


def end() -> None:
    """A run of the page has come to its end."""
    st.session_state[_ENDED] = time.monotonic()


def begin() -> None:
    """A run of the page begins."""
    st.session_state[_ENDED] = math.inf


def _sent() -> bool:
    """Whether the messages of the run before are with the browser."""
    return bool(time.monotonic() - st.session_state.get(_ENDED, math.inf) > SENT)


def _brought(key: str) -> bool:
    """Whether the request that led to this run holds the widget; there is no public way to ask."""
    context = get_script_run_ctx()
    if context is None:
        return False
    state = context.session_state._state
    return state._key_id_mapper.get_id_from_key(key, key) in state._new_widget_state.states


def _replaced(key: str) -> str:
    return f"{key}-replaced"
