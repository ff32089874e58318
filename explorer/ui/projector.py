"""Projector mode: everything larger, controls folded away, high contrast, and all of it in one window of 16 : 9.

The page's type grows with the window, so that it looks the same from the last row whatever the projector. Charts are
made for 14 px text: each is laid out in a smaller room and magnified in the browser, text, lines and margins alike.
"""

from pathlib import Path

import streamlit as st

from explorer.figures.theme import Theme, ink
from explorer.ui import everywhere

__all__ = ["projecting", "projector_style"]
projecting = everywhere.projecting
_CSS = Path(__file__).with_name("projector.css").read_text(encoding="utf-8")


def projector_style(theme: Theme) -> None:
    """Put the look of projector mode into the page."""
    colours = ink(theme)
    own = f":root {{ --projected-paper: {colours.paper}; --projected-text: {colours.text}; }}"
    st.html(f"<style>{own}\n{_CSS}</style>")
