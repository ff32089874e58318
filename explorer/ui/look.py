"""What Streamlit's theme does not set: less air, no empty band above the page, no fading while things are renewed."""

import streamlit as st

from explorer.figures.theme import Theme, ink, shade_of
from explorer.ui.everywhere import projecting

STYLE = """<style>
.stMainBlockContainer { padding: 3.2rem 2rem 0.3rem; }
.stAppHeader { background: transparent; pointer-events: none; }
.stAppHeader button { pointer-events: auto; }
.stApp:has([data-testid="stExpandSidebarButton"]) .stMainBlockContainer { padding-top: 2.8rem; }
[data-testid="stSidebarUserContent"] { padding: 0.4rem 0.1rem 1rem; }
[data-testid="stSidebar"] [data-testid="stButtonGroup"] button { padding-left: 0.7rem; padding-right: 0.7rem; }
[data-testid="stSidebarHeader"] { height: 1.5rem; padding: 0; margin: 0; }
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] { gap: 0.55rem; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] > *:has(.st-key-transport) {
  position: sticky; bottom: 0; z-index: 5; padding: 0.4rem 0; background: var(--page-paper);
}
[data-testid="stStatusWidget"] { display: none; }
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
.compared-room { overflow-x: auto; }
table.compared { width: 100%; border-collapse: collapse; font-size: 1rem; font-variant-numeric: tabular-nums; }
table.compared th, table.compared td { padding: 0.2rem 0.5rem; text-align: right; border: 0; line-height: 1.3; }
table.compared tbody td { white-space: nowrap; }
table.compared thead th { font-weight: 400; opacity: 0.75; vertical-align: bottom; }
table.compared tbody tr { border-top: 1px solid rgba(128, 128, 128, 0.25); }
table.compared tbody th { font-weight: 700; text-align: left; }
[data-testid="stSidebar"]:has([data-testid="stSidebarCollapseButton"]) { min-width: 18.75rem; max-width: 18.75rem; }
[data-testid="stBaseButton-primary"]:not(:disabled) * { color: var(--page-on-primary); opacity: 1 !important; }
[data-testid="stButtonGroup"] [data-selected="true"] p { color: var(--page-text); }
.stApp :is(a, button, summary, input, [role="slider"], [role="radio"], [tabindex="0"]):focus-visible {
  outline: 2px solid var(--page-focus); outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation-duration: 1ms !important; animation-iteration-count: 1 !important;
    transition-duration: 1ms !important; scroll-behavior: auto !important; }
}
</style>"""


# What has the focus is ringed, and what is written on the primary colour; on light pages and on dark ones.
FOCUS, ON_PRIMARY = ("#0072B2", "#56B4E9"), ("#FFFFFF", "#0B0D11")


def page_style() -> None:
    """Put the style into the page."""
    shade = shade_of(theme())
    own = {"focus": FOCUS[shade], "on-primary": ON_PRIMARY[shade], "text": ink(theme()).text}
    st.html(
        f"<style>:root {{ {' '.join(f'--page-{name}: {colour};' for name, colour in own.items())} }}</style>{STYLE}"
    )


def theme() -> Theme:
    """The theme the person has chosen, with more contrast on a projector."""
    if st.context.theme.type == "dark":
        return "dark projector" if projecting() else "dark"
    return "light projector" if projecting() else "light"


def duration(seconds: float) -> str:
    """A time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
