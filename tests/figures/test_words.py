"""Words in the large chart, on measured networks: none lies on another, and no line runs through one."""

from functools import cache

import numpy as np
import pytest
from figures.boxes import overlaps, struck, words

import explorer
from explorer import figures

SIZES = [(760, 420), (900, 460), (1200, 600)]


def config(kind="tanh", task="adding", length=60, **more):
    """Return a small experiment; ``cell`` adds to the cell's own fields."""
    cell = {"kind": kind, "hidden_size": 12} | more.pop("cell", {})
    given = {"task": {"kind": task, "length": length}, "cell": cell, "batch_size": 4, "steps": 8, **more}
    return explorer.Experiment.model_validate(given)


def window(k1, k2):
    return {"kind": "window", "k1": k1, "k2": k2}


def gain(size, kind="tanh", **more):
    """Return an experiment with orthogonal recurrent weights times ``size``."""
    return config(kind, cell={"weights": {"kind": "orthogonal", "gain": size}}, **more)


PYTORCH = {"weights": {"kind": "pytorch"}}
DIVERGING = {"optimizer": {"kind": "sgd", "learning_rate": 10.0}, "clipping": {"kind": "none"}}
MEASURED = {
    "default": [config()],
    "cells": [config(kind) for kind in ("tanh", "lstm", "gru")],
    "all cells, PyTorch's weights": [config(k, cell=PYTORCH) for k in ("tanh", "relu", "lstm", "gru")],
    "all cells, truncated": [config(k, truncation=window(10, 20)) for k in ("tanh", "relu", "lstm", "gru")],
    "gain 2": [gain(2.0, kind) for kind in ("tanh", "lstm", "relu")],
    "gain 2, long": [gain(2.0, "relu", length=300), config("gru", length=300)],
    "float32's floor": [config(length=150, cell=PYTORCH)],
    "float32's end": [config(length=200, cell=PYTORCH), config("lstm", length=200)],
    "copying": [config("lstm", "copying", 40), config("tanh", "copying", 40)],
    "recall": [config("gru", "recall", 40), config("lstm", "recall", 40)],
    "temporal order": [config(k, "temporal_order", 60) for k in ("tanh", "gru", "lstm")],
    "a few of the end": [config("lstm", truncation=window(1, 3))],
    "short": [config(length=6), config("lstm", length=6)],
}
RUNS = {
    "run": config(),
    "lstm run": config("lstm"),
    "fading run": config(cell=PYTORCH),
    "truncated run": config("lstm", truncation=window(20, 20)),
    "truncated, sliding": config("tanh", truncation=window(1, 12)),
    "truncated, short of the end": config("gru", truncation=window(15, 45)),
    "gain 2 run": gain(2.0),
    "fading long run": config("lstm", cell=PYTORCH, length=180),
    "diverged": gain(2.0, "relu", **DIVERGING),
    "overflowing run": gain(2.0, "relu", length=145, **DIVERGING),
    "segments": config("lstm", "copying", 40, truncation=window(10, 10) | {"updates": "segment"}),
}


@cache
def shown(name):
    """Return the Datasets of a case, and what is drawn grey before them."""
    if name in RUNS:
        start = explorer.measure(RUNS[name])
        return [explorer.train(RUNS[name])], start
    return [explorer.measure(each) for each in MEASURED[name]], None


@pytest.mark.parametrize("name", [*MEASURED, *RUNS])
def test_no_word_lies_on_another_or_on_a_line(name):
    data, before = shown(name)
    for step in (-1, 0):
        fig = figures.gradient(data, step=step, before=before)
        # The name of a run's line moves with it; with an update after each segment the grey line is on all its sides.
        live = {f"<b>{t.name}</b>" for t in fig.data if t.meta} if name == "segments" else set()
        for size in SIZES:
            assert overlaps(fig, size) == [], size
            assert [pair for pair in struck(fig, size) if pair[0] not in live] == [], size


def test_the_cases_show_what_they_are_called():
    """Guards the test above: the words that make placing hard are there."""
    said = {
        name: " ".join(t for t, _ in words(figures.gradient(d, before=b), SIZES[0])) for name, (d, b) in all_shown()
    }
    for word in (
        "vanishing",
        "exploding",
        "float32",
        "exactly 0",
        "cut by truncation",
        "before training",
        "inf",
        "cue",
    ):
        assert any(word in each for each in said.values()), word
    assert [name for name in RUNS if "before training" not in said[name]] == ["overflowing run"]
    assert explorer.train(RUNS["overflowing run"]).sizes["step"] == 1
    assert explorer.train(RUNS["diverged"]).attrs["status"] == "diverged"


def all_shown():
    return [(name, shown(name)) for name in [*MEASURED, *RUNS]]


@pytest.mark.parametrize("name", [*MEASURED, *RUNS])
def test_what_is_tinted_has_vanished_or_exploded(name):
    """Each point of a line in the tint is 1000 times below (above) that line's own end, at every update."""
    data, before = shown(name)
    fig = figures.gradient(data, before=before)
    edges = {s.name: s.y0 for s in fig.layout.shapes if s.name in ("vanishing", "exploding")}
    for each in [*data, *([before] if before is not None else [])]:
        for variable in ("grad_h", "grad_c"):
            for row in each[variable].values if variable in each else []:
                finite = np.flatnonzero(np.isfinite(row) & (row > 0))
                if not finite.size:
                    continue
                end = row[finite[-1]]
                assert end >= edges.get("vanishing", 0) * 999 and end <= edges.get("exploding", np.inf) / 999
