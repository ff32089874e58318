"""Every lesson: kept material equals a fresh computation, and all that is said and drawn follows from it."""

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from explorer.boards.grid import parse_grid
from explorer.lessons import LESSONS, Lesson, keeping

NAMES = [lesson.name for lesson in LESSONS]
TIMED = {"seconds", "memory"}  # what another machine, or another hour, measures otherwise


@pytest.fixture(params=LESSONS, ids=NAMES)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    found: Lesson = request.param
    return found


def said(lesson: Lesson, values: dict[str, object]) -> str:
    material = keeping.opened(lesson, values) or lesson.material(values)
    return "".join(text for text, _ in lesson.seen(material, values))


def test_there_are_ten_in_their_order() -> None:
    assert len(NAMES) == len(set(NAMES)) == 10
    assert NAMES[0] == "unrolling" and NAMES.index("clipping") == 5 and NAMES[-1] == "by-lag"


def test_kept_material_equals_a_fresh_computation(lesson: Lesson) -> None:
    """Of the lesson's first values; those of others are made in the same way."""
    kept = keeping.opened(lesson, lesson.defaults)
    assert kept, "make it with: python -m explorer lessons --make"
    if lesson.live == "cost":
        assert all(np.isfinite(kept["costs"][name]).all() and (kept["costs"][name] > 0).all() for name in TIMED)
        return
    fresh = lesson.material(lesson.defaults)
    assert list(kept) == list(fresh)
    for name, dataset in fresh.items():
        compared = 0
        for variable, values in dataset.variables.items():
            if values.dtype.kind != "f":
                assert (kept[name][variable].values == values.values).all()
                continue
            np.testing.assert_allclose(kept[name][variable].values, values.values, rtol=1e-5, atol=0)
            compared += np.count_nonzero(values.values)
        assert compared > 0
        assert kept[name].attrs.get("experiment") == dataset.attrs.get("experiment")


def test_all_that_is_to_be_kept_is_kept_and_small(lesson: Lesson) -> None:
    for values in lesson.kept():
        assert keeping.opened(lesson, values) is not None, values
    assert (keeping.FOLDER / f"{lesson.name}.nc").stat().st_size < 1e6


def test_one_choice_is_right_and_it_follows_from_the_data(lesson: Lesson) -> None:
    kept = keeping.opened(lesson, lesson.defaults)
    assert kept is not None
    assert 2 <= len(lesson.choices) <= 4 and len(set(lesson.choices)) == len(lesson.choices)
    assert 0 <= lesson.right(kept, lesson.defaults) < len(lesson.choices)


def test_what_was_seen_is_said_for_every_value(lesson: Lesson) -> None:
    """A sentence with a number in it, another one for other values."""
    for control in lesson.controls:
        assert control.default in control.values
        few = [control.values[0], control.values[-1]]
        told = [said(lesson, lesson.defaults | {control.key: value}) for value in few]
        assert len(set(told)) == len(few)
    sentence = said(lesson, lesson.defaults)
    assert sentence.endswith(".") and "nan" not in sentence and len(sentence) < 330


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("revealed", [False, True])
def test_charts_fill_the_board_and_keep_the_rules_of_charts(lesson: Lesson, theme: str, revealed: bool) -> None:
    kept = keeping.opened(lesson, lesson.defaults)
    assert kept is not None
    found = lesson.figures(kept, lesson.defaults, theme, revealed=revealed)
    assert set(found) == set(parse_grid(lesson.areas).names) - {"scrub"}
    for figure in found.values():
        assert isinstance(figure, go.Figure) and figure.layout.title.text and len(figure.layout.meta["alt"]) > 20
        assert min(sizes(json.loads(figure.to_json()))) >= 14


def sizes(node: object) -> list[float]:
    """Every font size written anywhere in a figure."""
    if isinstance(node, list):
        return [size for each in node for size in sizes(each)]
    if not isinstance(node, dict):
        return []
    own = [v["size"] for k, v in node.items() if "font" in k and isinstance(v, dict) and "size" in v]
    return own + [size for value in node.values() for size in sizes(value)]


def test_what_is_revealed_is_not_shown_before(lesson: Lesson) -> None:
    kept = keeping.opened(lesson, lesson.defaults)
    assert kept is not None
    before, after = (lesson.figures(kept, lesson.defaults, "light", revealed=r) for r in (False, True))
    assert any(before[name].to_json() != after[name].to_json() for name in after)


def test_every_symbol_stands_in_the_equation(lesson: Lesson) -> None:
    text = " ".join(lesson.equation) + lesson.question
    assert all(symbol.symbol in text for symbol in lesson.symbols) and lesson.sources


def test_halves_nothing_that_would_be_lost() -> None:
    exact = xr.Dataset({"a": ("t", [1.0, 1e-60, math.inf]), "b": ("t", [0.0, 0.5, math.nan]), "c": ("t", [1, 2, 3])})
    small = keeping._small(exact)
    assert small["a"].dtype == np.float64 and small["b"].dtype == np.float32 and small["c"].dtype == exact["c"].dtype
    xr.testing.assert_equal(keeping._large(small), exact)


def test_a_lesson_without_kept_material_is_made_on_the_spot(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(keeping, "FOLDER", tmp_path)
    keeping._all.cache_clear()
    lesson = next(each for each in LESSONS if each.name == "unrolling")
    assert keeping.opened(lesson, lesson.defaults) is None
    keeping.make(lesson, tmp_path)
    keeping._all.cache_clear()
    found = keeping.opened(lesson, lesson.defaults)
    assert found is not None and float(found["step"]["loss"]) > 0
    keeping._all.cache_clear()
