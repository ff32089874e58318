"""The Explore page: the measured gradient of one experiment, live, and of its training."""

import streamlit as st

from explorer.ui import address, notices
from explorer.ui.controls import controls
from explorer.ui.stage import stage
from explorer.workers.processes import PROCESSES

experiment = address.current()
with st.sidebar:
    controls(experiment)
notices.show()
stage(experiment)
address.write(address.EXPLORE)  # once more: a short run may have ended since
PROCESSES.warm_up()  # last: until the first picture is there, its start would only be in the way
