"""What was wrong with a link or a change, told once, beside the page, so that nothing moves."""

import re

import streamlit as st

from explorer.ui import address

SECONDS = 20  # for which a notice stays, unless it is closed
AT_ONCE, SOME = 3, 12  # notices, and names in the last of them


def plain(sentence: str) -> str:
    """As Markdown that shows just this: a link or a file's name may say anything, and must not put its own links."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(sentence.split()))


def show() -> None:
    """Tell what there is to tell since the last time."""
    told = address.notices()
    for sentence in shortened(told):
        st.toast(plain(sentence), icon=":material/info:", duration=SECONDS)


def shortened(told: list[str]) -> list[str]:
    """The first few sentences, and of the others what they are about."""
    rest = [sentence.partition(":")[0] for sentence in told[AT_ONCE:]]
    if not rest:
        return told
    named = ", ".join(rest[:SOME]) + (f" and {len(rest) - SOME} more" if rest[SOME:] else "")
    return [*told[:AT_ONCE], f"… and {len(rest)} more, about {named}."]
