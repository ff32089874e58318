"""Findings against closed forms."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from explorer import findings
from explorer.findings import facts


def dataset(grad, kind="tanh", cell_state=None, **attrs):
    """Return a Dataset of [R,T] gradients; adding's cues and question."""
    grad = np.atleast_2d(np.asarray(grad, dtype=float))
    updates, length = grad.shape
    data = {"grad_h": (("step", "time"), grad), "grad_weight": (("step", "time"), grad)}
    if cell_state is not None:
        data["grad_c"] = (("step", "time"), np.atleast_2d(np.asarray(cell_state, dtype=float)))
    one = np.ones(updates)
    data |= {n: ("step", one.copy()) for n in ("loss", "grad_norm", "grad_norm_clipped", "asked")}
    config = {"task": {"kind": "adding"}, "cell": {"kind": kind, "hidden_size": 64}, "batch_size": 32}
    half = max(1, length // 2)
    base = {
        "experiment": json.dumps(config), "signal": json.dumps([[1, half], [half + 1, length]]), "cuts": "[]",
        "question": json.dumps([[length, length]]), "chance_loss": 0.5, "chance_text": "1/2", "status": "finished",
    }  # fmt: skip
    return xr.Dataset(data, {"step": np.arange(updates), "time": np.arange(1, length + 1)}, base | attrs)


def text(pieces):
    return "".join(piece for piece, _ in pieces)


BACK = 100 - np.arange(1, 101)  # steps from the question, T = 100


# Two to the minus 126 is float32's smallest normal number: at two halvings a step it is passed after 62 steps.
@pytest.mark.parametrize(("half_life", "start"), [(0.5, 38), (1.0, 25), (9.2, 25), (40.0, 25)])
def test_half_life_of_an_exact_exponential(half_life, start):
    found = findings.decay(dataset(2.0 ** (-BACK / half_life)))
    assert found.half_life == pytest.approx(half_life, rel=1e-9) and found.doubling is None
    assert found.factor == pytest.approx(2 ** (-1 / half_life)) and found.fit == pytest.approx(1)
    assert found.span == (start, 100)


def test_doubling_of_a_growing_exponential():
    found = findings.decay(dataset(2.0 ** (BACK / 3)))
    assert found.doubling == pytest.approx(3) and found.half_life is None and found.factor > 1


def test_the_fit_uses_only_finite_non_zero_values_in_the_span():
    grad = 2.0 ** (-BACK / 5.0)
    grad[:24] = 1e9  # before the first cue: not used
    grad[30], grad[31], grad[32] = 0, np.inf, np.nan
    assert findings.decay(dataset(grad)).half_life == pytest.approx(5)


@pytest.mark.parametrize("grad", [[1.0], [1.0, 2.0], np.zeros(50), np.full(50, np.nan), np.r_[np.zeros(48), 1, 1]])
def test_no_rate_from_fewer_than_three_values(grad):
    assert findings.decay(dataset(grad)) is None


CUE = "the end's gradient reaches the first cue (near t = 25)."
VALLEY = np.exp(np.interp(BACK, [0, 40, 75, 99], np.log([1, 0.1, 2.9, 2.9])))
UNEVEN = np.where(BACK > 70, 1e-30, np.where(BACK == 70, 1e-10, 0.99**BACK))
SENTENCES = {
    "fading": (2.0 ** (-BACK / 9.2), f"halves every 9.2 steps: 0.0035 of {CUE}"),
    "growing": (2.0 ** (BACK / 3), f"doubles every 3 steps going back: 3e7 times {CUE}"),
    "one step": (2.0**-BACK, f"halves every step: 3e-23 of {CUE}"),
    "constant": (1 + 0.5 * np.sin(BACK), f"stays within a factor of 3: 0.81 of {CUE}"),
    "zeros": (np.zeros(100), "is exactly zero at every step."),
    "nan": (np.full(100, np.nan), "is not finite at any step."),
    "overflow": (np.where(BACK > 63, np.inf, 2.0**BACK), "overflows at step 36, going back."),
    "drop": (np.where(BACK > 3, 0.1, 1.0), "falls to 0.1 of the end's by t = 96"),
    "dead": (np.where(BACK > 40, 0.0, 0.9**BACK), "is exactly zero before step 60: no gradient flows, so nothing"),
    "tiny": (np.where(BACK > 40, 0.0, 10.0**-BACK), "underflows float32 before step 63, so nothing reaches"),
    "plateau": (np.maximum(4.0**-BACK, 1e-43), "halves every 0.5 steps: less than float32 can hold reaches the"),
    "dead plateau": (np.where(BACK > 70, 0, np.maximum(4.0**-BACK, 1e-43)), "underflows float32 before step 38, so no"),
    "all tiny": (np.full(100, 1e-40), "is too small for float32 at every step: less than float32 can hold reaches"),
    "flat": (np.ones(100), "stays within a factor of 1.1: all of the end's gradient reaches the first cue"),
    "rising a little": (1 + 0.4 * BACK / 75, "stays within a factor of 1.4: 1.4 times the end's gradient reaches"),
    "rise": (np.where(BACK > 3, 1.4, 0.4), "rises to 3.5 times the end's by t = 96: 3.5 times the end's gradient"),
    "valley": (VALLEY, "falls to 0.1 of the end's at t = 60, then rises: 2.9 times the end's gradient reaches"),
    "hill": (1 / VALLEY, "rises to 10 times the end's at t = 60, then falls: 0.34 of the end's gradient reaches"),
    "waves": (10.0 ** np.sin(BACK / 5), "varies by a factor of 100: 4.5 times the end's gradient reaches the"),
    "late drop": (UNEVEN, "falls unevenly: 1e-30 of the end's gradient reaches the first cue"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_the_headline_says_what_is_true(name):
    grad, expected = SENTENCES[name]
    pieces = findings.headline([dataset(grad)])
    assert ("tanh", "tanh") in pieces
    if name == "constant":
        expected = expected.replace("a factor of 3", f"a factor of {facts.number(grad[24:].max() / grad[24:].min())}")
        expected = expected.replace("0.81", facts.number(grad[24] / grad[-1]))
    assert text(pieces).startswith(f"In this tanh network the gradient {expected}")


def test_truncation_is_named_as_the_cause():
    said = text(findings.headline([dataset(np.where(BACK > 19, 0.0, 0.9**BACK), cuts="[20, 40, 60, 80]")]))
    assert "is exactly zero before step 81: truncation cuts it, so nothing reaches the first cue (near t = 25)." in said


def test_cuts_that_vary_are_named_as_the_cause_too():
    """Which steps they stand at is not kept; a unit of a ReLU may be off as well, so there nothing is blamed."""
    for cell, cause in (("tanh", "truncation cuts it"), ("relu", "no gradient flows")):
        run = xr.concat([dataset(np.where(BACK > 19, 0.0, 0.9**BACK), cell)] * 2, "step", combine_attrs="override")
        run = run.assign_coords(step=[0, 1]).assign_attrs(cuts="[]", cuts_vary=1)
        assert f"is exactly zero before step 81: {cause}" in text(findings.headline([run], 0))


def test_what_reaches_the_cue():
    found = findings.reaching(dataset(0.5**BACK, "lstm", cell_state=3.0 * 0.9**BACK))
    assert (found.time, found.origin) == (25, 100)
    assert found.fraction == pytest.approx(0.5**75) and found.cell_fraction == pytest.approx(0.9**75)
    assert findings.reaching(dataset(0.5**BACK)).cell_fraction is None


def test_the_subline_colours_other_cells_and_gives_the_setting():
    cells = [dataset(0.9**BACK), dataset(0.5**BACK, "lstm", cell_state=1 + 2 * (BACK == 75)), dataset(0.9**BACK, "gru")]
    pieces = findings.subline(cells)
    assert text(pieces) == (
        "Through the LSTM's cell state 3 times the end's arrives, GRU 0.0004. "
        "Adding, T = 100, 64 units, before training, mean of 32 sequences."
    )
    assert [p for p in pieces if p[1]] == [("LSTM", "lstm"), ("GRU", "gru")]
    assert text(findings.subline(cells[:1])).startswith("Adding, T = 100")


def test_a_share_float32_cannot_hold_is_no_number():
    """Below 1.18e-38 the values are rounding, each the sum of a batch of rounded norms; 0 is another matter."""
    plateau, dead = np.maximum(4.0**-BACK, 1e-43), np.where(BACK > 70, 0.0, 4.0**-BACK)
    found = findings.reaching(dataset(0.9**BACK, "lstm", cell_state=plateau))
    assert not found.lost and found.fraction == pytest.approx(0.9**75)
    assert found.cell_lost and math.isnan(found.cell_fraction)
    assert findings.reaching(dataset(plateau)).lost
    none = findings.reaching(dataset(dead))
    assert none.fraction == 0 and not none.lost
    cells = [dataset(0.9**BACK), dataset(0.9**BACK, "lstm", cell_state=plateau), dataset(plateau, "gru")]
    said = text(findings.subline([*cells, dataset(dead, "relu"), dataset(np.ones(100), "tanh")]))
    start = "Through the LSTM's cell state less than float32 can hold arrives, GRU less than float32 can hold, "
    assert said.startswith(start + "ReLU nothing, tanh all of the end's. ")


@pytest.mark.parametrize(("value", "words"), [(0.0, None), (np.inf, None), (1e-41, None), (0.5, "0.5 of the end's")])
def test_a_share_of_an_end_that_is_no_number_is_not_stated(value, words):
    grad = np.r_[np.full(99, 0.25), value]
    said = text(findings.headline([dataset(grad)]))
    assert (f": {words} gradient reaches" in said) if words else ("reaches" not in said)


def test_float64_holds_what_float32_does_not():
    run = dataset(4.0**-BACK)
    run.attrs["experiment"] = run.attrs["experiment"].replace('}, "batch', '}, "dtype": "float64", "batch')
    assert "less than float32 can hold" in text(findings.headline([dataset(4.0**-BACK)]))
    assert f"{facts.number(4.0**-75)} of the end's gradient" in text(findings.headline([run]))
    bare = run.drop_attrs()
    assert facts.floor(bare)[0] == "float64" and facts.floor(dataset(0.9**BACK).drop_attrs())[0] == "float32"


def test_one_is_not_many():
    run = dataset(np.tile(0.9**BACK, (2, 1)))
    run.attrs["experiment"] = json.dumps({"cell": {"kind": "tanh", "hidden_size": 1}, "batch_size": 1})
    assert text(findings.subline([run])) == "T = 100, 1 unit, after 1 update, one sequence."


def test_a_watched_model_needs_no_loss():
    """A recorder's Dataset has no loss, no norm of the gradient, no experiment, and a dimension for each layer."""
    grad = np.tile(0.9**BACK, (2, 3, 1))
    watched = xr.Dataset({"grad_h": (("layer", "step", "time"), grad)}, {"step": range(3), "time": range(1, 101)})
    assert text(findings.headline([watched])) == (
        "In this network the gradient halves every 6.6 steps: 3e-5 of the end's gradient reaches t = 1."
    )
    assert text(findings.subline([watched])) == "T = 100, layer 1 of 2."
    assert findings.learned(watched)[1] == "no loss recorded" and findings.diverged_at(watched) is None
    assert math.isnan(findings.recent_loss(watched)) and math.isnan(findings.clipped_share(watched))
    assert findings.weight_share(watched) is None and findings.with_loss(watched) is watched


def test_one_update_later_on_is_not_before_training():
    run = dataset(np.ones((3, 5))).isel(step=[2])
    assert "before training" not in findings.learned(run)[1]
    assert "before training" in findings.learned(dataset(np.ones((1, 5))))[1]


def test_a_diverged_run_says_so_at_its_end_only():
    run = dataset(np.tile(0.9**BACK, (38, 1)))
    run["loss"].values[37] = np.nan
    assert text(findings.headline([run])) == "In this tanh network the loss was not finite at update 37: diverged."
    assert "halves every 6.6 steps" in text(findings.headline([run], step=3))
    run["loss"].values[37], run["grad_norm"].values[37] = 1.0, np.inf
    assert "the gradient was not finite at update 37" in text(findings.headline([run]))
    assert findings.diverged_at(run) == 37


def test_clipped_share_ignores_rounding_and_broken_norms():
    run = dataset(np.ones((5, 3)))
    run["grad_norm"].values[:] = [2, 1, 1 + 1e-9, np.inf, 4]
    run["grad_norm_clipped"].values[:] = [1, 1, 1, np.nan, 1]
    assert findings.clipped_share(run) == 0.5
    assert math.isnan(findings.clipped_share(run.isel(step=[3])))


@pytest.mark.parametrize(
    ("loss", "words"), [(0.1, "loss is 0.2 of chance"), (0.51, "loss is at chance"), (0.75, "loss is 1.5 times chance")]
)
def test_learned_compares_the_last_losses_with_chance(loss, words):
    run = dataset(np.ones((40, 3)))
    run["loss"].values[-4:] = loss
    ratio, said = findings.learned(run)
    assert ratio == pytest.approx(loss / 0.5) and said == words


def test_updates_that_ask_nothing_do_not_count_as_loss():
    run = dataset(np.ones((20, 3)))
    run["loss"].values[10:], run["asked"].values[10:] = 0, 0
    assert findings.recent_loss(run) == 1


def test_weight_share_counts_from_the_end():
    assert findings.weight_share(dataset([1, 2, 3, 4])) == 3
    assert findings.weight_share(dataset(np.ones(100))) == 90
    assert findings.weight_share(dataset(np.zeros(4))) is None
    assert findings.weight_share(dataset([1, np.nan])) is None


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf])
@pytest.mark.parametrize("length", [1, 2, 3, 10])
@pytest.mark.parametrize("kind", ["tanh", "lstm"])
def test_no_dataset_raises(value, length, kind):
    grad = np.full((2, length), value)
    data = dataset(grad, kind, cell_state=grad if kind == "lstm" else None)
    for each in (data, data.isel(step=[0]), data.drop_attrs(), data.assign(loss=data.loss * np.nan)):
        for step in (-1, 0):
            said = text(findings.headline([each, each], step)) + text(findings.subline([each, each], step))
            assert said.endswith(".") and "  " not in said
        findings.learned(each), findings.clipped_share(each), findings.weight_share(each)
    assert text(findings.headline([])) == "Nothing is measured yet." and findings.subline([]) == []


NUMBERS = {
    3.4: "3.4", 0.39999998: "0.4", 1e-8: "1e-8", 3.4e-8: "3e-8", 0.001: "0.001", 0.0002: "0.0002", 9.96e-4: "0.001",
    130.8: "131", 1234.5: "1200", 2.35e12: "2e12", 9.96: "10", 1e4: "1e4", 0.0556: "0.056", 1 / 3: "0.33", 0.0: "0",
    -2.5: "-2.5", math.inf: "inf", -math.inf: "-inf", 1.0: "1", 1.4e-45: "1e-45",
}  # fmt: skip


@pytest.mark.parametrize("value", NUMBERS)
def test_numbers_are_written_for_people(value):
    assert facts.number(value) == NUMBERS[value]
    assert facts.number(math.nan) == "nan"
