"""What the page gives a widget reaches the browser, also where a newer request stops the run that gives it."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import given


class State(dict):
    """A session's state that notes what is written."""

    def __init__(self):
        super().__init__()
        self.written = []

    def __setitem__(self, key, value):
        self.written += [key] if key == "cell" else []
        super().__setitem__(key, value)


@pytest.fixture
def state(monkeypatch):
    state = State()
    monkeypatch.setattr(given.st, "session_state", state)
    monkeypatch.setattr(given, "SENT", 0)
    monkeypatch.setattr(given, "_brought", lambda key: state.brought)
    return state


def run(state, value, *, stopped=False, brought=True):
    """One run of a page; whether the widget was given its value."""
    state.written.clear()
    state.brought = brought
    given.begin()
    given.put("cell", value)
    if not stopped:
        given.end()
    return bool(state.written)


def test_a_value_is_given_until_the_browser_brings_it(state):
    assert run(state, "tanh", brought=False) and run(state, "tanh", stopped=True, brought=False)
    assert run(state, "tanh", brought=False), "drawn, perhaps, but not brought so far"
    assert not run(state, "tanh") and not run(state, "tanh", brought=False)
    state["cell"] = "gru"  # a person's choice
    assert not run(state, "gru"), "a slider under the finger stays put"
    assert run(state, "lstm") and not run(state, "lstm")


def test_an_old_value_is_no_choice(state, monkeypatch):
    run(state, "tanh")
    run(state, "lstm", stopped=True)
    state["cell"] = "tanh"  # the browser was never told of the other
    assert given.stale("cell")
    assert run(state, "lstm"), "it is told again"
    state["cell"] = "tanh"
    assert not given.stale("cell"), "a person's choice"
    run(state, "gru")
    state["cell"] = "tanh"
    context = SimpleNamespace(fragment_ids_this_run=["live"])
    monkeypatch.setattr(given, "get_script_run_ctx", lambda: context)
    assert given.stale("cell"), "a tick that was on its way"
    monkeypatch.setattr(given, "IN_FLIGHT", 0)
    assert not given.stale("cell")


def test_what_the_browser_brings_is_known():
    """By the page's own app, whose widgets the test's browser holds like a real one."""
    at = AppTest.from_string(PAGE).run()
    assert not at.exception and at.text[0].value == "False"
    assert at.run().text[0].value == "True"
    at.slider[0].set_value(7).run()
    assert at.text[0].value == "True" and at.slider[0].value == 7


PAGE = """
import streamlit as st
from explorer.ui import given
st.text(str(given._brought("k")))
given.put("k", st.session_state.get("k", 5))
st.slider("k", 0, 9, key="k")
"""
