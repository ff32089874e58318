"""The figures of a sweep: what they draw, for every kind of grid."""

import json
import math
from functools import cache

import numpy as np
import plotly.graph_objects as go
import pytest
from figures.boxes import panel_words, touching
from figures.sweeps import AXES, OVER, made, run
from figures.test_contracts import sizes

from explorer import figures
from explorer.figures import theme as look
from explorer.findings.swept import Swept

FIGURES = ["reach_by_length", "learned_map", "norm_spread", "decay_by_gain", "cost_by_length"]


def strange(value):
    """Return a run whose gradient, loss and norm are one value."""

    def one(**place):
        found = run(**place)
        for name in ("grad_h", "loss", "grad_norm", "grad_norm_clipped"):
            found[name].values[:] = value
        return found

    return one


def one_axis(name, values, **fixed):
    return made({name: values}, {name: values}, one=lambda **place: run(**(fixed | place)))


def gains():
    axes = {"cell": ["tanh", "lstm"], "gain": [0.5, 1.0, 1.5], "seed": [0, 1]}
    over = {"cell.kind": axes["cell"], "cell.weights.gain": axes["gain"], "seed": axes["seed"]}
    return made(axes, over, one=lambda cell, gain, seed: run(cell, seed=seed))


def lags():
    axes = {"cell": ["tanh", "lstm"], "k2": [5, 15, 35], "length": [12, 24, 40]}
    over = {"cell.kind": axes["cell"], "truncation.k2": axes["k2"], "task.length": axes["length"]}
    return made(axes, over)


def many():
    clippings = ["none", *(f"norm(threshold={t})" for t in (10.0, 1.0, 0.1, 0.01)), "value(threshold=0.1)"]
    return made(AXES | {"clipping": clippings, "seed": [0, 1]})


GRIDS = {
    "whole": made,
    "partial": lambda: made(keep=lambda cell, k2, **_: cell == "tanh" or k2 == 5),
    "empty": lambda: made().where(False),
    "one run": lambda: one_axis("seed", [0]),
    "seeds": lambda: one_axis("seed", [0, 1, 2]),
    "cells": lambda: one_axis("cell", ["tanh", "lstm", "gru", "relu"]),
    "lengths": lambda: one_axis("k2", [5, 35]),
    "gains": gains,
    "lags": lags,
    "many clippings": many,
    "zeros": lambda: made(one=strange(0.0)),
    "nans": lambda: made(one=strange(np.nan)),
    "infs": lambda: made(one=strange(np.inf)),
    "tiny": lambda: made(one=strange(1e-41)),
    "cell parts": lambda: made(AXES | {"cell": ["tanh(hidden_size=8)", "tanh(hidden_size=16)", "lstm"]},
                               one=lambda cell, **place: run(cell.partition("(")[0], **place)),
}  # fmt: skip


@cache
def grid_of(name):
    return GRIDS[name]()


@pytest.fixture(params=list(GRIDS))
def grid(request):
    return grid_of(request.param).copy(deep=True)


@pytest.fixture(params=FIGURES)
def draw(request):
    return getattr(figures, request.param)


def test_every_figure_draws_every_grid(grid, draw):
    fig = draw(grid, "dark")
    assert isinstance(fig, go.Figure) and fig.data and all(trace.name for trace in fig.data)
    given = json.loads(fig.to_json())
    assert json.loads(go.Figure(given).to_json()) == given
    assert fig.layout.title.text and fig.layout.meta["alt"].endswith(".")
    assert min(sizes(fig.to_plotly_json())) >= 14
    for name in (key for key in fig.layout.to_plotly_json() if key[1:].startswith("axis")):
        low, high = fig.layout[name].range
        assert math.isfinite(low) and math.isfinite(high) and low != high
    for mark in [*fig.layout.shapes, *fig.layout.annotations]:
        found = mark.to_plotly_json()
        assert all(math.isfinite(found[key]) for key in ("x", "y", "x0", "x1", "y0", "y1", "yshift") if key in found)
    assert fig.layout.template.layout.font.color == look.ink("dark").text
    assert fig.layout.height is None and fig.layout.width is None


def test_no_word_lies_on_another(grid, draw):
    found = panel_words(draw(grid), (760, 420))
    assert len(found) > 4 and touching(found) == []


