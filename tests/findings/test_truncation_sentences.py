"""Sentences about truncation: counted in Datasets whose numbers are known."""

import numpy as np
import pytest
from figures import truncated as t
from figures.sweeps import made, run

from explorer.findings import truncation_sentences as truncation
from explorer.findings import variant_sentences as several
from explorer.findings.variants import variant_names

SENTENCES = {
    "credit": (truncation.credit_sentence, t.credit(),
               "Every loss reaches every earlier state; half of all credit stays within 2 steps, 0.39 % of it travels "
               "over 20 steps"),
    "credit, flat": (truncation.credit_sentence, t.credit(length=9, first=9, rate=1.0),
                     "The loss reaches every earlier state; half of all credit stays within 4 steps, 44 % of it "
                     "travels over 4 steps"),
    "credit, chunked": (truncation.credit_sentence, t.credit(chunk=10),
                        "Nothing goes back over 9 steps, 73 % of the pairs of a loss and an earlier state get exactly "
                        "zero; half of all credit stays within 1 step"),
    "credit, one loss": (truncation.credit_sentence, t.credit(first=40, window=10, rate=0.5),
                         "Nothing goes back over 9 steps, 75 % of the states get exactly zero; half of all credit "
                         "stays in the step of its loss"),
    "credit, own step": (truncation.credit_sentence, t.credit(window=1),
                         "Nothing goes back in time, 95 % of the pairs of a loss and an earlier state get exactly "
                         "zero; half of all credit stays in the step of its loss"),
    "credit, none": (truncation.credit_sentence, t.strange(t.credit(), 0.0), "No loss reaches any state"),
    "credit, spoilt": (truncation.credit_sentence, t.spoilt(t.credit(), "credit"),
                       "The credit of 2 pairs of a loss and a state is not finite, 0.24 % of all"),
    "lags": (truncation.lags_sentence, t.lags(),
             "The last 3 steps give ∂L/∂W_hh to within 1 %; what travelled 10 steps or more is 9e-10 of it"),
    "lags, slow": (truncation.lags_sentence, t.lags(np.ones(30)),
                   "It takes the last 30 of 30 steps to find ∂L/∂W_hh to within 1 %; what travelled 15 steps or more "
                   "is 50 % of it"),
    "lags, cut": (truncation.lags_sentence, t.lags([1.0, 0.5, 0.1] + 17 * [0.0]),
                  "The last 3 steps give ∂L/∂W_hh to within 1 %, and nothing from more than 2 steps back"),
    "lags, cancelling": (truncation.lags_sentence, t.lags([1.0, 1.0, 0.1, 0.1, 0, 0], [1, 2, 1.05, 1, 1, 1],
                                                                [1, 1.1, 0.1, 0, 0, 0]),
                         "It takes the last 4 of 6 steps to find ∂L/∂W_hh to within 1 %; what travelled 3 steps or "
                         "more is 10 % of it"),
    "lags, zeros": (truncation.lags_sentence, t.strange(t.lags(), 0.0), "∂L/∂W_hh is exactly zero"),
    "lags, spoilt": (truncation.lags_sentence, t.spoilt(t.lags(), "grad_weight"),
                     "Of ∂L/∂W_hh some parts are not finite"),
    "bias": (truncation.bias_sentence, t.bias(),
             "With 20 steps of truncation the gradient is off by 40 % (chunked), 31 % (sliding); under 5 % from 40 on "
             "(chunked), from 80 on (sliding)"),
    "bias, own length": (truncation.bias_sentence, t.bias(**t.attrs(kind="window", k1=1, k2=10)),
                         "With 10 steps of truncation the gradient is off by 60 % (chunked), 50 % (sliding); under 5 % "
                         "from 40 on (chunked), from 80 on (sliding)"),
    "bias, both": (truncation.bias_sentence, t.bias([[0.999, 0.5], [0.998, 0.5]], [[-0.1, 1], [0.3, 1]], [5, 10]),
                   "With 5 steps of truncation the gradient is off by 100 % (both); under 5 % at none (both); 1 of 4 "
                   "gradients point away from the full one"),
    "influence": (truncation.influence_sentence, t.balance(),
                  "The truncated gradient points the wrong way up to 40 steps (loss at the end of each block) and up "
                  "to 60 steps (loss at every step); that of full BPTT never does"),
    "influence, long": (truncation.influence_sentence, t.balance((-6, -6), (1, 2), (30, 40)),
                        "The truncated gradient points the wrong way at no length (loss at the end of each block) and "
                        "at every length tried, up to 40 steps (loss at every step); that of full BPTT never does"),
    "influence, between": (truncation.influence_sentence, t.balance((-1, 1, 1, -1, -1), (1, -1, 1, -1, -1)),
                           "The truncated gradient points the wrong way from 10 up to 40 steps (loss at the end of "
                           "each block) and at 2 of 5 lengths (loss at every step); that of full BPTT never does"),
    "variants": (several.variants_sentence, t.variants(),
                 "Farthest from full BPTT is stochastic, compensated, off by 154 %, nearest adaptive, 8.8 % (median of "
                 "5 updates); RTRL equals full BPTT up to rounding"),
    "variants, one": (several.variants_sentence, t.variants(1, {"full": 0.0, "online(k2=3)": 0.25}),
                      "The gradient of online is off by 25 %"),
    "variants, equal": (several.variants_sentence, t.variants(3, {"rtrl": 1e-7, "window(k1=1, k2=90)": 0.0}),
                        "RTRL and sliding 90 equal full BPTT up to rounding (median of 3 updates)"),
    "variants, none": (several.variants_sentence, t.strange(t.variants(), np.nan),
                       "No variant beside full BPTT has a gradient to compare"),
    "costs": (several.orders_sentence, t.costs(),
              "With 8 times the steps, full takes 8 times the time and 8 times the memory; RTRL takes 64 times the "
              "time and 1 times the memory"),
    "costs, none": (several.orders_sentence, t.strange(t.costs(), np.nan),
                    "What the variants cost is not measured yet"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_says_what_was_counted(name):
    sentence, data, expected = SENTENCES[name]
    assert sentence(data) == expected


def test_runs_whose_gradient_never_reached_the_signal_are_counted():
    """Truncation of 5 and 15 does not reach a signal 16 steps away, 35 does."""
    one = made(one=lambda **p: run(**p, learned=p["cell"] == "lstm" and p["seed"] == 0))
    assert several.remembered_sentence(one, 16) == (
        "The gradient of 36 runs never reached the signal; 4 learned all the same (tanh 0 of 12, GRU 0 of 12, "
        "LSTM 4 of 12): the state carries what the gradient does not. With longer truncation 2 of 18 (tanh 0 of 6, "
        "GRU 0 of 6, LSTM 2 of 6) learned"
    )
    assert several.remembered_sentence(made(), 16).startswith(
        "The gradient of 36 runs never reached the signal and none of them learned. With longer truncation 12 of 18"
    )


def test_without_the_fewest_steps_only_the_length_and_the_lag_are_compared():
    said = several.remembered_sentence(made(keep=lambda k2, cell, **_: k2 < 35 and cell == "tanh"))
    assert said == "12 runs had truncation no longer than the lag to the signal and none of them learned"
    far = several.remembered_sentence(made(keep=lambda k2, **_: k2 == 35), 16)
    assert far.startswith("In every run the gradient goes back to the signal; 12 of 18 (tanh 0 of 6, GRU 6 of 6")
    assert several.remembered_sentence(made().where(False)) == "No run of this sweep is done yet"


def test_variants_are_named_by_kind_and_by_what_differs():
    names = variant_names(list(t.VARIANTS))
    assert list(names.values()) == [
        "full", "chunked 5", "sliding 20", "online", "stochastic, compensated", "stochastic, not compensated",
        "adaptive", "RTRL",
    ]  # fmt: skip
    assert variant_names(["online(k2=5)", "online(k2=9)"])["online(k2=9)"] == "online, k2 9"
    assert variant_names(["window(k1=5, k2=20)", "window"]) == {
        "window(k1=5, k2=20)": "every 5, back 20",
        "window": "window",
    }
