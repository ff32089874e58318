"""WCAG 2 contrast of everything written: AA asks 4.5 : 1 of text and 3 : 1 of lines and marks."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from explorer.boards.parts import part
from explorer.figures import kinds, theme
from explorer.figures.theme import Theme, ink, style
from explorer.ui import lesson_text, look, reference_text

ROOT = Path(__file__).parents[2]
THEMES: tuple[Theme, ...] = get_args(Theme)
CELLS = ("tanh", "lstm", "gru", "relu", "one that is new", "another", "a third", "and a fourth")
SCHEMES = ("full", "window", "online", "stochastic", "subsequence", "adaptive", "rtrl")
CSS = part("board.css")


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted(
        sum(
            weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for weight, c in zip((0.2126, 0.7152, 0.0722), colour, strict=True)
        )
        for colour in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


def on(paper: str, colour: str, opacity: float = 1.0) -> float:
    under, over = channels(paper), channels(colour)
    return contrast(under, [opacity * o + (1 - opacity) * u for o, u in zip(over, under, strict=True)])


def test_the_formula_gives_the_ratios_of_the_standard():
    assert on("#FFFFFF", "#000000") == pytest.approx(21)
    assert on("#FFFFFF", "#767676") == pytest.approx(4.54, abs=0.01)  # the well-known lightest grey that passes
    assert on("#FFFFFF", "#000000", 0.5) == pytest.approx(3.98, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
def test_whatever_is_written_or_drawn_in_a_chart_is_readable(name):
    colours = ink(name)
    written = {field: getattr(colours, field) for field in ("text", "quiet", "reference")}
    written |= {cell: style(cell, name).colour for cell in CELLS}
    written |= {look.name: look.colour for look in kinds.looks(SCHEMES, name).values()}
    assert len({*written.values()}) > 12
    pale = {word: round(on(colours.paper, colour), 2) for word, colour in written.items()}
    assert not {word: ratio for word, ratio in pale.items() if ratio < 4.5}
    assert on(colours.paper, colours.broken) >= 3


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_a_projector_has_more_contrast(shade):
    usual, projected = ink(shade), ink(f"{shade} projector")
    assert on(projected.paper, projected.text) == pytest.approx(21)
    for field in ("quiet", "reference"):
        assert on(projected.paper, getattr(projected, field)) > 1.4 * on(usual.paper, getattr(usual, field))


@pytest.mark.parametrize("shade", [0, 1])
def test_the_pages_own_words_are_readable(shade):
    name: Theme = ("light", "dark")[shade]
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][name]
    paper, side, text, primary = (
        config[key] for key in ("backgroundColor", "secondaryBackgroundColor", "textColor", "primaryColor")
    )
    assert (paper, text) == (ink(name).paper, ink(name).text)
    mixed = [int(share) / 100 for share in re.findall(r"var\(--st-text-color\) (\d+)%", CSS)]
    pages = look.STYLE + reference_text.STYLE + lesson_text.STYLE + part("page.css")
    faded = [float(share) for share in re.findall(r"\bopacity: (0?\.\d+)", pages)]
    assert mixed and len(faded) >= 6
    assert min(on(ground, text, share) for ground in (paper, side) for share in mixed + faded) >= 4.5
    assert min(on(paper, primary), on(side, primary)) >= 4.5  # values of sliders
    assert on(primary, look.ON_PRIMARY[shade]) >= 4.5  # Train
    assert min(on(paper, look.FOCUS[shade]), on(side, look.FOCUS[shade])) >= 3


def test_no_two_cells_or_schemes_differ_by_colour_alone():
    known = [theme.style(cell).dash for cell in CELLS[:4]]
    assert len({*known}) == len(known)
    looks = kinds.looks(SCHEMES, "light").values()
    assert len({look.dash for look in looks}) == len({look.marker for look in looks}) == len(SCHEMES)
