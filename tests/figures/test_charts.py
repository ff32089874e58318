"""Heat strip, loss, norms, weight share."""

import numpy as np
import pytest

from explorer import figures
from explorer.figures import theme as look
from explorer.figures.updates import running_mean, window


def trace(fig, name):
    return next(t for t in fig.data if t.name == name)


def words(fig):
    return [a.text for a in fig.layout.annotations]


def test_heatmap_is_the_logarithm_and_keeps_the_last_row(dataset):
    run = dataset(updates=450)
    heat = trace(figures.heatmap(run), "grad_h")
    assert len(heat.y) == 200 and heat.y[0] == 0 and heat.y[-1] == 449
    assert np.allclose(heat.z[-1], np.log10(run.grad_h.values[-1]), atol=1e-5)
    assert heat.zmin <= heat.z.min() and heat.zmax >= heat.z.max()
    assert set(heat.colorbar.ticktext) <= {"1", "0.1", "0.01", "0.001"} and len(heat.colorbar.ticktext) >= 2


def test_heatmap_gives_zeros_and_broken_values_colours_of_their_own(dataset):
    run = dataset(cut=20)
    run["grad_h"].values[1, 30:] = np.inf
    fig = figures.heatmap(run)
    assert np.array_equal(trace(fig, "exactly 0").z == 1, run.grad_h.values == 0)
    assert np.array_equal(trace(fig, "inf or nan").z == 1, ~np.isfinite(run.grad_h.values))
    assert trace(fig, "exactly 0").colorscale[0][1] == look.ink().zero
    assert "grey: exactly 0" in fig.layout.title.text and "pink: inf or nan" in fig.layout.title.text


def test_loss_draws_only_updates_that_ask(dataset):
    run = dataset(updates=6)
    run["asked"].values[::2] = 0
    fig = figures.loss(run)
    assert list(trace(fig, "loss").x) == [1, 3, 5]
    assert trace(fig, "loss").line.color == look.style("tanh").colour


def test_loss_names_the_line_without_memory(dataset):
    fig = figures.loss(dataset())
    line = next(s for s in fig.layout.shapes if s.name == "no memory")
    assert line.y0 == line.y1 == pytest.approx(1 / 6)
    assert words(fig) == ["no memory:<br>1/6 = 0.167"]
    assert fig.layout.title.text == "Loss is 1.2 times chance"
    long = figures.loss(dataset(chance_text="10 ln 8 / (T+20)", chance_loss=0.1733))
    assert words(long) == ["no memory:<br>10 ln 8<br>/ (T+20)<br>= 0.173"]


def test_loss_that_spans_decades_gets_a_log_axis(dataset):
    run = dataset(updates=4)
    run["loss"].values[:] = [3.0, 1.0, 0.1, 0.01]
    assert figures.loss(run).layout.yaxis.type == "log"
    assert figures.loss(dataset()).layout.yaxis.type != "log"


def test_diverged_end_is_marked(dataset):
    run = dataset(updates=6)
    run["loss"].values[4:] = np.nan
    fig = figures.loss(run)
    assert fig.layout.title.text == "Diverged at update 4"
    assert next(s for s in fig.layout.shapes if s.name == "diverged").x0 == 4
    assert list(trace(fig, "diverged").x) == [4]


def test_running_mean_is_centred_and_narrows_towards_the_ends():
    """A straight line is its own centred mean: one that lags, or leads at the start, is seen here."""
    line = 3.0 - 0.01 * np.arange(200)
    assert window(200) == 19 and np.allclose(running_mean(line, np.arange(200)), line)
    spike = np.zeros(200)
    spike[100] = 19.0
    mean = running_mean(spike, np.arange(200))
    assert np.allclose(mean[91:110], 1) and not mean[:91].any() and not mean[110:].any()
    assert list(running_mean(np.array([9.0, 0, 0, 0, 0]), np.array([0, 1, 2]))) == [9, 3, 1.8]
    assert np.isnan(running_mean(np.array([1.0, np.nan]), np.arange(2)))[1]
    assert running_mean(np.r_[1e300, np.full(199, 0.25)], np.array([150]))[0] == 0.25
    assert len(running_mean(np.zeros(0), np.arange(0))) == 0


