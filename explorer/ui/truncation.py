"""The Truncation page: what each variant of BPTT leaves of the gradient, and what that costs."""

import streamlit as st

from explorer.ui import address, notices
from explorer.ui.controls import controls
from explorer.ui.truncation_stage import KEYS, TRUNCATION, truncation_stage
from explorer.workers.processes import PROCESSES

experiment = address.current(TRUNCATION, KEYS)
with st.sidebar:
    controls(experiment)
truncation_stage(experiment)
notices.show()
PROCESSES.warm_up()
