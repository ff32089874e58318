"""The looks of the variants of BPTT."""

import pytest

from explorer.figures import kinds
from explorer.figures import theme as look


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_of_variant_has_a_look_of_its_own_unlike_any_cell(theme):
    kind = ["full", "window", "online", "stochastic", "subsequence", "adaptive", "rtrl"]
    found = kinds.looks(kind, theme)
    assert [looked.name for looked in found.values()] == [*kind[:-1], "RTRL"]
    colours = {looked.colour for looked in found.values()}
    assert len(colours) == 7 and len({x.dash for x in found.values()}) == 7
    assert len({x.marker for x in found.values()}) == 7
    assert not colours & {look.style(cell, theme).colour for cell in ("tanh", "lstm", "gru", "relu")}
    paper = look.ink(theme).paper
    assert min(contrast(colour, paper) for colour in colours) >= 4.5


def contrast(a, b):
    """Contrast of two colours as WCAG defines it."""
    found = []
    for colour in (a, b):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        found.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(found) + 0.05) / (min(found) + 0.05)


def test_variants_of_one_kind_share_a_colour_and_differ_in_dash_and_marker():
    a, b = kinds.looks(["window(k1=5, k2=5)", "window(k1=1, k2=5)"], "light").values()
    assert a.colour == b.colour and a.dash != b.dash and a.marker != b.marker
    assert kinds.looks(["newest"], "light") == kinds.looks(["newest"], "light")
