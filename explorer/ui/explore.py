"""The Explore page: the measured gradient of one experiment, live, and of its training."""

import re

import streamlit as st

from explorer.processes import PROCESSES
from explorer.ui import address
from explorer.ui.board import load_board
from explorer.ui.controls import controls
from explorer.ui.look import page_style
from explorer.ui.stage import stage

page_style()
load_board()
PROCESSES.warm_up()
experiment = address.current()
with st.sidebar:
    controls(experiment)
if said := address.notices():
    shown = said[:3] + ([f"… and {len(said) - 3} more."] if said[3:] else [])
    # Escaped: a link may say anything, and must not put its own links and pictures on the page.
    st.warning("  \n".join(re.sub(r"([^\w\s])", r"\\\1", sentence, flags=re.ASCII) for sentence in shown))
stage(experiment)
