"""The Lessons page: one lesson at a time; predict, reveal, then change what matters."""

import streamlit as st

from explorer.lessons import LESSONS
from explorer.ui import address, lesson_place, lesson_runs, lesson_text, notices
from explorer.ui.keys import keys
from explorer.ui.lesson_place import KEYS, LESSONS_PAGE, Place
from explorer.ui.lesson_stage import lesson_stage
from explorer.ui.look import theme
from explorer.ui.projector import projecting
from explorer.workers.processes import PROCESSES

KEYS_PRESS = {
    "PageDown": "lesson-on", "PageUp": "lesson-back", " ": "step-on", "ArrowRight": "step-on", "ArrowLeft": "step-back",
    "r": "reveal", "h": "hide", "t": "lesson-live", **{str(number): f"choose-{number}" for number in range(1, 5)},
}  # fmt: skip


def _turn(place: Place) -> None:
    """To the lesson before or after, and where this one stands among them."""
    at, last = place.number, len(LESSONS) - 1
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-turn"):
        st.button(
            "Lesson before", key="lesson-back", icon=":material/arrow_back:", on_click=lesson_place.lesson,
            args=(at - 1,), disabled=at == 0, help=LESSONS[at - 1].title if at else None,
        )  # fmt: skip
        st.html(f'<div class="lesson-at">Lesson {at + 1} of {last + 1}</div>')
        st.button(
            "Next lesson", key="lesson-on", icon=":material/arrow_forward:", on_click=lesson_place.lesson,
            args=(at + 1,), disabled=at == last, help=LESSONS[at + 1].title if at < last else None,
        )  # fmt: skip


def _predict(place: Place, right: int | None) -> None:
    """The choices; once revealed, which one is true of the data."""

    def choose(number: int) -> None:
        lesson_place.predict(lesson_place.here(), number)

    box = st.container(key="lesson-choices")
    for number, choice in enumerate(place.lesson.choices):
        true = place.revealed and number == right
        wrong = place.revealed and number == place.predicted != right
        if place.revealed and not (true or wrong):
            continue  # what nobody chose and is not so leaves its room to the explanation
        box.button(
            f"{number + 1}\u2003{choice}", key=f"choose-{number + 1}", width="stretch", on_click=choose, args=(number,),
            type="primary" if number == place.predicted else "secondary", 
            icon=":material/check:" if true else ":material/close:" if wrong else None,
        )  # fmt: skip
    word, key = ("Hide", "hide") if place.revealed else ("Reveal", "reveal")
    box.button(word, key=key, on_click=lambda: lesson_place.reveal(lesson_place.here()))


address.current(LESSONS_PAGE, KEYS, alone=True)
place = lesson_place.here()
st.html(lesson_text.STYLE + lesson_text.PROJECTED * projecting())
left, right = st.columns([1, 2.4 if projecting() else 2.7], gap="medium")
with left:
    _turn(place)
    st.html(lesson_text.asked(place.lesson, folded=place.revealed and projecting()))
    _predict(place, lesson_runs.right(place))
    if place.revealed:
        st.html(lesson_text.explained(place.lesson, theme()))
with right:
    lesson_stage(place)
keys(KEYS_PRESS, key="lesson-keys")
notices.show()
PROCESSES.warm_up()
