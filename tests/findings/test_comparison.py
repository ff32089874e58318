"""What differs between runs and what each came to, counted from the data."""

import math

import pytest
from figures.conftest import diverged, make

from explorer import findings
from explorer.findings.comparison import UNKNOWN


def test_only_what_differs():
    configs = [{"cell": "lstm", "length": "50"}, {"length": "50"}, {"length": "50", "k1": "5"}]
    assert findings.differing(configs) == ["cell", "k1"]
    assert findings.differing(configs[1:2]) == []


def test_verdicts_are_those_of_the_data():
    said = findings.verdicts(make(rate=0.9), seconds=0.0123, memory=2.5e6)
    assert tuple(said) == findings.VERDICTS
    assert said["decay per step"] == "0.9"
    assert said["half-life"] == f"{math.log(2) / -math.log(0.9):.1f} steps"
    assert float(said["gradient at the cue"]) == pytest.approx(0.9**30, rel=0.1)
    assert (said["clipped"], said["time per update"], said["memory"]) == ("100 %", "12 ms", "2.5 MB")
    assert float(said["loss ÷ no-memory loss"]) == pytest.approx(0.2 * 6, rel=0.1)


def test_what_is_not_known_is_not_made_up():
    said = findings.verdicts(make(updates=1))
    assert said["clipped"] == said["time per update"] == said["memory"] == UNKNOWN
    assert findings.verdicts(diverged())["loss ÷ no-memory loss"].startswith("diverged at update")


def test_the_sentence_names_best_and_worst():
    said = findings.compared([make(rate=0.9), make("lstm", rate=0.99), make("gru", cut=35)], "ABC")
    assert "reaches the cue in B (LSTM) and nothing in C (GRU)" in said
    assert said.endswith("none has learned.")
    solved = make("lstm", updates=40, rate=0.99)
    solved["loss"].values[:] = 0.01
    assert findings.compared([make(), solved], "AB").endswith("; B has learned.")
    assert "The same share" in findings.compared([make(), make("gru")], "AB")
