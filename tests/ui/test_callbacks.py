"""A callback is carried out whole, although the browser asks for something else while it runs."""

import pytest
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.state import safe_session_state

from explorer.ui.callbacks import carry_out_whole


class State(dict):
    """A session's state with one widget, whose callback reads and writes it."""

    def on_script_will_rerun(self, fresh, **named):
        self["chosen"] = self.safe["widget"]
        self.safe["told"] = True


def asked_while_it_runs(kind):
    """The state after a callback that newer requests wait for, and how often it was looked for them."""
    looks = []

    def look():
        looks.append(None)
        if len(looks) > 1:
            raise RerunException(RerunData())

    state = State(widget="gru")
    state.safe = kind(state, look)
    state.safe.on_script_will_rerun(None)
    return state, looks


def test_a_newer_request_waits_for_the_callback(monkeypatch):
    kind = safe_session_state.SafeSessionState  # pages that other tests ran may have seen to it already
    prepare = getattr(kind.on_script_will_rerun, "__wrapped__", kind.on_script_will_rerun)
    plain = type("Plain", (kind,), {"on_script_will_rerun": prepare})
    monkeypatch.setattr("explorer.ui.callbacks.SafeSessionState", plain)
    with pytest.raises(RerunException):
        asked_while_it_runs(plain)
    carry_out_whole()
    once = plain.on_script_will_rerun
    carry_out_whole()
    assert plain.on_script_will_rerun is once
    state, looks = asked_while_it_runs(plain)
    assert (state["chosen"], state["told"], len(looks)) == ("gru", True, 1)
    with pytest.raises(RerunException):
        _ = state.safe["chosen"]  # it is looked for again
