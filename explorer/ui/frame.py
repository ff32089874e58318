"""What stands around every page: its name, its link to copy, projector mode, and the key for that."""

from html import escape
from pathlib import Path

import streamlit as st

from explorer.ui import everywhere
from explorer.ui.keys import keys
from explorer.ui.look import theme
from explorer.ui.projector import projecting, projector_style

TOOLS, PAGE_KEYS = "page-tools", "page-keys"
_FOLDER = Path(__file__).parent
_HTML = """<button type="button" class="copy-link" aria-label="Copy link" title="Copy link to what this page shows">
<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"
stroke-linecap="round"><path d="M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1"/><path d="M14 10a5 5 0 0 0-7 0l-3 3a5 5 0
0 0 7 7l1-1"/></svg></button><span class="copy-link-said" role="status"></span>"""
_STYLE = f"<style>{(_FOLDER / 'frame.css').read_text(encoding='utf-8')}</style>"
_tools = st.components.v2.component(
    "page_tools",
    html=_HTML,
    js=(_FOLDER / "frame.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def frame(title: str) -> None:
    """Draw it; before the page, so that it comes first for the keyboard.

    Args:
        title: the name of the page, for those who hear it; empty where the page shows a heading of the first level.
    """
    on = projecting()
    st.html(_STYLE)
    if on:
        projector_style(theme())
    if everywhere.hidden("pages"):
        st.html('<style>[data-testid="stTopNav"] { display: none !important; }</style>')
    with st.container(key=TOOLS, horizontal=True, vertical_alignment="center"):
        if title:
            st.html(f'<h1 class="page-name">{escape(title)}</h1>')
        _tools(key="copy-link", data={"folded": on}, width="content")
        st.button(
            "Leave projector mode" if on else "Projector mode",
            key="projector", icon=":material/slideshow:", type="tertiary", on_click=everywhere.project, args=(not on,),
            help=f"{'Back to all charts and controls' if on else 'Larger, fewer charts, high contrast'} (key P)",
        )  # fmt: skip
        keys({"p": "projector"}, key=PAGE_KEYS)
