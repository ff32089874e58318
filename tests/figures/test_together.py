"""Runs compared under letters: each its own track and label, the loss against that without memory."""

from itertools import pairwise

import numpy as np
import pytest
from figures.boxes import overlaps
from figures.conftest import diverged, make

from explorer import figures


def runs():
    return [make(updates=30), make("lstm", updates=30, rate=0.99), make("lstm", updates=20, cut=10)]


def test_each_run_follows_the_scrubber_under_its_own_name():
    figure = figures.gradient(runs(), equals=True)
    tracks = {trace.meta["track"]: trace for trace in figure.data if trace.meta and "mark" not in trace.meta}
    assert sorted(tracks) == ["grad_h 0", "grad_h 1", "grad_h 2"]
    for place, run in enumerate(runs()):
        drawn = np.asarray(tracks[f"grad_h {place}"].y, dtype=float)
        values = run["grad_h"].values[-1]
        np.testing.assert_array_equal(drawn[values > 0], values[values > 0])
    assert len({(tracks[t].line.color, tracks[t].line.dash) for t in tracks}) == 3
    names = " ".join(str(text) for trace in tracks.values() for text in (trace.text if trace.text is not None else []))
    names += " ".join(note.text for note in figure.layout.annotations)
    assert all(f"{letter} " in names for letter in "ABC")


def test_losses_are_those_of_the_data_over_chance():
    figure = figures.losses(runs())
    lines = [trace for trace in figure.data if trace.name[0] in "ABC"]
    assert len(lines) == 3
    for trace in lines:
        assert np.asarray(trace.y, dtype=float) == pytest.approx(0.2 * 6)
    assert figure.layout.title.text == "No loss is under half of chance"
    learned = runs()
    learned[1]["loss"].values[:] = 0.01
    assert figures.losses(learned).layout.title.text == "Loss under half of chance: B"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_strange_runs_are_drawn(theme):
    strange = [diverged(), make(updates=1), make(chance_loss=np.nan)]
    for figure in (figures.losses(strange, theme), figures.gradient(strange, equals=True, theme=theme)):
        assert figure.data and figure.layout.meta["alt"]
        figure.to_json()
    assert "loss (batch mean)" in figures.losses(strange).layout.yaxis.title.text
    assert figures.losses([]).layout.title.text == "No run yet"


def test_names_of_six_lie_beside_their_lines_and_apart():
    six = [make(updates=9, rate=0.9 - 0.001 * i) for i in range(5)] + [make("lstm", updates=9, cut=10)]
    figure = figures.gradient(six, equals=True)
    names = {note.name: note for note in figure.layout.annotations if (note.name or "").startswith("end ")}
    assert sorted(names) == [f"end grad_h {i}" for i in range(6)]
    assert [names[f"end grad_h {i}"].text[3] for i in range(6)] == list("ABCDEF")
    assert names["end grad_h 5"].x > names["end grad_h 0"].x == 1
    assert not overlaps(figure, (760, 420))


@pytest.mark.parametrize(("value", "place"), [(0.0, 0.05), (np.nan, 0.95)])
def test_a_line_without_a_point_has_its_name(value, place):
    dead = make("relu", updates=3)
    dead["grad_h"].values[:] = value
    figure = figures.gradient([make(updates=3), dead], equals=True)
    (note,) = [note for note in figure.layout.annotations if note.name == "end grad_h 1"]
    low, high = figure.layout.yaxis.range
    assert (note.y - low) / (high - low) == pytest.approx(place, abs=0.05)


def test_letters_of_losses_stay_inside_the_plot():
    figure = figures.losses([make(updates=9, loss=1.0) for _ in range(6)])
    low, high = figure.layout.yaxis.range
    found = {note.text: note.y for note in figure.layout.annotations if note.xref == "paper"}
    assert sorted(found) == [f"<b>{letter}</b>" for letter in "ABCDEF"]
    assert all(low < y < high for y in found.values())
    places = sorted(found.values())
    assert min(b - a for a, b in pairwise(places)) > 0.07 * (high - low)
