"""The figure of adaptive truncation: lines that are the data, and a tolerance where the run has it."""

import numpy as np
from figures import truncated as t

from explorer import figures
from explorer.figures import theme as look


def named(fig, name):
    return next(trace for trace in fig.data if trace.name == name)


def test_lines_are_the_data_and_the_tolerance_is_dashed():
    data = t.adapted()
    fig = figures.adapted(data)
    assert list(named(fig, "K").y) == [100, 40, 40, 12, 12] and named(fig, "K").line.shape == "hv"
    assert np.allclose(named(fig, "true").y, data.true_bias) and named(fig, "true").xaxis == "x2"
    assert np.allclose(named(fig, "estimated").y, 0.09)
    assert named(fig, "true").line.color == named(fig, "K").line.color == look.style("lstm").colour
    assert named(fig, "true").line.dash != named(fig, "estimated").line.dash
    (line,) = [shape for shape in fig.layout.shapes if shape.name == "tolerance"]
    assert (line.y0, line.y1, line.yref, line.line.dash) == (0.1, 0.1, "y2", "dash")
    assert fig.layout.yaxis.range[0] == 0 and fig.layout.yaxis2.type == "log"
    low, high = fig.layout.yaxis2.range
    assert low < np.log10(0.02) and high > np.log10(0.2)
    words = [note.text for note in fig.layout.annotations]
    assert {"<b>true</b>", "<b>estimated</b>", "<b>tolerance<br>0.1</b>"} <= set(words)


def test_zeros_and_what_is_not_finite_have_rows():
    fig = figures.adapted(t.adapted(true=[0, 0.1, np.nan, 0.1, 0], estimated=[np.inf, 0.09, 0.09, 0.09, 0.09]))
    assert list(named(fig, "true zero").x) == [0, 4] and list(named(fig, "true not finite").x) == [2]
    assert list(named(fig, "estimated not finite").x) == [0]
    place = float(np.log10(named(fig, "estimated not finite").y[0]))
    assert place > np.log10(0.1) and fig.layout.yaxis2.ticktext[-1] == "inf/nan"


def test_what_the_run_does_not_say_is_not_drawn():
    run = t.adapted(interval=10)
    assert figures.adapted(run).layout.meta["note"] == "K is chosen every 10 updates"
    run.attrs = t.attrs("lstm", kind="adaptive")
    fig = figures.adapted(run)
    assert fig.layout.meta["note"] == ""
    assert not [shape for shape in fig.layout.shapes if shape.name == "tolerance"]
    assert not [note for note in fig.layout.annotations if "tolerance" in note.text]


def test_updates_without_a_loss_are_left_out():
    run = t.adapted().assign(asked=("step", [1.0, 0, 1, 0, 1]))
    assert list(named(figures.adapted(run), "K").x) == [0, 2, 4]
