"""Boards and text as one HTML file that opens from a disk, without a server and without the network."""

import re
from collections.abc import Sequence
from html import escape

import plotly.offline

from explorer.boards.message import Board
from explorer.boards.parts import code, part
from explorer.boards.sections import Choices, Section, html
from explorer.figures.theme import Theme, ink, shade_of, style

# Whatever the scripts might ask for, nothing outside the file is loaded. Pictures are drawn from blobs.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)


def standalone(title: str, sections: Sequence[Section], theme: Theme = "light") -> str:
    """The sections as one HTML file.

    Its charts are those of the app, scrubber and buttons for pictures included, drawn by the same code.

    Args:
        title: of the window, and above the sections.
        sections: in their order; see `explorer.boards.sections`.
        theme: that the figures of the boards were made for.
    """
    lead = "" if _alone(sections) else f"<h1>{escape(title)}</h1>"
    scripts = f"<script>{_script(plotly.offline.get_plotlyjs())}</script>\n" if _boards(sections) else ""
    scripts += f'<script type="module">{_script(code() + part("page.js"))}</script>' if scripts else ""
    return f"""<!doctype html>
<html lang="en" style="{_colours(theme)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)}</title>
<style>{part("board.css")}{part("page.css")}</style>
</head>
<body>
<main>{lead}
{html(sections)}
</main>
{scripts}
</body>
</html>
"""


def _boards(sections: Sequence[Section]) -> bool:
    return any(isinstance(s, Board) or (isinstance(s, Choices) and _boards(s.revealed)) for s in sections)


def _alone(sections: Sequence[Section]) -> bool:
    """Whether the page begins with a board's own headline, which says what the title would."""
    return bool(sections) and isinstance(sections[0], Board)


def _colours(theme: Theme) -> str:
    """What Streamlit calls the colours of the theme."""
    colours = ink(theme)
    named = {
        "color-scheme": "dark" if shade_of(theme) else "light",
        "--st-text-color": colours.text,
        "--st-background-color": colours.paper,
        "--st-border-color": colours.zero,
        "--st-primary-color": style("lstm", theme).colour,
    }
    return ";".join(f"{name}:{value}" for name, value in named.items())


def _script(code: str) -> str:
    """JavaScript in which nothing ends the element that it stands in."""
    return re.sub(r"<(?=/script|!--)", r"\\x3c", code, flags=re.IGNORECASE)
