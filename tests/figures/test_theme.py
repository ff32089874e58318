"""Colours, axes and ticks."""

import math
import tomllib
from pathlib import Path

import pytest

from explorer.figures import theme
from explorer.figures.updates import kept

CELLS = ["tanh", "relu", "lstm", "gru"]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_colour_can_be_read_as_text(name):
    paper = theme.ink(name).paper
    cells = [*CELLS, *(f"new{i}" for i in range(40))]
    colours = [theme.style(c, name).colour for c in cells] + [
        getattr(theme.ink(name), k) for k in ("text", "quiet", "reference")
    ]
    assert min(contrast(c, paper) for c in colours) >= 4.5


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_and_paper_are_the_apps(name):
    config = tomllib.loads((Path(theme.__file__).parents[2] / ".streamlit" / "config.toml").read_text())
    app = config["theme"][name]
    assert (theme.ink(name).text, theme.ink(name).paper) == (app["textColor"], app["backgroundColor"])


def test_cells_differ_in_colour_and_dash():
    assert len({theme.style(c).colour for c in CELLS}) == len({theme.style(c).dash for c in CELLS}) == 4


def test_an_unknown_cell_keeps_its_style():
    assert theme.style("antisymmetric") == theme.style("antisymmetric")
    assert theme.style("antisymmetric").colour not in {theme.style(c).colour for c in CELLS}


@pytest.mark.parametrize(
    ("low", "high"), [(1e-45, 1e-40), (1e-8, 1.0), (0.9, 1.1), (1.0, 1.0), (1e30, 1.7e308), (1e-300, 1e300)]
)
def test_log_axis_holds_the_data_and_two_decades(low, high):
    axis = theme.log_axis(low, high)
    assert axis.low <= math.log10(low) and axis.high >= min(307, math.log10(high))
    assert axis.high - axis.low >= 2 - 1e-9
    layout = axis.layout("")
    assert 1 <= len(layout["tickvals"]) <= 7
    assert all(math.isfinite(v) and v > 0 for v in layout["tickvals"][1:])


def test_zeros_and_broken_values_have_rows_of_their_own():
    axis = theme.log_axis(1e-3, 1.0, zeros=True, broken="inf/nan")
    assert axis.bottom < axis.zero < axis.low < math.log10(1e-3) < 0 < axis.high < axis.top < axis.ceiling
    assert axis.layout("")["ticktext"][0] == "0" and axis.layout("")["ticktext"][-1] == "inf/nan"


def test_decades_are_written_for_people():
    assert [theme.decade(d) for d in theme.decades(-8, 2, 12)] == [
        "1e-8", "1e-7", "1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10", "100",
    ]  # fmt: skip
    assert theme.decades(-8, 2, 4) == [-6, -3, 0] and 0 in theme.decades(-40, 1)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 10, 99, 100, 1000])
def test_time_ticks_start_at_one(length):
    axis = theme.time_axis(length)
    assert axis["tickvals"][0] == 1 and axis["tickvals"] == sorted(set(axis["tickvals"]))
    assert len(axis["tickvals"]) <= 7 and axis["tickvals"][-1] <= length


def test_kept_rows_are_few_even_and_hold_the_ends():
    rows = kept(1234)
    assert len(rows) == 200 and rows[0] == 0 and rows[-1] == 1233 and set(rows[1:] - rows[:-1]) <= {6, 7}
    assert list(kept(3)) == [0, 1, 2] and list(kept(0)) == []
