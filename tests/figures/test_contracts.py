"""What every figure keeps, for every kind of data."""

import json
import math

import plotly.graph_objects as go
import pytest

from explorer import figures
from explorer.figures import theme as look

FIGURES = {
    "gradient": lambda d, t: figures.gradient([d], theme=t),
    "gradient against before": lambda d, t: figures.gradient([d], before=d, theme=t),
    "heatmap": figures.heatmap,
    "loss": figures.loss,
    "norms": figures.norms,
    "weight_share": lambda d, t: figures.weight_share(d, theme=t),
}


@pytest.fixture(params=list(FIGURES))
def draw(request):
    return FIGURES[request.param]


def sizes(node):
    """Yield every font size written anywhere in a figure."""
    if isinstance(node, dict):
        for key, value in node.items():
            if "font" in key and isinstance(value, dict) and "size" in value:
                yield value["size"]
            yield from sizes(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from sizes(value)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_figure_draws_every_dataset(case, draw, theme):
    fig = draw(case, theme)
    assert isinstance(fig, go.Figure)
    json.loads(fig.to_json())
    assert all(trace.name for trace in fig.data)
    assert fig.data
    assert fig.layout.title.text
    assert fig.layout.meta["alt"].rstrip(".")
    assert fig.layout.xaxis.title.text and fig.layout.yaxis.title.text
    found = list(sizes(fig.to_plotly_json()))
    assert found and min(found) >= 14
    for axis in (fig.layout.xaxis, fig.layout.yaxis):
        assert axis.range is not None
        low, high = axis.range
        assert math.isfinite(low) and math.isfinite(high) and low < high
    assert fig.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert fig.layout.height is None and fig.layout.width is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_accepts_every_setting_as_it_is(case, draw, theme):
    """Figures are made unchecked for speed: a name Plotly does not know, or a shorthand it would expand, fails here."""
    given = json.loads(draw(case, theme).to_json())
    assert json.loads(go.Figure(given).to_json()) == given


def test_later_changes_are_checked_as_usual(draw, dataset):
    fig = draw(dataset(), "light")
    fig.update_layout(title="Mine", height=300)
    fig.update_traces(opacity=0.5)
    assert fig.layout.title.text == "Mine" and fig.layout.template.layout.font.size == 14
    with pytest.raises(ValueError):
        fig.update_layout(hight=300)
    with pytest.raises(ValueError):
        fig.data[0].nonsense = 1


def test_figures_do_not_share_what_they_are_made_of(draw, dataset):
    run = dataset()
    kept = draw(run, "light").to_plotly_json()
    changed = draw(run, "light")
    changed.layout.template.layout.font.size = 99
    changed.layout.margin.l = 0
    changed.data[0].name = "changed"
    assert draw(run, "light").to_plotly_json() == kept


def test_every_figure_names_its_own_template(draw, dataset):
    """Importing streamlit changes Plotly's default template; a figure must not take it over."""
    fig = draw(dataset(), "dark")
    assert fig.layout.template.layout.font.color == look.ink("dark").text


def test_shapes_and_words_stay_on_finite_places(case, draw):
    fig = draw(case, "light")
    for mark in [*fig.layout.shapes, *fig.layout.annotations]:
        found = mark.to_plotly_json()
        for key in ("x", "y", "x0", "x1", "y0", "y1", "yshift"):
            if key in found:
                assert math.isfinite(found[key]), found


def test_charts_over_time_line_up(dataset):
    """Same horizontal margins and range: the strip lies exactly under the chart."""
    big, strip = figures.gradient([dataset()]), figures.heatmap(dataset())
    for side in ("l", "r"):
        assert big.layout.margin[side] == strip.layout.margin[side]
    assert tuple(big.layout.xaxis.range) == tuple(strip.layout.xaxis.range) == (0.5, 40.5)


@pytest.mark.parametrize(("name", "shape"), [("heatmap", "cursor-y"), ("loss", "cursor-x"), ("norms", "cursor-x")])
def test_cursor_is_at_the_shown_update(dataset, name, shape):
    fig = getattr(figures, name)(dataset(updates=9), step=4)
    found = next(s for s in fig.layout.shapes if s.name == shape)
    place = (found.y0, found.y1) if shape == "cursor-y" else (found.x0, found.x1)
    assert place == (4, 4)
