"""Callbacks of widgets are carried out whole, whatever else the browser asks for meanwhile."""

from functools import wraps
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState


def carry_out_whole() -> None:
    """Let a newer request wait until the callbacks of the one before it have run.

    Streamlit looks for newer requests at every access to the session's state. Where one came while a callback ran, it
    gave the callback up half-way and ran the page as if nobody had clicked; a page that ticks asks often. The request
    itself is not lost: Streamlit looks once more when the callbacks are done. There is no public way to ask for this.
    """
    prepare = SafeSessionState.on_script_will_rerun  # applies what the browser sent, and calls the callbacks
    if hasattr(prepare, "__wrapped__"):
        return

    @wraps(prepare)
    def prepare_whole(state: SafeSessionState, *given: Any, **named: Any) -> None:
        look = state._yield_callback
        look()
        object.__setattr__(state, "_yield_callback", lambda: None)  # its own __setattr__ writes the session's state
        try:
            prepare(state, *given, **named)
        finally:
            object.__setattr__(state, "_yield_callback", look)

    SafeSessionState.on_script_will_rerun = prepare_whole  # type: ignore[method-assign, assignment]