def test_words_that_touch_are_found(draw):
    """Guards the test above."""
    fig = draw(made())
    note = fig.layout.annotations[0]
    fig.add_annotation(note.to_plotly_json() | {"text": note.text + " again"})
    assert len(touching(panel_words(fig, (760, 420)))) > 0


def test_an_empty_grid_says_what_fills_it(draw):
    words = [note.text for note in draw(GRIDS["empty"]()).layout.annotations]
    assert any("appear here" in text or "fill in" in text or "as runs end" in text for text in words)
    assert not any(
        "appear here" in note.text or "as runs end" in note.text for note in draw(costly()).layout.annotations
    )


def named(fig, name):
    return [trace for trace in fig.data if trace.name == name]


def test_reach_is_the_median_of_the_seeds_and_its_band_their_range():
    grid = made()
    fig = figures.reach_by_length(grid)
    reach = grid.reach_trained.sel(cell="lstm", k2=35, clipping="none").values
    assert len(set(reach)) == 3 and reach.min() > 0
    line = named(fig, "LSTM")[0]
    assert line.y[-1] == pytest.approx(np.median(reach)) and line.line.color == look.style("lstm").colour
    assert line.line.dash == look.style("lstm").dash
    band = named(fig, "LSTM band")[0]
    assert sorted(band.y) == pytest.approx([reach.min(), reach.max()])
    assert np.ravel(grid.reach_trained.values)[line.customdata[-1]] == line.y[-1]
    runs = named(fig, "LSTM runs")[0]
    assert set(reach) <= set(np.ravel(grid.reach_trained.values)[list(runs.customdata)])


def test_exact_zeros_have_a_row_called_cut_only_where_truncation_explains_them():
    fig = figures.reach_by_length(made())
    zero = named(fig, "tanh 0")[0]
    row = fig.layout.yaxis.tickvals[0]
    assert fig.layout.yaxis.ticktext[0] == "0: cut off" and list(zero.y[:2]) == [row, row]
    assert any(shape.name == "exactly 0" for shape in fig.layout.shapes)
    other = figures.reach_by_length(made(one=strange(0.0)).assign(reach_trained=made().reach_trained * 0))
    assert other.layout.yaxis.ticktext[0] == "exactly 0"
    none = figures.reach_by_length(made(keep=lambda k2, **_: k2 == 35))
    assert not {"0: cut off", "exactly 0"} & set(none.layout.yaxis.ticktext)
    assert not any(shape.name == "exactly 0" for shape in none.layout.shapes)


def test_the_lag_is_drawn_in_every_panel():
    fig = figures.reach_by_length(made())
    lag = [shape for shape in fig.layout.shapes if shape.name == "lag"]
    assert {shape.xref for shape in lag} == {"x", "x2"} and {shape.x0 for shape in lag} == {30}
    assert any(note.text == "lag to the cue: 30" for note in fig.layout.annotations)
    assert [n.text for n in fig.layout.annotations if n.text.startswith(("no ", "norm"))] == [
        "no clipping",
        "norm ≤ 0.1",
    ]


def test_too_many_panels_are_left_out_aloud():
    fig = figures.reach_by_length(many())
    assert "4 of 6 panels shown" in fig.layout.title.text and fig.layout.xaxis4.range and "xaxis5" not in fig.layout


def test_what_is_reduced_is_said():
    assert "median over k2, clipping" in figures.decay_by_gain(made()).layout.title.text
    assert "median over clipping" not in figures.reach_by_length(made()).layout.title.text
    assert "median over length" in figures.reach_by_length(lags()).layout.title.text
    assert "median over clipping" not in figures.learned_map(made()).layout.title.text


def test_the_map_shows_loss_over_chance_and_how_many_learned():
    grid = made(one=lambda **p: run(**p, learned=p["k2"] == 35 and p["seed"] < 2 and p["cell"] == "gru"))
    fig = figures.learned_map(grid)
    heat = named(fig, "GRU")[0]
    assert np.allclose(heat.z, [[1, 1, 0.05], [1, 1, 0.05]])
    assert (heat.zmin, heat.zmax) == (0, 1.2) and {t.zmax for t in fig.data if t.type == "heatmap"} == {1.2}
    texts = [note.text for note in fig.layout.annotations if "/3" in note.text]
    assert sorted(texts) == ["0/3"] * 16 + ["2/3"] * 2
    swept = Swept(grid)
    assert swept.number("loss_relative")[heat.customdata[0][2]] == pytest.approx(0.05)
    assert swept.cells[heat.customdata[0][2]] == "gru"


