"""What the page gives a widget reaches the browser, also where a newer request stops the run that gives it."""

import pytest

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
    return state


def run(state, value, *, stopped=False):
    """One run of a page; whether the widget was given its value."""
    state.written.clear()
    given.begin()
    given.put("cell", value)
    if not stopped:
        given.end()
    return bool(state.written)


def test_a_value_is_given_once_a_whole_run_has_ended(state):
    assert run(state, "tanh", stopped=True) and run(state, "tanh", stopped=True)
    assert run(state, "tanh"), "no run has ended so far"
    assert not run(state, "tanh") and not run(state, "tanh", stopped=True)
    state["cell"] = "gru"  # a person's choice
    assert not run(state, "gru"), "a slider under the finger stays put"
    assert run(state, "lstm") and not run(state, "lstm")


def test_a_run_that_has_just_ended_may_not_be_sent_yet(state, monkeypatch):
    monkeypatch.setattr(given, "SENT", 60)
    assert run(state, "tanh") and run(state, "tanh")


def test_an_old_value_is_no_choice(state, monkeypatch):
    class Context:
        fragment_ids_this_run = None

    monkeypatch.setattr(given, "get_script_run_ctx", Context)
    run(state, "tanh")
    run(state, "lstm", stopped=True)
    state["cell"] = "tanh"  # the browser was never told of the other
    assert given.stale("cell")
    assert run(state, "lstm"), "it is told again"
    state["cell"] = "tanh"
    assert not given.stale("cell"), "a person's choice"
    run(state, "gru")
    state["cell"] = "tanh"
    Context.fragment_ids_this_run = ["live"]
    assert given.stale("cell"), "a tick that was on its way"
    monkeypatch.setattr(given, "IN_FLIGHT", 0)
    assert not given.stale("cell")
