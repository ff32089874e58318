"""Sentences about adaptive truncation: counted in runs whose numbers are known."""

import numpy as np
import pytest
from figures import truncated as t

from explorer.findings.adapted_sentences import adapted_sentence, tolerance

INF, NAN = np.inf, np.nan
SENTENCES = {
    "shorter": (t.adapted(), "K went from 100 to 12 steps; the true bias was above the tolerance of 0.1 in 20 % of 5 "
                             "updates, the estimate in none"),
    "between": (t.adapted([10, 100, 3, 12], [0.2, 0.2, 0.05, NAN], [0.2, 0.05, 0.05, 0.05]),
                "K went from 10 to 12 steps, between 3 and 100; the true bias was above the tolerance of 0.1 in 67 % "
                "of 3 updates, the estimate in 25 % of 4 updates"),
    "there and back": (t.adapted([10, 1, 10], [0, 0, 0]),
                       "K began and ended at 10 steps, between 1 and 10; true bias and estimate were above the "
                       "tolerance of 0.1 in no update"),
    "constant": (t.adapted([1, 1], [INF, 0.2], [INF, INF]),
                 "K stayed at 1 step; true bias and estimate were above the tolerance of 0.1 in every update"),
    "one": (t.adapted([7], [0.05]), "K is 7 steps; the true bias is 5 %, the estimate is 9 % (tolerance 10 %)"),
    "one, strange": (t.adapted([7], [NAN], [INF]),
                     "K is 7 steps; the true bias is nan, the estimate is inf (tolerance 10 %)"),
    "no truth": (t.adapted([5, 6], [NAN, NAN]), "K went from 5 to 6 steps; the true bias is not known"),
    "no estimate": (t.adapted([5, 6], [0, 1], [NAN, NAN]),
                    "K went from 5 to 6 steps; the true bias was above the tolerance of 0.1 in 50 % of 2 updates, and "
                    "the estimate is not known"),
    "none": (t.variants(), "No truncation length was chosen in this run"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_says_what_was_counted(name):
    run, expected = SENTENCES[name]
    assert adapted_sentence(run) == expected


def test_without_a_tolerance_nothing_is_above_it():
    run = t.adapted()
    assert tolerance(run) == 0.1
    run.attrs = {}
    assert np.isnan(tolerance(run))
    assert adapted_sentence(run) == "K went from 100 to 12 steps; the tolerance is not known"
