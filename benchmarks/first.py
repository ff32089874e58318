"""The first gradient curve of a shape that was never seen before: where programs that compile must wait."""

from functools import partial

import numpy as np

from benchmarks import jax_scan
from benchmarks.agreement import DisagreementError
from benchmarks.contestants import experiment
from benchmarks.report import Line, Section
from benchmarks.timing import median, once
from explorer import Experiment, measure

TITLE = "first gradient curve of a new shape, weights and batch drawn (LSTM, B=32, H=64, T=101 … 107, float32)"
NAME = "first gradient curve of a new shape ÷ JAX's, compile included"
LENGTHS = range(101, 108)
NEAR = 1e-3


def run() -> Section:
    """A new length in each round."""
    if not jax_scan.HERE:
        return Section(TITLE, (), (jax_scan.MISSING,))
    warm = experiment("lstm", length=100)
    _check(warm)  # and so neither side pays for its own start
    ours, theirs = list[float](), list[float]()
    for length in LENGTHS:
        here = experiment("lstm", length=length)
        ours.append(once(partial(measure, here)))
        theirs.append(once(partial(jax_scan.first_curve, here)))
    values = tuple(a / b for a, b in zip(ours, theirs, strict=True))
    return Section(TITLE, (Line(NAME, values, took=median(ours), compile=median(theirs)),))


def _check(experiment: Experiment) -> None:
    flow = measure(experiment)
    for name, values in jax_scan.first_curve(experiment).items():
        expected = flow[name].values[0]
        if not np.abs(values - expected).max() <= NEAR * expected.max() > 0:
            raise DisagreementError(f"measure and JAX disagree in {name}; nothing was timed.")
