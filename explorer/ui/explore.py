"""The Explore page: the measured gradient of one experiment, live, and of its training."""

import streamlit as st

from explorer.ui import address
from explorer.ui.board import load_board
from explorer.ui.controls import controls
from explorer.ui.job import warm_up
from explorer.ui.look import page_style
from explorer.ui.stage import stage

page_style()
load_board()
warm_up()
experiment = address.current()
with st.sidebar:
    controls(experiment)
if said := address.notices():
    st.warning("  \n".join(said))
stage(experiment)