def test_the_map_takes_the_lag_where_it_varies():
    fig = figures.learned_map(lags())
    assert fig.layout.yaxis.title.text == "lag to the cue (steps)" and list(fig.layout.yaxis.ticktext) == [
        "9",
        "18",
        "30",
    ]
    assert figures.learned_map(made()).layout.yaxis.title.text == "clipping"


def test_places_not_run_and_diverged_are_told_apart():
    fig = figures.learned_map(GRIDS["partial"]())
    heat = named(fig, "LSTM")[0]
    assert np.isnan(np.array(heat.z, dtype=float)[:, 1:]).all() and (np.array(heat.customdata)[:, 1:] == -1).all()
    assert np.isfinite(np.array(heat.z, dtype=float)[:, 0]).all()
    assert len([shape for shape in fig.layout.shapes if shape.name == "field"]) == 18
    lost = figures.learned_map(GRIDS["nans"]())
    assert (
        np.array(named(lost, "tanh diverged")[0].z) == 1
    ).all() and "× diverged (54 of 54)" in lost.layout.title.text


def test_norms_before_stand_above_and_after_below_up_to_the_threshold():
    fig = figures.norm_spread(made())
    before, after = (next(t for t in named(fig, f"tanh {w} clipping") if t.xaxis == "x2") for w in ("before", "after"))
    assert min(before.y) == 0 and max(after.y) == 0 and max(before.y) > 0.3 and min(after.y) < -0.3
    assert max(before.x) == pytest.approx(10) and max(after.x) == pytest.approx(0.1)
    line = [shape for shape in fig.layout.shapes if shape.name == "threshold"]
    assert [(shape.x0, shape.xref) for shape in line] == [(0.1, "x2")]
    assert [note.text for note in fig.layout.annotations if "%" in note.text] == ["70 %"] * 3


def test_the_theory_of_the_linear_network_is_the_gain_itself():
    fig = figures.decay_by_gain(gains())
    theory = named(fig, "linear theory")[0]
    assert np.allclose(theory.x, theory.y) and theory.line.color == look.ink().reference and len(theory.x) > 1
    line = named(fig, "tanh")[0]
    assert list(line.x) == [0.5, 1.0, 1.5] and line.y[0] == pytest.approx(0.8 ** (1 + 0.025), rel=0.01)
    assert fig.layout.xaxis.title.text == "gain of the recurrent weights"
    assert figures.decay_by_gain(made()).layout.xaxis.title.text.startswith("spectral radius")


def test_cells_of_one_kind_differ_in_dash():
    fig = figures.reach_by_length(GRIDS["cell parts"]())
    small, large = named(fig, "tanh, hidden size 8")[0], named(fig, "tanh, hidden size 16")[0]
    assert small.line.color == large.line.color and small.line.dash != large.line.dash


def test_a_grid_needs_no_axes_written_beside_it():
    bare = made().drop_attrs()
    assert Swept(bare).owner("k2") == "truncation" and list(OVER)[1] == "truncation.k2"
    for name in FIGURES:
        assert getattr(figures, name)(bare).layout.title.text


def costly():
    grid = made()
    seconds, memory = ((grid["truncation_length"] * unit).where(grid["updates"] > 0) for unit in (1e-4, 1e5))
    return grid.assign(seconds=seconds, memory=memory)


def test_costs_are_drawn_as_measured():
    figure = figures.cost_by_length(costly())
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len(lines) == 6, "time and memory of three cells"
    for trace, unit in zip(lines, [0.1, 0.1] * 3, strict=True):
        values = np.asarray(trace.y, dtype=float)
        assert values == pytest.approx([unit * length for length in (5, 15, 35)])
    said = figure.layout.meta["said"].replace("\u00a0", " ")
    assert said.startswith("With 5 steps of truncation instead of 35 an update takes 0.14 (tanh)")


def test_a_page_can_say_the_title_itself():
    figure = figures.untitled(figures.reach_by_length(made()))
    assert not figure.layout.title.text and figure.layout.meta["said"].endswith(".")
