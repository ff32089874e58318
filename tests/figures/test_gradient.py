"""The large chart."""

from itertools import pairwise

import numpy as np
import pytest

from explorer import figures
from explorer.figures import theme as look
from explorer.figures.labels import spread


def trace(fig, name):
    return next(t for t in fig.data if t.name == name)


def words(fig):
    return [a.text.replace("<br>", " ") for a in fig.layout.annotations]


def shapes(fig, name):
    return [s for s in fig.layout.shapes if s.name == name]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_carry_the_data_and_the_cells_colours(dataset, theme):
    cells = {"tanh": "tanh", "LSTM": "lstm", "GRU": "gru", "ReLU": "relu"}
    data = [dataset(kind, updates=1) for kind in cells.values()]
    fig = figures.gradient(data, theme=theme)
    for source, (name, kind) in zip(data, cells.items(), strict=True):
        line = trace(fig, name)
        assert np.array_equal(line.y, source.grad_h.values[0]) and np.array_equal(line.x, source.time)
        assert (line.line.color, line.line.dash) == (look.style(kind, theme).colour, look.style(kind, theme).dash)
        assert f"<b>{name}</b>" in words(fig)
    cell_state = trace(fig, "LSTM ∂L/∂c")
    assert cell_state.line.color == trace(fig, "LSTM").line.color and cell_state.line.width < 2.5
    assert all(t.meta is None for t in fig.data)


def test_a_run_is_tracked_and_its_axis_holds_every_update(dataset):
    run = dataset("lstm", updates=5)
    run["grad_h"].values[1] *= 1e-9
    fig = figures.gradient([run, dataset("gru", updates=1)], step=3, before=run)
    assert {t.meta["track"]: t.name for t in fig.data if t.meta} == {"grad_h": "LSTM", "grad_c": "LSTM ∂L/∂c"}
    low, high = fig.layout.yaxis.range
    assert low <= np.log10(run.grad_h.values.min()) and high >= np.log10(run.grad_h.values.max())
    assert np.array_equal(trace(fig, "LSTM").y, run.grad_h.values[3])
    assert np.array_equal(trace(fig, "before training").y, run.grad_h.values[0])
    assert trace(fig, "before training").line.color == look.ink().reference
    assert [t.name for t in fig.data][-1] == "LSTM"


def test_zeros_are_drawn_as_zeros_and_the_cut_is_marked(dataset):
    fig = figures.gradient([dataset(cut=20)])
    zeros = trace(fig, "tanh zero")
    assert list(zeros.x) == list(range(1, 21))
    row = dict(zip(fig.layout.yaxis.ticktext, fig.layout.yaxis.tickvals, strict=True))["0"]
    assert np.allclose(zeros.y, row)
    assert np.isnan(trace(fig, "tanh").y[:20]).all() and np.isfinite(trace(fig, "tanh").y[20:]).all()
    assert [s.x0 for s in shapes(fig, "cut")] == [20.5]
    assert list(trace(fig, "exactly zero").x[:2]) == [0.5, 20.5]
    assert "exactly 0: cut by truncation" in words(fig)


def test_zeros_before_training_are_drawn_and_their_cut_marked(dataset):
    """The run's own row is zero nowhere: marks that look at it alone would leave the grey curve without any."""
    start, run = dataset(cut=20), dataset(cuts="[20]")
    run["grad_h"].values[:, :] = 1.0
    fig = figures.gradient([run], before=start)
    zeros = trace(fig, "before training zero")
    assert list(zeros.x) == list(range(1, 21)) and zeros.marker.color == look.ink().reference
    row = dict(zip(fig.layout.yaxis.ticktext, fig.layout.yaxis.tickvals, strict=True))["0"]
    assert np.allclose(zeros.y, row)
    assert [s.x0 for s in shapes(fig, "cut")] == [20.5]
    assert "exactly zero" not in [t.name for t in fig.data]  # the run's gradient is not zero there
    both = figures.gradient([dataset(cut=20)], before=start)
    assert {"tanh zero", "before training zero", "exactly zero"} <= {t.name for t in both.data}


def test_a_cut_is_marked_where_only_the_grey_curve_ends(dataset):
    run, start = dataset(cut=20), dataset(cut=20)
    run["grad_h"].values[:, :30] = 0
    assert [s.x0 for s in shapes(figures.gradient([run], before=start), "cut")] == [20.5]


def test_what_is_not_finite_before_training_is_drawn(dataset):
    start = dataset()
    start["grad_h"].values[:, :12] = np.inf
    fig = figures.gradient([dataset()], before=start)
    assert list(trace(fig, "before training not finite").x) == list(range(1, 13))
    assert "inf from t = 12 back before training" in words(fig)


def test_the_only_row_of_a_run_is_the_one_before_training(dataset):
    one, start = dataset(updates=1, status="running"), dataset(updates=1)
    fig = figures.gradient([one], before=start)
    assert "against" not in fig.layout.title.text and "before training" not in [t.name for t in fig.data]
    two = figures.gradient([dataset(updates=2)], before=start)
    assert "against before training" in two.layout.title.text and "before training" in [t.name for t in two.data]
    late = dataset(updates=3).isel(step=[2])
    assert "against before training" in figures.gradient([late], before=start).layout.title.text


def test_zeros_without_truncation_are_not_blamed_on_it(dataset):
    data = dataset(updates=1)
    data["grad_h"].values[:, :20] = 0
    assert "exactly 0" in words(figures.gradient([data]))


