"""The figures of the cliff: what they draw, wherever the paths go."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr
from figures.boxes import panel_words, touching
from figures.test_contracts import sizes

from explorer import figures
from explorer.figures import theme as look
from explorer.figures.window import cut, visible


def surface(amount=21):
    """Return a slope with a wall, not the network's: the figure draws what it is given."""
    w, b = np.linspace(4, 6, amount), np.linspace(-3, -2, amount)
    error = np.where(b < 0.5 - 0.6 * w[:, None], 0.4, 0.01) + 0.01 * w[:, None]
    norm = np.abs(np.gradient(error, axis=1)) + 0.1
    return xr.Dataset({"error": (("w", "b"), error), "gradient_norm": (("w", "b"), norm)}, {"w": w, "b": b})


def path(*points, threshold=None, errors=None):
    w, b = np.array(points, dtype=float).T
    errors = np.linspace(0.3, 0.1, len(w)) if errors is None else np.array(errors, dtype=float)
    data = {
        "w": w,
        "b": b,
        "error": errors,
        "gradient_norm": np.ones(len(w)),
        "clipped": np.full(len(w), bool(threshold)),
    }
    attrs = {} if threshold is None else {"threshold": threshold}
    return xr.Dataset({k: ("update", v) for k, v in data.items()}, {"update": np.arange(len(w))}, attrs)


HELD = ((5, -2.2), (4.9, -2.4), (4.8, -2.3))
PATHS = {
    "no path": [],
    "leaves": [path((5, -2.2), (4.8, -2.5), (25, 30.9)), path(*HELD, threshold=0.5)],
    "leaves at once": [path((6, -2), (900, -900)), path((6, -2), (6, -2.1), threshold=1)],
    "leaves and comes back": [path((4, -3), (3, -4), (5, -2.5), (5, -2.4))],
    "goes to the ends of all numbers": [path((5, -2.2), (1.7e308, -1.7e308), (-1.7e308, 1.7e308))],
    "nan": [path((5, -2.2), (np.nan, np.nan), errors=(0.2, np.nan)), path(*HELD, threshold=1)],
    "inf": [path((5, -2.2), (5, -2.3), (np.inf, -np.inf), errors=(0.2, 0.1, np.inf))],
    "starts outside": [path((0, 0), (1, 1)), path((0, 0), (5, -2.5), threshold=2)],
    "stands still": [path((5, -2.5), (5, -2.5), errors=(0, 0))],
}


def drawn(paths, theme="light"):
    yield figures.cliff(surface(), paths, theme)
    yield figures.cliff_slice(surface(), 5.01, theme, marks=[-2.2, 7])
    if paths:
        yield figures.descent_errors(paths, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PATHS)
def test_every_figure_draws_every_path(name, theme):
    for fig in drawn(PATHS[name], theme):
        given = json.loads(fig.to_json())
        assert json.loads(go.Figure(given).to_json()) == given
        assert all(trace.name for trace in fig.data) and min(sizes(fig.to_plotly_json())) >= 14
        assert fig.layout.meta["alt"].endswith(".") and fig.layout.meta["said"].endswith(".")
        assert fig.layout.meta["equation"]
        for mark in fig.layout.annotations:
            assert all(math.isfinite(mark[key] or 0) for key in ("x", "y", "xshift", "yshift"))
        assert fig.layout.template.layout.font.color == look.ink(theme).text


@pytest.mark.parametrize("name", PATHS)
def test_no_word_lies_on_another_or_outside(name):
    for fig in drawn(PATHS[name]):
        fig = figures.untitled(fig)
        found, margin = panel_words(fig, (700, 440)), fig.layout.margin
        assert len(found) > 3 and touching(found) == []
        for text, (left, right, low, high) in found:
            assert left > -margin.l and right < 700 - margin.l and low > -margin.b and high < 440 - margin.b, text


def named(fig, name):
    return next(trace for trace in fig.data if trace.name == name)


def test_a_click_finds_its_point():
    data = surface(5)
    field = named(figures.cliff(data), "error")
    assert isinstance(field.customdata[0], list | tuple)  # plotly.js finds no number in a typed array of rows
    for row, column in ((0, 0), (3, 1), (4, 4)):
        number = field.customdata[row][column]
        assert figures.point_at(data, number) == (field.x[column], field.y[row])
        assert field.z[row][column] == pytest.approx(float(data["error"].values.flat[number]))


def test_where_a_path_leaves_there_is_an_arrow_at_the_edge():
    free, held = PATHS["leaves"]
    fig = figures.cliff(surface(), [free, held])
    arrow = named(fig, "without clipping, leaves")
    assert arrow.y[0] == -2 and 4.8 < arrow.x[0] < 6 and 0 < arrow.marker.angle < 90
    assert not [trace for trace in fig.data if trace.name == "clipped at 0.5, leaves"]
    assert any("</b>,<br>leaves at update 2" in note.text for note in fig.layout.annotations)
    assert any("after 2 updates" in note.text for note in fig.layout.annotations)
    assert named(fig, "without clipping").line.dash != named(fig, "clipped at 0.5").line.dash
    shown = named(fig, "clipped at 0.5")
    assert (list(shown.x), list(shown.y)) == ([5, 4.9, 4.8], [-2.2, -2.4, -2.3])


LOW, HIGH = np.array([0.0, 0.0]), np.array([1.0, 1.0])


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        ((0.2, 0.2), (0.8, 0.4), [(0.2, 0.2), (0.8, 0.4)]),
        ((0.5, 0.5), (0.5, 9.0), [(0.5, 0.5), (0.5, 1.0)]),
        ((-1, 0.5), (3, 0.5), [(0, 0.5), (1, 0.5)]),
        ((-1, 2), (2, 2), None),
        ((-0.9, 0.5), (0.5, 1.9), None),
        ((0.5, 0.5), (0.5, 0.5), [(0.5, 0.5), (0.5, 0.5)]),
        ((0.5, 0.5), (1.7e308, 0.5), [(0.5, 0.5), (1, 0.5)]),
    ],
)
def test_of_a_step_what_is_in_the_window_is_left(before, after, ends):
    found = cut(np.array(before, dtype=float), np.array(after, dtype=float), LOW, HIGH)
    assert (found is None) == (ends is None)
    if ends is not None:
        assert found == pytest.approx(np.array(ends))


def test_a_path_has_gaps_where_it_is_away_and_ends_at_nan():
    points = np.array([(0.5, 0.5), (0.5, 2), (0.25, 2), (0.25, 0.5), (0.75, 0.5), (np.nan, 0.5), (0.1, 0.1)])
    assert visible(points, LOW, HIGH) == ([0.5, 0.5, None, 0.25, 0.25, 0.75], [0.5, 1, None, 1, 0.5, 0.5])


def test_the_slice_is_the_row_nearest_to_the_weight():
    data = surface()
    fig = figures.cliff_slice(data, 5.01, marks=[-2.2, 7])
    assert np.allclose(named(fig, "E").y, data["error"].sel(w=5.0)) and list(named(fig, "marks").x) == [-2.2]


def test_the_errors_are_those_of_the_paths():
    fig = figures.descent_errors(PATHS["leaves"])
    assert np.allclose(named(fig, "without clipping").y, [0.3, 0.2, 0.1])
    assert named(fig, "without clipping").line.dash == "dash" and named(fig, "clipped at 0.5").line.dash == "solid"
