"""What the variants are, what they cost, and the questions that pages ask."""

import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from explorer import Experiment, Training
from explorer.answers import QUESTIONS, answer, seconds
from explorer.costs import Cost, cost
from explorer.prices import SIZES, prices, sized
from explorer.recording import Row
from explorer.truncation import Online, Rtrl, Window
from explorer.variants import at_start, length_of, priced, spread, variants

SMALL = Experiment().changed(hidden_size=8, batch_size=2, length=40)


def test_variants_share_the_truncation_length_of_the_experiment() -> None:
    assert length_of(SMALL) == 8  # a fifth of the sequence, where nothing is cut
    own = SMALL.changed(truncation="window", k1=5, k2=10)
    assert length_of(own) == 10
    kinds = [scheme.kind for scheme in variants(own)]
    assert kinds == ["window", "window", "stochastic", "stochastic", "subsequence", "adaptive", "rtrl"]
    assert {10.0} == {scheme.reach(40) for scheme in variants(own)[:5]}
    assert "rtrl" not in [scheme.kind for scheme in variants(Experiment())]  # with 64 units it takes too long


def test_at_the_start_each_variant_has_one_row() -> None:
    found = at_start(SMALL)
    assert found.sizes["step"] == 1 and found.sizes["variant"] == len(variants(SMALL))
    bias = found.relative_bias[0].values
    assert (bias[:2] > 1e-3).all() and bias[-1] < 1e-5
    online = at_start(SMALL.changed(truncation="online", k2=13))  # cannot be measured beside, but says the length
    assert online.sizes["variant"] == 7 and "window(k1=13, k2=13, updates=sequence)" in online.variant


def test_lengths_are_even_on_a_logarithmic_axis() -> None:
    assert spread(100)[0] == 1 and spread(100)[-1] == 100 and len(spread(1000)) == 12
    assert spread(3) == [1, 2, 3]


def test_the_time_of_an_update_is_that_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with others makes no update dearer."""
    made = Training.__iter__

    def held_up(self: Training) -> Iterator[Row]:
        for row in made(self):
            time.sleep(0.05)
            yield row

    monkeypatch.setattr(Training, "__iter__", held_up)
    assert 0 < cost(SMALL.changed(device="cpu")).seconds < 0.05


def test_memory_is_that_of_the_fullest_moment() -> None:
    @cache
    def of(kind: str, length: int) -> float:
        return cost(SMALL.changed(cell="lstm", truncation=kind, length=length)).memory

    states = 4 * 2 * 8 * 90  # bytes of h alone, in the steps that one has more
    grown = of("full", 120) - of("full", 30)
    assert grown > 6 * states
    carried = 4 * 2 * 8 * 4 * 8 * (8 + 2 + 2)  # P of one state
    assert of("rtrl", 30) > of("full", 30) + 4 * carried
    assert of("rtrl", 120) < of("rtrl", 30) + 1.1 * grown  # what is carried does not grow
    assert of("online", 120) < 1.3 * of("online", 30)


def test_prices_are_those_of_each_scheme_and_size() -> None:
    schemes, asked = [Window(k1=4, k2=4), Window(k1=1, k2=4), Online(k2=4), Rtrl()], list[Experiment]()

    def known(experiment: Experiment) -> Cost | None:
        asked.append(experiment)
        return Cost(1.0 * len(asked), 2.0) if experiment.truncation.kind != "online" else None

    found = prices(SMALL, "k2", sizes=(6, 12), schemes=schemes, known=known)
    lengths = [(e.truncation.kind, e.truncation.model_dump().get("k1"), e.truncation.reach(40)) for e in asked]
    assert lengths[:6] == [
        ("window", 6, 6.0), ("window", 12, 12.0), ("window", 1, 6.0), ("window", 1, 12.0), ("online", None, 6.0),
        ("online", None, 12.0),
    ]  # fmt: skip
    assert found.seconds.values.tolist()[:2] == [[1.0, 2.0], [3.0, 4.0]]
    assert np.isnan(found.seconds.values[2]).all() and found.attrs["over"] == "k2"
    assert found.order_time.values.tolist() == [0, 0, 1, 0]
    each = prices(SMALL.changed(task="copying", length=20), "k2", sizes=(6, 12), schemes=schemes, known=known)
    assert each.order_time.values.tolist() == [0, 1, 1, 0]  # with a loss at every step windows that slide overlap
    assert sized(Experiment().changed(cell="lstm"), "hidden_size", 128, Rtrl()) is None  # beyond the budget
    assert set(SIZES) == {"length", "k2", "hidden_size"} and len(priced(SMALL)) == 8


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_an_answer_and_a_time(question: str) -> None:
    told: list[float] = []
    found = answer(question, SMALL, told.append)  # type: ignore[arg-type]
    assert found is not None and 0 < seconds(question, SMALL) < 60  # type: ignore[arg-type]
    assert all(0 <= share <= 1 for share in told)
    assert bool(told) == (question in ("credit", "lags", "bias"))
