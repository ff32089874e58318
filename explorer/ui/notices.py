"""What was wrong with a link or a change, told once, beside the page, so that nothing moves."""

import re

import streamlit as st

from explorer.ui import address

SECONDS = 20  # for which a notice stays, unless it is closed
AT_ONCE = 3


def plain(sentence: str) -> str:
    """As Markdown that shows just this: a link or a file's name may say anything, and must not put its own links."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(sentence.split()))


def show() -> None:
    """Tell what there is to tell since the last time."""
    told = address.notices()
    for sentence in told[:AT_ONCE] + ([f"… and {len(told) - AT_ONCE} more."] if told[AT_ONCE:] else []):
        st.toast(plain(sentence), icon=":material/info:", duration=SECONDS)
