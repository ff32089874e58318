"""Sentences about the cliff: counted in paths whose numbers are known."""

import numpy as np
import pytest
from figures.test_cliff_figures import PATHS, path, surface

from explorer.findings import cliff_sentences as said

SENTENCES = {
    "leaves": "From (w, b) = (5, −2.2), without clipping update 2 moves the weights by 39, out of the picture, and the "
              "error ends at 0.1; clipped at 0.5 no update moves the weights by more than 0.22 (2 of 2 shortened), and "
              "the error ends at 0.1",
    "leaves and comes back": "From (w, b) = (4, −3), without clipping no update moves the weights by more than 2.5, "
                             "update 1 leaves the picture, and the error ends at 0.1",
    "inf": "From (w, b) = (5, −2.2), without clipping the weights are not finite after update 2",
    "nan": "From (w, b) = (5, −2.2), without clipping the weights are not finite after update 1; clipped at 1 no "
           "update moves the weights by more than 0.22 (2 of 2 shortened), and the error ends at 0.1",
    "stands still": "From (w, b) = (5, −2.5), without clipping no update moves the weights by more than 0, and the "
                    "error ends at 0",
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_says_what_the_paths_do(name):
    assert said.paths_sentence(surface(), PATHS[name]) == SENTENCES[name]


def test_without_paths_it_is_about_the_gradient():
    data = surface()
    data["gradient_norm"].values[3, 4] = 777
    assert said.paths_sentence(data, []) == (
        "The gradient's norm is 777 at (w, b) = (4.3, −2.8); at half of all points it is under 0.1"
    )
    data["gradient_norm"].values[:] = np.nan
    assert said.surface_sentence(data) == "The gradient is nowhere finite"


def test_the_slice_says_between_which_points_the_wall_stands():
    assert said.slice_sentence(surface(), 5.02) == (
        "At w = 5 the error goes from 0.45 to 0.06 between b = −2.55 and −2.5"
    )


def test_a_path_alone():
    assert said.alone_sentence(path((0, 0), (3, 4), (3, 5))) == (
        "The longest step, update 1, moves the weights by 5 (without clipping); the error ends at 0.1"
    )
