"""The figures of truncation: what they draw, for every kind of data."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
from figures import truncated as t
from figures.boxes import panel_words, touching
from figures.sweeps import made
from figures.test_contracts import sizes

from explorer import figures
from explorer.figures import theme as look
from explorer.figures import tracks


def remembered(**more):
    return lambda grid, theme="light": figures.remembered(grid, theme, **more)


CASES = {
    "credit": (figures.credit_map, t.credit),
    "credit, sliding": (figures.credit_map, lambda: t.credit(window=10)),
    "credit, chunked": (figures.credit_map, lambda: t.credit(chunk=10, cell="lstm")),
    "credit, late losses": (figures.credit_map, lambda: t.credit(first=31)),
    "credit, three losses": (figures.credit_map, lambda: t.credit(first=38, window=5)),
    "credit, one loss": (figures.credit_map, lambda: t.credit(first=40, cell="tanh")),
    "credit, long": (figures.credit_map, lambda: t.credit(length=500)),
    "credit, one step": (figures.credit_map, lambda: t.credit(length=1)),
    "credit, zeros": (figures.credit_map, lambda: t.strange(t.credit(), 0.0)),
    "credit, nans": (figures.credit_map, lambda: t.strange(t.credit(), np.nan)),
    "credit, spoilt": (figures.credit_map, lambda: t.spoilt(t.credit(), "credit")),
    "credit, one loss spoilt": (figures.credit_map, lambda: t.spoilt(t.credit(first=40), "credit")),
    "lags": (figures.by_lag, t.lags),
    "lags, slow": (figures.by_lag, lambda: t.lags(np.ones(30))),
    "lags, cut": (figures.by_lag, lambda: t.lags([1.0, 0.5, 0.1] + 17 * [0.0], cell="lstm")),
    "lags, one": (figures.by_lag, lambda: t.lags([1.0])),
    "lags, zeros": (figures.by_lag, lambda: t.strange(t.lags(), 0.0)),
    "lags, spoilt": (figures.by_lag, lambda: t.spoilt(t.lags(), "grad_weight")),
    "bias": (figures.bias_by_length, lambda: t.bias(signal="[[1, 20]]", question="[[40, 40]]")),
    "bias, none left": (figures.bias_by_length, lambda: t.bias(cosine=[[np.nan, -0.5, 0, 0.5, 1], 5 * [np.nan]])),
    "bias, nans": (figures.bias_by_length, lambda: t.strange(t.bias(), np.nan)),
    "bias, infs": (figures.bias_by_length, lambda: t.spoilt(t.bias(), "relative_bias")),
    "bias, one length": (figures.bias_by_length, lambda: t.bias([[0.4], [0.3]], lengths=[7])),
    "influence": (figures.influence, t.balance),
    "influence, short": (figures.influence, lambda: t.balance((1, 10), (1, 6), (1, 10))),
    "influence, long": (figures.influence, lambda: t.balance((-6, -6), (-4, -5), (300, 400))),
    "influence, nans": (figures.influence, lambda: t.strange(t.balance(), np.nan)),
    "variants": (figures.variants_along, t.variants),
    "variants, long": (figures.variants_along, lambda: t.variants(500)),
    "variants, one update": (figures.variants_along, lambda: t.variants(1)),
    "variants, zeros": (figures.variants_along, lambda: t.strange(t.variants(), 0.0)),
    "variants, nans": (figures.variants_along, lambda: t.strange(t.variants(), np.nan)),
    "variants, one update of nans": (figures.variants_along, lambda: t.strange(t.variants(1), np.nan)),
    "variants, spoilt": (figures.variants_along, lambda: t.spoilt(t.variants(), "relative_bias")),
    "adapted": (figures.adapted, t.adapted),
    "adapted, one update": (figures.adapted, lambda: t.adapted([7], [0.05])),
    "adapted, long": (figures.adapted, lambda: t.adapted(np.arange(500, 0, -1), np.geomspace(1e-3, 3, 500))),
    "adapted, zeros": (figures.adapted, lambda: t.strange(t.adapted(), 0.0)),
    "adapted, nans": (figures.adapted, lambda: t.strange(t.adapted(), np.nan)),
    "adapted, infs": (figures.adapted, lambda: t.adapted(estimated=[np.inf, np.inf, 0.09, 0.09, np.nan])),
    "adapted, not recorded": (figures.adapted, lambda: t.variants()),
    "costs": (figures.cost_orders, t.costs),
    "costs, none yet": (figures.cost_orders, lambda: t.strange(t.costs(), np.nan)),
    "costs, one size": (figures.cost_orders, lambda: t.costs(size=[8], over="hidden_size")),
    "remembered": (remembered(), made),
    "remembered, lag": (remembered(lag=16), made),
    "remembered, partial": (remembered(lag=2), lambda: made(keep=lambda k2, **_: k2 < 20)),
    "remembered, none": (remembered(), lambda: made().where(False)),
    "remembered, diverged": (remembered(), lambda: (g := made()).assign(diverged=xr_ones(g))),
}


def xr_ones(grid):
    return grid["diverged"] * 0 + 1


@pytest.fixture(params=list(CASES))
def case(request):
    return CASES[request.param]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_draws_every_dataset(case, theme):
    draw, data = case
    fig = draw(data(), theme)
    assert isinstance(fig, go.Figure) and fig.data and all(trace.name for trace in fig.data)
    given = json.loads(fig.to_json())
    assert json.loads(go.Figure(given).to_json()) == given
    assert fig.layout.meta["alt"].endswith(".") and fig.layout.meta["said"].endswith(".")
    assert fig.layout.meta["equation"] and "<" not in fig.layout.meta["equation"]
    assert min(sizes(fig.to_plotly_json())) >= 14
    for name in (key for key in fig.layout.to_plotly_json() if key[1:].startswith("axis")):
        low, high = fig.layout[name].range
        assert math.isfinite(low) and math.isfinite(high) and low != high
    for mark in [*fig.layout.shapes, *fig.layout.annotations]:
        found = mark.to_plotly_json()
        assert all(math.isfinite(found[key]) for key in ("x", "y", "x0", "x1", "y0", "y1", "yshift") if key in found)
    assert fig.layout.template.layout.font.color == look.ink(theme).text


@pytest.mark.parametrize("width", [700, 1100])
def test_no_word_lies_on_another_or_outside(case, width):
    draw, data = case
    fig = figures.untitled(draw(data()))
    found, margin = panel_words(fig, (width, 440)), fig.layout.margin
    assert len(found) > 3 and touching(found) == []
    for text, (left, right, low, high) in found:
        assert left > -margin.l and right < width - margin.l, text
        assert low > -margin.b and high < 440 - margin.b, text


def named(fig, name):
    return next(trace for trace in fig.data if trace.name == name)


def test_the_map_is_the_credit_zeros_grey_and_nothing_after_the_loss():
    data = t.credit(chunk=10)
    fig = figures.credit_map(data)
    field, zero = np.array(named(fig, "credit").z, dtype=float), np.array(named(fig, "exactly 0").z, dtype=float)
    later = np.triu(np.ones((40, 40), dtype=bool), 1)
    there = data.credit.values > 0
    assert there.sum() == 4 * 55 and np.allclose(field[there], np.log10(data.credit.values[there]), atol=1e-6)
    assert np.isnan(field[~there]).all() and np.isnan(zero[later]).all()
    assert ((zero == 1) == (~there & ~later)).all() and (zero == 1).sum() == 820 - 220
    assert named(fig, "exactly 0").colorscale[0][1] == look.ink().zero
    bad = figures.credit_map(t.spoilt(t.credit(), "credit"))
    assert np.nansum(np.array(named(bad, "inf or nan").z, dtype=float)) == 2


def test_only_steps_with_a_loss_are_drawn():
    fig = figures.credit_map(t.credit(first=31))
    assert list(named(fig, "credit").y) == list(range(31, 41)) and fig.layout.yaxis.range == (30.5, 40.5)
    assert fig.layout.meta["note"] == "10 steps of 40 have a loss"
    few = figures.credit_map(t.credit(first=38))
    assert [trace.name for trace in few.data] == [f"loss at s = {s}" for s in (38, 39, 40)]
    assert np.allclose(few.data[0].y, 0.8 ** np.arange(37, -1, -1.0)) and len({s.line.dash for s in few.data}) == 3
    one = figures.credit_map(t.credit(first=40, window=10))
    assert list(named(one, "loss at s = 40 zero").x) == list(range(1, 31))
    assert np.isfinite(np.array(named(one, "loss at s = 40").y, dtype=float)).sum() == 10


def test_both_curves_of_the_lags_are_the_data():
    data = t.lags([1.0, 0.5, 0.1, 0.01])
    fig = figures.by_lag(data)
    assert np.allclose(named(fig, "exactly this lag").y, data.grad_weight)
    assert np.allclose(named(fig, "all lags up to it").y, data.grad_weight_cumulative)
    assert named(fig, "exactly this lag").line.dash != named(fig, "all lags up to it").line.dash
    assert [shape.x0 for shape in fig.layout.shapes if shape.name == "within 10 %"] == [1.0]


def test_bias_and_cosine_are_the_data_and_no_direction_has_a_row():
    data = t.bias(cosine=[[np.nan, -0.5, 0, 0.5, 1], [0.1, 0.2, 0.3, 0.4, 1]])
    fig = figures.bias_by_length(data, lag=30)
    assert np.allclose(named(fig, "chunked").y[:-1], data.relative_bias[0, :-1])
    assert list(named(fig, "chunked zero").x) == [80]
    assert np.allclose(named(fig, "chunked cosine").y, data.cosine[0], equal_nan=True)
    none = named(fig, "chunked none")
    assert list(none.x) == [5] and none.y[0] == fig.layout.yaxis2.tickvals[0]
    assert fig.layout.yaxis2.ticktext[0] == "ĝ = 0" and fig.layout.yaxis2.range[0] < none.y[0] < -0.5
    assert {(s.x0, s.xref) for s in fig.layout.shapes if s.name == "lag"} == {(30, "x"), (30, "x2")}
    assert named(fig, "chunked").line.dash != named(fig, "sliding").line.dash
    assert named(fig, "chunked").marker.symbol != named(fig, "sliding").marker.symbol
    assert named(fig, "chunked").line.color == look.style("gru").colour


def test_the_lag_is_taken_from_where_signal_and_question_are():
    fig = figures.bias_by_length(t.bias(signal="[[1, 20]]", question="[[40, 40]]"))
    assert {s.x0 for s in fig.layout.shapes if s.name == "lag"} == {30}
    assert not [s for s in figures.bias_by_length(t.bias()).layout.shapes if s.name == "lag"]


def test_a_row_of_a_run_can_be_drawn():
    run = t.bias().expand_dims(step=[0, 50]).copy(deep=True)
    run["relative_bias"].values[1] = 0.5
    fig = figures.bias_by_length(run)
    assert set(named(fig, "chunked").y) == {0.5} and fig.layout.meta["note"] == "after 50 updates"


def test_the_wrong_side_is_shaded_and_its_points_are_hollow():
    fig = figures.influence(t.balance())
    side = next(s for s in fig.layout.shapes if s.name == "driven away")
    assert (side.y0, side.y1) == (0, fig.layout.yaxis.range[1])
    assert [s.y0 for s in fig.layout.shapes if s.name == "full"] == [-6]
    line = named(fig, "loss at the block's end")
    assert list(line.y) == [1, 10, 4, -5, -6]
    assert list(line.marker.symbol) == ["circle-open"] * 3 + ["circle"] * 2


def test_variants_are_lines_over_updates_and_points_of_one_update():
    run = t.variants()
    fig = figures.variants_along(run)
    assert np.allclose(named(fig, "chunked 5").y, run.relative_bias.sel(variant="window(k1=5, k2=5)"))
    assert list(named(fig, "full zero").x) == [0, 1, 2, 3, 4]
    run["relative_bias"].values[::2] = np.nan
    asked = figures.variants_along(run.assign(asked=("step", [0.0, 1, 0, 1, 0])))
    assert list(named(asked, "online").x) == [1, 3], "updates without a loss are not drawn"
    one = figures.variants_along(t.variants(1))
    names = [text.split(">")[2].split("<")[0] for text in one.layout.yaxis.ticktext]
    assert names[0] == "full" and names[1] == "RTRL" and names[-1].startswith("stochastic")
    assert named(one, "adaptive").x[0] == pytest.approx(0.08)


def test_costs_and_the_expected_orders_through_the_last_points():
    fig = figures.cost_orders(t.costs())
    time, memory = (next(x for x in fig.data if x.name == "RTRL" and x.xaxis == axis) for axis in (None, "x2"))
    assert np.allclose(time.y, 1e-2 * np.array([10, 20, 40, 80.0]) ** 2) and np.allclose(memory.y, 0.05)
    expected = next(x for x in fig.data if x.name == "RTRL expected" and x.xaxis is None)
    assert np.allclose(expected.y, 64 * np.array([10, 20, 40, 80]) / 80)
    assert expected.line.width < time.line.width
    words = [note.text for note in fig.layout.annotations]
    assert "sequence length T (steps)" in words
    assert "hidden units H" in [
        note.text for note in figures.cost_orders(t.costs(over="hidden_size")).layout.annotations
    ]


def test_final_loss_is_the_median_of_the_seeds_and_every_seed_a_point():
    grid = made()
    fig = figures.remembered(grid, lag=16)
    line = named(fig, "LSTM")
    assert list(line.y) == pytest.approx([1.0, 1.0, 0.05])
    assert len(named(fig, "LSTM runs").x) == 18
    assert np.ravel(grid.loss_relative.values)[line.customdata[-1]] == pytest.approx(0.05)
    assert [s.x0 for s in fig.layout.shapes if s.name == "lag"] == [16]
    assert [s.x1 for s in fig.layout.shapes if s.name == "unreached"] == [16]
    assert [s.y0 for s in fig.layout.shapes if s.name == "learned"] == [0.5]
    lost = figures.remembered(*[CASES["remembered, diverged"][1]()])
    assert lost.layout.yaxis.ticktext[-1] == "diverged" and set(named(lost, "LSTM 0").y) - {None}


def test_lines_on_one_row_of_zeros_stand_apart_within_it():
    fig = figures.variants_along(t.strange(t.variants(), 0.0))
    heights = [trace.y[0] for trace in fig.data if trace.name.endswith(" zero")]
    row = next(shape for shape in fig.layout.shapes if shape.name == "exactly 0")
    assert len(set(heights)) == len(t.VARIANTS) == 8 and row.y0 < min(heights) and max(heights) < row.y1
    assert tracks.rows(1) == [0.0]
