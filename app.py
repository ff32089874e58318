"""The front door: page config and navigation, nothing else."""

from pathlib import Path

import streamlit as st

st.set_page_config("Gradient flow in BPTT", "📉", layout="wide", initial_sidebar_state="auto")
pages = Path(__file__).parent / "explorer" / "ui"
st.navigation([st.Page(pages / "explore.py", title="Explore", default=True)], position="hidden").run()
