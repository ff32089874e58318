"""`sweep`: names and labels of the axes, and members equal to runs alone."""

import json

import numpy as np
from sweeping import config, same

from explorer import Experiment, sweep, train
from explorer.combination import names
from explorer.grid import Grid

WINDOW = {"kind": "window", "k1": 2, "k2": 4}


def test_members_are_the_runs_alone_and_axes_are_named_by_their_fields() -> None:
    over = {"cell.kind": ["tanh", "lstm"], "truncation.k2": [3, 5], "seed": [0, 7]}
    grid = sweep(config(truncation=WINDOW), over)
    assert grid["grad_h"].dims == ("cell", "k2", "seed", "step", "time")
    assert grid["loss"].dims == ("cell", "k2", "seed", "step")
    assert [grid[name].values.tolist() for name in ("cell", "k2", "seed")] == list(over.values())
    assert grid["step"].values.tolist() == [0, 1, 2, 3]
    assert grid["time"].values.tolist() == list(range(1, 11))
    for cell, k2, seed in (("tanh", 3, 0), ("lstm", 5, 7), ("lstm", 3, 7)):
        truncation = {**WINDOW, "k2": k2}
        alone = train(config(cell={"kind": cell, "hidden_size": 4}, truncation=truncation, seed=seed))
        assert (alone["grad_h"].values == 0).any(), "nothing is cut, so k2 would not show"
        same(grid.sel(cell=cell, k2=k2, seed=seed), alone)
    assert np.isnan(grid["grad_c"].sel(cell="tanh")).all()
    assert grid.attrs["status"] == "finished"
    assert json.loads(grid.attrs["over"]) == over
    assert Experiment.model_validate_json(grid.attrs["experiment"]) == config(truncation=WINDOW)
    assert json.loads(grid.attrs["question"]) == [[10, 10]]


def test_a_whole_part_is_labelled_by_its_kind_and_the_fields_given() -> None:
    parts = [{"kind": "full"}, {"k2": 5, "k1": 5, "kind": "window"}, {"kind": "window", "k1": 2}]
    base = config(truncation={"kind": "window", "k1": 3, "k2": 9})
    grid = sweep(base, {"truncation": parts})
    assert grid["truncation"].values.tolist() == ["full", "window(k1=5, k2=5)", "window(k1=2)"]
    for label, part in zip(grid["truncation"].values, parts, strict=True):
        same(grid.sel(truncation=label), train(config(truncation=part)))  # what is left out has its default: k2 = 20
    assert list(parts[1]) == ["k2", "k1", "kind"], "the caller's object was changed"


def test_parts_within_parts_words_among_parts_and_inner_paths() -> None:
    cells = [{"kind": "lstm", "hidden_size": 3, "bias": {"kind": "forget", "forget_bias": 1}}, "gru"]
    grid = Grid(config(), {"cell": cells, "cell.weights": [{"kind": "gaussian", "gain": 2}, "identity"]})
    assert grid.axes == {
        "cell": ["lstm(hidden_size=3, bias=forget(forget_bias=1))", "gru"],
        "weights": ["gaussian(gain=2)", "identity"],
    }
    first, last = grid.experiments[0].cell, grid.experiments[-1].cell
    assert (first.kind, first.hidden_size, first.bias.forget_bias, first.weights.gain) == ("lstm", 3, 1, 2)
    assert (last.kind, last.weights.kind) == ("gru", "identity")
    assert grid.called(0) == "cell = lstm(hidden_size=3, bias=forget(forget_bias=1)), weights = gaussian(gain=2)"


def test_an_inner_kind_overrides_what_an_outer_part_says() -> None:
    base = config(cell={"kind": "tanh", "hidden_size": 4, "weights": {"kind": "orthogonal", "gain": 2.0}})
    cells = [{"kind": "lstm", "bias": {"kind": "forget", "forget_bias": 1}}, {"kind": "gru", "hidden_size": 5}]
    grid = Grid(base, {"cell.bias.kind": ["zero"], "cell": cells, "task.length": [8]})
    assert [(e.cell.kind, e.cell.bias.kind, e.cell.hidden_size) for e in grid.experiments] == [
        ("lstm", "zero", 64),
        ("gru", "zero", 5),
    ]
    assert all(e.cell.weights == Experiment(cell={"kind": e.cell.kind}).cell.weights for e in grid.experiments)


def test_names_are_whole_paths_where_they_are_ambiguous() -> None:
    assert names(["truncation.k2", "cell.kind", "cell.weights.kind", "seed"]) == ["k2", "cell", "weights", "seed"]
    assert names(["cell", "cell.kind", "seed"]) == ["cell", "cell.kind", "seed"]
    assert names(["cell.weights.gain", "cell.bias.gain"]) == ["cell.weights.gain", "cell.bias.gain"]
    grid = Grid(config(), {"cell": [{"kind": "tanh"}], "cell.kind": ["relu", "gru"]})
    assert list(grid.axes) == ["cell", "cell.kind"]
    assert [e.cell.kind for e in grid.experiments] == ["relu", "gru"]


def test_keys_stand_for_paths_and_words_for_kinds() -> None:
    short = Grid(config(truncation=WINDOW), {"k2": [4], "cell": ["gru"], "weights": ["identity"]})
    assert list(short.over) == ["truncation.k2", "cell.kind", "cell.weights.kind"]
    assert list(short.axes) == ["k2", "cell", "weights"]


def test_a_change_of_kind_keeps_what_the_new_kind_has() -> None:
    base = config(cell={"kind": "lstm", "hidden_size": 6, "bias": {"kind": "forget", "forget_bias": 1.0}})
    tanh = Grid(base, {"cell.kind": ["tanh"]}).experiments[0]
    assert tanh == config(cell={"kind": "tanh", "hidden_size": 6})


def test_values_are_understood_as_the_fields_understand_them() -> None:
    grid = Grid(config(), {"seed": np.arange(2), "optimizer.learning_rate": (x for x in (".1", "1e-3"))})
    assert grid.axes == {"seed": [0, 1], "learning_rate": [0.1, 0.001]}
    assert grid.over == {"seed": [0, 1], "optimizer.learning_rate": [".1", "1e-3"]}
    assert json.loads(sweep(config(steps=1), {"seed": range(2)}).attrs["over"]) == {"seed": [0, 1]}
