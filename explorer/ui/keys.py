"""Keys that press buttons of the page: for lecturing, where the mouse is far away."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

_NAME = "page_keys"
_keys = st.components.v2.component(
    _NAME, js=Path(__file__).with_name("keys.js").read_text(encoding="utf-8"), isolate_styles=False
)


def keys(pressed: Mapping[str, str], *, key: str = "keys") -> None:
    """Let keys press buttons, once a page; it takes no room where the page hides `.st-key-KEY`, as `look` does.

    A key does nothing while somebody types, where the focused element needs it itself (arrows on a slider, Space on a
    button), with Ctrl, Alt or Meta, or while its button is disabled or not there.

    Args:
        pressed: name of a key as the browser says it ("p", "PageDown", "ArrowLeft", " ") to the key of a button.
        key: its own in the page.
    """
    _keys(key=key, data=dict(pressed))
