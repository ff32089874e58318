"""The Lessons page without a browser: predict, reveal, change, turn; links; and a live run."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.boards import rich
from explorer.lessons import LESSONS, clipping
from explorer.ui.board import Offer

APP = str(Path(__file__).resolve().parents[2] / "explorer" / "ui" / "lessons.py")


@pytest.fixture(autouse=True)
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The headlines of all boards drawn."""
    from explorer.ui import lesson_stage

    told: list[str] = []

    def told_by(key: str, offer: Offer, picked: object) -> None:
        told.append("".join(text for text, _ in rich(offer.board.headline)))

    monkeypatch.setattr(lesson_stage, "show", told_by)
    return told


def open_page(**query: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def press(at: AppTest, key: str) -> None:
    at.button(key=key).click().run()
    assert not at.exception


def url(at: AppTest) -> dict[str, list[str]]:
    return {key: [values] if isinstance(values, str) else list(values) for key, values in at.query_params.items()}


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_every_lesson_opens_and_is_revealed_within_a_second(number: int, seen: list[str]) -> None:
    at = open_page(lesson=str(number))
    assert seen[-1].startswith("Choose") and not at.toast
    press(at, "choose-1")
    assert seen[-1].startswith("Choose")
    began = time.monotonic()
    press(at, "reveal")
    assert time.monotonic() - began < 5  # under a second where the machine has nothing else to do
    assert not seen[-1].startswith("Choose") and seen[-1].endswith(".")
    assert url(at) == {"lesson": [str(number)], "predicted": ["1"], "revealed": ["1"]}


def test_turning_and_changing_keep_the_place_in_the_link(seen: list[str]) -> None:
    at = open_page(lesson="2", predicted="3", revealed="1")
    first = seen[-1]
    at.select_slider(key="lesson-fading-gain").set_value(1.0).run()
    assert seen[-1] != first and url(at)["gain"] == ["1"]
    again = open_page(**{key: values[0] for key, values in url(at).items()})
    assert again.select_slider(key="lesson-fading-gain").value == 1.0 and seen[-1] == seen[-2]
    press(at, "lesson-on")
    assert url(at) == {"lesson": ["3"]}
    press(at, "lesson-back")
    press(at, "lesson-back")
    assert url(at) == {"lesson": ["1"]} and at.button(key="lesson-back").disabled


def test_the_steps_of_the_first_lesson_are_gone_through_one_by_one(seen: list[str]) -> None:
    at = open_page(lesson="1", revealed="1")
    press(at, "step-on")
    assert seen[-1].startswith("Forward: step 1") and url(at)["stage"] == ["1"]
    for _ in range(4):
        press(at, "step-on")
    assert seen[-1].startswith("Unrolled")
    press(at, "step-back")
    assert seen[-1].startswith("Forward: step 4")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"lesson": "99"}, "lesson"),
        ({"lesson": "2", "predicted": "7"}, "predicted"),
        ({"lesson": "2", "gain": "nan", "revealed": "1"}, "gain"),
        ({"lesson": "2", "threshold": "1"}, "threshold"),
        ({"lesson": "2", "colour": "red"}, "colour"),
    ],
)
def test_what_a_link_says_wrongly_is_named(query: dict[str, str], word: str) -> None:
    at = open_page(**query)
    assert any(word in toast.value for toast in at.toast)


def test_a_lesson_trains_live_and_goes_back(seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipping, "START", clipping.START.changed(steps="3"))
    at = open_page(lesson="6", revealed="1")
    kept = seen[-1]
    press(at, "lesson-live")
    _, jobs = at.session_state["lesson jobs"]
    assert len(jobs) == 3
    for job in jobs.values():
        job.thread.join(60)
        assert job.phase == "ended" and job.error is None and job.recorded == 3
    at.run()
    assert seen[-1] != kept and not at.exception
    press(at, "lesson-reset")
    assert seen[-1] == kept and "lesson jobs" not in at.session_state