def test_the_loss_chart_says_how_many_updates_its_mean_takes(dataset):
    for updates, width in ((450, 45), (12, 5), (1000, 49), (3, 3)):
        run = dataset(updates=updates)
        run["loss"].values[:] = np.linspace(3, 1, updates)
        fig = figures.loss(run)
        assert window(updates) == width
        assert fig.layout.xaxis.title.text == f"update (thick line: mean of {width})"
        assert trace(fig, "running mean").y[0] == 3
    assert figures.loss(dataset(updates=1)).layout.xaxis.title.text == "update"


@pytest.mark.parametrize(("finite", "title"), [(1, "1 update with a finite norm, clipped"), (3, None), (0, None)])
def test_a_diverged_run_keeps_what_is_finite(dataset, finite, title):
    run = dataset(updates=6, status="diverged")
    for name in ("loss", "grad_norm", "grad_norm_clipped"):
        run[name].values[finite:] = np.inf
    fig = figures.norms(run)
    others = {0: "Gradient norm is not finite", 3: "100 % of 3 finite updates clipped"}
    assert fig.layout.title.text == (title or others[finite])
    for chart, name in ((fig, "before clipping"), (fig, "after clipping"), (figures.loss(run), "loss")):
        line = trace(chart, name)
        assert np.isfinite(line.y).sum() == finite
        assert ("markers" in line.mode) == (finite == 1)  # one point is no line
        if finite == 1:
            assert list(np.flatnonzero(line.marker.size)) == [0]
    assert list(trace(fig, "not finite").x) == list(range(finite, 6))
    assert fig.layout.yaxis.ticktext[-1] == "inf"
    assert next(s for s in fig.layout.shapes if s.name == "diverged").x0 == finite


def test_ticks_stand_on_updates(dataset):
    assert list(figures.norms(dataset(updates=2)).layout.xaxis.tickvals) == [0, 1]


def test_norms_before_and_after_clipping(dataset):
    run = dataset(updates=4)
    run["grad_norm"].values[:] = [0.5, 2, 3, 4]
    run["grad_norm_clipped"].values[:] = [0.5, 1, 1, 1]
    fig = figures.norms(run)
    assert list(trace(fig, "before clipping").y) == [0.5, 2, 3, 4]
    assert list(trace(fig, "after clipping").y) == [0.5, 1, 1, 1]
    assert trace(fig, "before clipping").line.color == look.ink().reference
    assert trace(fig, "after clipping").line.color == look.style("tanh").colour
    assert next(s for s in fig.layout.shapes if s.name == "threshold").y0 == 1
    assert words(fig) == ["threshold<br>1"] and fig.layout.title.text == "75 % of updates clipped"


def test_value_clipping_has_no_line_among_norms(dataset):
    run = dataset()
    run.attrs["experiment"] = run.attrs["experiment"].replace('"norm"', '"value"')
    assert not [s for s in figures.norms(run).layout.shapes if s.name == "threshold"]


def test_weight_share_is_cumulative_from_the_end(dataset):
    run = dataset(updates=2, length=4)
    run["grad_weight"].values[:] = [[1, 2, 3, 4], [0, 0, 0, 0]]
    rows = figures.weight_share_rows(run, np.arange(run.sizes["step"]))
    assert np.allclose(rows[0], [1, 0.9, 0.7, 0.4]) and np.isnan(rows[1]).all()
    fig = figures.weight_share(run, step=0)
    assert fig.data[0].meta == {"track": "weight_share"} and np.array_equal(fig.data[0].y, rows[0])
    assert fig.layout.title.text == "90 % of ∂L/∂W: last 3 steps"


def test_captions_are_the_titles_the_figure_would_have(dataset):
    run = dataset(updates=4, length=9)
    run["grad_weight"].values[:] = [np.ones(9), np.zeros(9), np.arange(9), np.full(9, np.nan)]
    rows = np.array([0, 1, 3])
    found = figures.captions(run, rows)
    assert found == {"share": [figures.weight_share(run, step=row).layout.title.text for row in rows]}
    assert len(set(found["share"])) == 2
