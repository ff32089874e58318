"""Charts of a sweep: panels side by side with one vertical axis, their headings, titles and the names of lines."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.drawing import Drawing, Settings
from explorer.figures.labels import spread
from explorer.figures.room import HEIGHT, extent
from explorer.figures.theme import FONT, TITLE, Style, Theme, ink, style
from explorer.findings.swept import cell_name, plain

MOST = 4  # panels side by side that can still be read
WIDTH = 560.0  # px: the narrowest plot area, all panels together, that words are placed for
GAP = 16.0  # px between panels
LETTERS = 92  # a line of a title in the narrowest chart
HEADS = 44  # px above panels without a title: room for their headings
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class Look:
    """How one cell of a sweep is drawn and what it is called."""

    name: str
    colour: str
    dash: str
    marker: str = "circle"


def looks(cells: Sequence[str], theme: Theme) -> dict[str, Look]:
    """Return the look of each label of a cell: the colour of its kind, another dash where a kind comes again."""
    found: dict[str, Look] = {}
    for label in dict.fromkeys(cells):
        own: Style = style(plain(label), theme)
        twin = sum(plain(other) == plain(label) for other in found)
        start = DASHES.index(own.dash) if own.dash in DASHES else 0
        found[label] = Look(cell_name(label), own.colour, DASHES[(start + twin) % 4] if twin else own.dash)
    return found


def start(said: str, note: str, alt: str, theme: Theme, margin: Settings) -> Drawing:
    """Return an empty chart under a title of one or two lines and a quiet line of notes.

    Args:
        said: the finding.
        note: how it was reduced; may be empty.
        alt: what kind of chart it is, before the finding.
        theme: ``light`` or ``dark``.
        margin: left, right and bottom in pixels.
    """
    said = (
        said.replace(" ≤ ", "\u00a0≤\u00a0").replace(" (", "\u00a0(").replace(" %", "\u00a0%")
    )  # no line ends between these
    lines = textwrap.wrap(said, LETTERS, break_long_words=False)
    if len(lines) > 1:  # lines of one length, none with a last word alone
        lines = textwrap.wrap(said, min(LETTERS, len(said) // len(lines) + 8), break_long_words=False)
    quiet = [f'<span style="color:{ink(theme).quiet};font-size:{FONT}px">{note}</span>'] if note else []
    top = 14 + 1.3 * TITLE * len(lines) + 1.3 * FONT * len(quiet) + 1.6 * FONT
    sentence = f"{alt}: {said}{f' ({note})' if note else ''}."
    drawing = Drawing("<br>".join([*lines, *quiet]), sentence, theme, {**margin, "t": round(top)})
    drawing.layout["meta"] |= {"said": f"{said}.", "note": note}  # for a page that says it above the chart instead
    # Plotly measures the room above a title of several lines from another place than above one line.
    drawing.layout["title"] |= {"pad": {"t": 20 if len(lines) + len(quiet) > 1 else 6, "l": 2}}
    return drawing


def untitled(figure: go.Figure) -> go.Figure:
    """Return the chart without its title, for a page that says `layout.meta["said"]` itself."""
    figure.layout.title = None
    figure.layout.margin.t = HEADS
    return figure


def chosen(names: Sequence[str]) -> list[str]:
    """Return at most MOST of the panels, evenly spread."""
    each = list(dict.fromkeys(names))
    return each if len(each) <= MOST else [each[i] for i in np.linspace(0, len(each) - 1, MOST).round().astype(int)]


def left_out(names: Sequence[str]) -> str:
    """Say how many panels are not shown; empty where all are."""
    each = len(dict.fromkeys(names))
    return f"{MOST} of {each} panels shown" if each > MOST else ""


def axes(drawing: Drawing, heads: Sequence[str], x: Sequence[Settings], y: Settings, title: str) -> None:
    """Set the axes of all panels, one vertical axis for all, and write headings and the title under them."""
    amount = len(heads)
    share = GAP / WIDTH
    wide = (1 - share * (amount - 1)) / amount
    for i, (head, own) in enumerate(zip(heads, x, strict=True)):
        ident = "" if i == 0 else str(i + 1)
        domain = [i * (wide + share), min(1.0, i * (wide + share) + wide)]
        # One title for all panels: an axis has one of its own only for screen readers and where it stands alone.
        named = {"title": {"text": title}} if amount == 1 else {"title": {"text": ""}}
        drawing.layout[f"xaxis{ident}"] = own | named | {"domain": domain, "anchor": f"y{ident}"}
        drawing.scatter(head or "panel", x=[None], y=[None], hoverinfo="skip", **on(i))  # no trace, no axes drawn
        shown = y if i == 0 else y | {"showticklabels": False, "title": {"text": ""}}
        drawing.layout[f"yaxis{ident}"] = shown | {"anchor": f"x{ident}"}
        if head:
            drawing.note(
                head, x=sum(domain) / 2, xref="paper", xanchor="center", y=1, yref="paper", yanchor="bottom", yshift=3,
                font={"color": drawing.ink.text, "size": FONT},
            )  # fmt: skip
    if amount > 1:
        drawing.note(title, x=0.5, xref="paper", y=0, yref="paper", yanchor="top", yshift=-26)


def on(panel: int) -> Settings:
    """Return the axes of a trace in a panel, counted from 0."""
    return {"xaxis": f"x{panel + 1}", "yaxis": f"y{panel + 1}"} if panel else {}


def within(panel: int) -> Settings:
    """Return the axes of a shape or a word in a panel, counted from 0."""
    return {"xref": f"x{panel + 1}", "yref": f"y{panel + 1}"} if panel else {"xref": "x", "yref": "y"}


def ends(drawing: Drawing, found: Sequence[tuple[Look, float, float]], **settings: Any) -> None:
    """Write the names of lines into the right margin, pushed apart where they would touch.

    Args:
        drawing: the chart.
        found: of each line its look, the height of its end in shares of the plot, and that height on the axis.
        settings: of the words, such as the axis of that height.
    """
    heights = [extent(_broken(look.name))[1] for look, _, _ in found]
    places = spread([HEIGHT * share for _, share, _ in found], heights, 8, HEIGHT - 8)
    for (look, share, value), place in zip(found, places, strict=True):
        drawing.note(
            f"<b>{_broken(look.name)}</b>", x=1, xref="paper", xanchor="left", xshift=8, y=value, yanchor="middle",
            yshift=place - HEIGHT * share, align="left", font={"color": look.colour, "size": FONT + 1},
            **settings,
        )  # fmt: skip


def _broken(name: str) -> str:
    return name.replace(", ", "<br>")


def empty(drawing: Drawing, words: str, x: float = 0.5) -> None:
    """Say in the middle of an empty chart, or at another share of its width, what fills it."""
    drawing.note(
        words, x=x, xref="paper", xanchor="center", y=0.5, yref="paper", yanchor="middle", bgcolor=drawing.ink.paper
    )


def ticks(values: Sequence[float], low: float, high: float, wide: float) -> list[float]:
    """Return those of the values that can be written on a log axis of so many pixels without touching, ends first."""
    kept: list[float] = []
    for value in [*values[-1:], *values[:1], *values]:
        place, half = np.log10(value), 4.0 * len(f"{value:g}") + 3
        far = all(abs(place - np.log10(k)) / (high - low) * wide > half + 4.0 * len(f"{k:g}") + 3 for k in kept)
        if far:
            kept.append(value)
    return sorted(kept)


def panel_width(amount: int) -> float:
    """Return the width of one of so many panels in the narrowest chart, in pixels."""
    return (WIDTH - GAP * (amount - 1)) / amount
