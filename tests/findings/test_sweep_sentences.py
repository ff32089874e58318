"""Sentences about a grid: counted in grids whose runs are known."""

import numpy as np
import pytest
from figures.sweeps import AXES, made, run

from explorer import findings
from explorer.findings.swept import Swept, cell_name


def exploding(cell, k2, clipping, seed):
    """Two of three seeds diverge without clipping."""
    found = run(cell, k2, clipping, seed)
    if clipping == "none" and seed:
        found["grad_norm"].values[-1] = np.inf
    return found


GRID = made()
SENTENCES = {
    "reach": (findings.reach_sentence, GRID,
              "With fewer than 35 steps of truncation nothing reaches the signal; at 35 steps 0.38 (LSTM), "
              "0.036 (GRU), 0.0009 (tanh) of the end's gradient reaches it"),
    "reach, all cut": (findings.reach_sentence, made(keep=lambda k2, **_: k2 == 5),
                       "Nothing reaches the signal in 18 runs, of 18 done"),
    "reach, none cut": (findings.reach_sentence, made(keep=lambda cell, k2, **_: k2 == 35 and cell == "lstm"),
                        "At 35 steps 0.38 (LSTM) of the end's gradient reaches the signal"),
    "learned": (findings.learned_sentence, GRID,
                "None of 36 runs with truncation no longer than the lag learned; with longer truncation GRU 6 of 6, "
                "LSTM 6 of 6, tanh none of 6"),
    "learned early": (findings.learned_sentence,
                      made(one=lambda **p: run(**p, learned=p["k2"] == 15 and p["seed"] > 0)),
                      "Learned with truncation no longer than the lag: tanh 4 of 12, GRU 4 of 12, LSTM 4 of 12; "
                      "with longer truncation: tanh none of 6, GRU none of 6, LSTM none of 6"),
    "learned, all short": (findings.learned_sentence,
                           made(keep=lambda k2, **_: k2 < 35, one=lambda **p: run(**p, learned=p["k2"] > 5)),
                           "None of 18 runs with fewer than 15 steps of truncation learned; from there on tanh 6 of 6, "
                           "GRU 6 of 6, LSTM 6 of 6"),
    "none learned": (findings.learned_sentence, made(one=lambda **p: run(**p, learned=False)),
                     "None of 54 runs learned"),
    "all learned": (findings.learned_sentence, made(one=lambda **p: run(**p, learned=True)), "All 54 runs learned"),
    "one learned": (findings.learned_sentence, made({"seed": [3]}, {"seed": [3]}), "The only run did not learn"),
    "norms": (findings.norm_sentence, GRID, "Clipped updates: 70 % at norm ≤ 0.1; no run diverged"),
    "diverged": (findings.norm_sentence, made(one=exploding),
                 "Clipped updates: 70 % at norm ≤ 0.1; diverged: 18 of 27 without clipping, none of 27 others"),
    "nothing clipped": (findings.norm_sentence, made(keep=lambda clipping, **_: clipping == "none"),
                        "Nothing is clipped; no run diverged"),
    "decay": (findings.decay_sentence, GRID,
              "At spectral radius 1 each step back multiplies the gradient by 0.97 (LSTM), 0.9 (GRU), 0.79 (tanh)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_says_what_was_counted(name):
    sentence, grid, expected = SENTENCES[name]
    assert sentence(grid) == expected


@pytest.mark.parametrize(
    "sentence", [findings.reach_sentence, findings.learned_sentence, findings.norm_sentence, findings.decay_sentence]
)
def test_an_empty_grid_says_so(sentence):
    assert sentence(GRID.where(False)) == "No run of this sweep is done yet"
    unknown = GRID.where(False).assign(updates=GRID.updates)
    assert sentence(unknown).startswith("Of 54 runs ")


def test_a_share_that_is_not_known_is_not_called_nothing():
    """Among the runs cut at 15 steps, one is too small for float32: positive, so not nothing."""
    grid = GRID.copy(deep=True)
    grid["reach_trained"].loc[{"k2": 15, "cell": "tanh", "seed": 0, "clipping": "none"}] = np.nan
    assert findings.reach_sentence(grid).startswith("With fewer than 15 steps of truncation nothing reaches")


def test_places_are_counted_in_the_grids_own_order():
    swept = Swept(GRID)
    assert swept.dims == tuple(AXES) and swept.shape == (3, 3, 2, 3)
    reach = swept.number("reach")
    assert reach[swept.middle(reach, np.array([12, 13, 14, 15])).nearest] == pytest.approx(
        np.median(reach[12:16]), rel=1
    )
    assert swept.cells[0] == "tanh" and swept.cells[-1] == "lstm" and swept.lengths[17] == 35
    assert sorted(set(swept.clippings)) == ["no clipping", "norm ≤ 0.1"]


def test_the_median_is_over_seeds_of_medians_over_the_rest():
    swept, values = Swept(GRID), np.zeros(54)
    values[[0, 1, 2, 3, 4, 5]] = [1, 5, 9, 3, 7, 11]  # two ways to clip, three seeds each
    found = swept.middle(values, np.arange(6))
    assert (found.median, found.low, found.high) == (6, 2, 10) and found.nearest in (1, 4)
    assert swept.middle(values * np.nan, np.arange(6)) is None
    values[0] = np.inf
    assert swept.middle(values, np.array([0])).median == np.inf


def test_lengths_and_lags_are_known_where_nothing_is_run():
    part = made(keep=lambda cell, seed, **_: cell == "tanh" and seed == 0)
    swept = Swept(part)
    assert swept.done.sum() == 6 and list(np.unique(swept.lengths)) == [5, 15, 35] and set(swept.lags) == {30.0}
    labels = part.rename(k2="truncation").assign_coords(truncation=["full", "window(k1=5, k2=5)", "window(k1=2, k2=7)"])
    labels["truncation_length"].loc[{"truncation": "full"}] = np.nan
    labels["truncation_length"] = labels.truncation_length * np.nan
    found = Swept(labels).lengths.reshape(3, 3, 6)
    assert np.isnan(found[:, 0]).all() and (found[:, 1] == 5).all() and (found[:, 2] == 7).all()


def test_cells_of_a_whole_part_are_named():
    assert cell_name("lstm(hidden_size=8)") == "LSTM, hidden size 8" and cell_name("tanh") == "tanh"
