"""The Explore page: the measured gradient of one experiment, live, and of its training."""

import re

import streamlit as st

from explorer.ui import address
from explorer.ui.controls import controls
from explorer.ui.stage import stage
from explorer.workers.processes import PROCESSES

NOTICE = 20  # seconds for which a notice stays, unless it is closed

experiment = address.current()
with st.sidebar:
    controls(experiment)
told = address.notices()
for sentence in told[:3] + ([f"… and {len(told) - 3} more."] if told[3:] else []):
    # Beside the page, so that nothing moves. Escaped: a link may say anything, and must not put its own links here.
    st.toast(re.sub(r"([^\w\s])", r"\\\1", sentence, flags=re.ASCII), icon=":material/info:", duration=NOTICE)
stage(experiment)
PROCESSES.warm_up()  # last: until the first picture is there, its start would only be in the way
