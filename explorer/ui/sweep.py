"""The Sweep page: what the gradient and learning come to over many experiments, one picture for each question."""

import streamlit as st

from explorer.ui import address, notices
from explorer.ui.controls import controls
from explorer.ui.sweep_stage import KEYS, SWEEP, leave_for_a_run, sweep_stage
from explorer.workers.processes import PROCESSES

leave_for_a_run()
experiment = address.current(SWEEP, KEYS)
with st.sidebar:
    controls(experiment)
sweep_stage(experiment)
notices.show()
PROCESSES.warm_up()