def test_the_first_step_that_is_not_finite_is_named(dataset):
    data = dataset("relu", updates=1, rate=1.5)
    data["grad_h"].values[:, :12] = np.inf
    data["grad_h"].values[:, :3] = np.nan
    fig = figures.gradient([data])
    broken = trace(fig, "ReLU not finite")
    assert list(broken.x) == list(range(1, 13)) and list(broken.text) == ["nan"] * 3 + ["inf"] * 9
    assert "inf from t = 12 back" in words(fig)
    assert fig.layout.yaxis.ticktext[-1] == "inf/nan"


def test_at_most_twenty_cuts_are_drawn_and_the_chart_says_so(dataset):
    fig = figures.gradient([dataset(length=400, cuts=str(list(range(5, 300, 5))))])
    assert len(shapes(fig, "cut")) == 20
    assert "59 truncation cuts, 20 drawn" in words(fig)


def test_the_time_axis_shows_the_task(dataset):
    fig = figures.gradient([dataset()])
    assert {"first cue", "second cue", "asked"} <= set(words(fig))
    assert len(shapes(fig, "cue")) == 2 and [s.x0 for s in shapes(fig, "question")] == [40]


@pytest.mark.parametrize(("rate", "there"), [(0.7, "vanishing"), (1.5, "exploding"), (1.0, None)])
def test_regions_appear_where_data_are_there(dataset, rate, there):
    fig = figures.gradient([dataset(updates=1, rate=rate)])
    for word in ("vanishing", "exploding"):
        assert bool(shapes(fig, word)) == (word == there)
        assert any(w.startswith(word) for w in words(fig)) == (word == there)
    if there == "vanishing":
        assert shapes(fig, there)[0].y0 == pytest.approx(1e-3)


@pytest.mark.parametrize(("length", "drawn"), [(40, False), (175, True), (206, True)])
def test_the_floor_of_float32_appears_near_it(dataset, length, drawn):
    fig = figures.gradient([dataset(updates=1, length=length, rate=0.62)])
    assert bool(shapes(fig, "floor")) == drawn
    if drawn:
        assert shapes(fig, "floor")[0].y0 == pytest.approx(1.18e-38)
        assert fig.layout.yaxis.range[0] < np.log10(1.18e-38)


def test_two_of_one_cell_are_told_apart(dataset):
    one, two = dataset(updates=1), dataset(updates=1, length=30)
    fig = figures.gradient([one, two])
    names = {t.name for t in fig.data}
    assert names == {"tanh<br>length 40", "tanh<br>length 30"}
    assert len({t.line.dash for t in fig.data}) == 2 and len({t.line.color for t in fig.data}) == 1


def test_labels_are_pushed_apart_and_stay_inside():
    placed = spread([10, 11, 12, 200, 299], [20] * 5, 4, 296)
    assert all(b - a >= 20 - 0.1 for a, b in pairwise(placed))
    assert placed[0] >= 4 - 0.1 and placed[-1] <= 296.1 and placed[3] == 200
    assert spread([], [], 0, 1) == []
    assert spread([100, 100], [20, 20], 4, 296, [False, True]) == [80, 100]


def test_a_cell_that_starts_elsewhere_is_not_called_vanishing(dataset):
    """A gradient of 1 beside one of 1e6 has not vanished: it never was larger."""
    chosen, beside = dataset("relu", updates=1, rate=1.1), dataset(updates=1)
    chosen["grad_h"].values[:] *= 1e6
    assert not shapes(figures.gradient([chosen, beside]), "vanishing")
    fading = dataset("gru", updates=1, rate=0.7)
    assert shapes(figures.gradient([beside, fading]), "vanishing")


def test_ends_that_differ_widely_share_no_false_tint(dataset):
    """Beside an end of 1e6 a gradient of 1 is no vanished one, and after training neither is the end's own."""
    large, flat, fading = (dataset(k, updates=1, rate=r) for k, r in (("relu", 1.0), ("tanh", 1.0), ("gru", 0.7)))
    large["grad_h"].values[:] *= 1e6
    fig = figures.gradient([large, flat, fading])
    assert shapes(fig, "vanishing")[0].y0 == pytest.approx(1e-3) and not shapes(fig, "exploding")
    grown = dataset("lstm", updates=1, rate=1.5)
    fig = figures.gradient([flat, large, grown])
    assert shapes(fig, "exploding") == [] and grown["grad_h"].values.max() > 1e6
    run = dataset(rate=1.0)
    run["grad_h"].values[:] = np.array([1.0, 1e-2, 1e-5])[:, None]
    for step in (0, 2):
        assert not shapes(figures.gradient([run], step=step, before=run), "vanishing")
    run["grad_h"].values[2, :10] = 1e-9
    assert shapes(figures.gradient([run], step=0), "vanishing")[0].y0 == pytest.approx(1e-8)


def test_a_single_point_is_seen(dataset):
    """A window of one step leaves one non-zero gradient, which no line can show."""
    line = trace(figures.gradient([dataset(cut=39)]), "tanh")
    assert "markers" in line.mode and list(np.flatnonzero(line.marker.size)) == [39]
    assert "markers" not in trace(figures.gradient([dataset()]), "tanh").mode


def test_nothing_measured_is_said(dataset):
    assert "nothing measured" in figures.gradient([]).layout.title.text
