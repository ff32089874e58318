"""The front door: page config and navigation, nothing else."""

import gc
from pathlib import Path

import streamlit as st

from explorer.ui import given
from explorer.ui.board import load_board
from explorer.ui.callbacks import carry_out_whole
from explorer.ui.frame import frame
from explorer.ui.look import page_style
from explorer.ui.projector import projecting

st.set_page_config(
    "Gradient flow in BPTT", "📉", layout="wide", initial_sidebar_state="collapsed" if projecting() else "auto"
)
carry_out_whole()
given.begin()
page_style()
load_board()  # first: the browser reads it while the first run imports the rest
pages = Path(__file__).parent / "explorer" / "ui"
gc.disable()  # the first run imports thousands of modules, which the collector would go through again and again
try:
    page = st.navigation(
        [
            st.Page(pages / "explore.py", title="Explore", default=True),
            st.Page(pages / "lessons.py", title="Lessons"),
            st.Page(pages / "compare.py", title="Compare"),
            st.Page(pages / "sweep.py", title="Sweep"),
            st.Page(pages / "truncation.py", title="Truncation"),
            st.Page(pages / "library.py", title="Library"),
            st.Page(pages / "reference.py", title="Reference"),
        ],
        position="top",
    )
    frame("" if page.title in ("Lessons", "Reference") else page.title)  # these have titles of their own
    page.run()
    given.end()
finally:
    gc.enable()
