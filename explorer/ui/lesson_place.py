"""Where somebody stands in the lessons, and the URL of it: the lesson, the prediction, the controls."""

from dataclasses import dataclass, replace
from typing import Any

from explorer.lessons import LESSONS, Lesson
from explorer.settings import text
from explorer.ui import address

LESSONS_PAGE = "lessons"
LESSON, PREDICTED, REVEALED = "lesson", "predicted", "revealed"
KEYS = (LESSON, PREDICTED, REVEALED, *dict.fromkeys(c.key for lesson in LESSONS for c in lesson.controls))


@dataclass(frozen=True)
class Place:
    """A place in the lessons.

    Attributes:
        number: of the lesson, counted from 0.
        predicted: the choice made, counted from 0; None before.
        revealed: whether the answer is shown.
        values: of the controls.
    """

    number: int
    predicted: int | None
    revealed: bool
    values: dict[str, Any]

    @property
    def lesson(self) -> Lesson:
        """The lesson itself."""
        return LESSONS[self.number]


def here() -> Place:
    """The place that the URL names; what it names wrongly is told, and left out."""
    own = address.own(LESSONS_PAGE)
    given = {key: values[-1] for key, values in own.items()}
    number = _lesson(given.pop(LESSON, "1"))
    lesson = LESSONS[number]
    predicted = _predicted(lesson, given.pop(PREDICTED, None))
    revealed = given.pop(REVEALED, "0") == "1"
    values = lesson.defaults
    controls = {control.key: control for control in lesson.controls}
    for key, word in given.items():
        control = controls.get(key)
        found = [value for value in control.values if text(value) == word] if control else []
        if found:
            values[key] = found[0]
        else:
            allowed = ", ".join(map(text, control.values)) if control else ""
            why = f"{word[:40]!r} is not one of {allowed}" if control else f"lesson {number + 1} has no such control"
            address.notice(f"{key}: {why}. It is ignored.")
    return Place(number, predicted, revealed, values)


def go(place: Place) -> None:
    """Go there; called by widgets."""
    address.change_own(LESSONS_PAGE, keys_of(place))


def lesson(number: int) -> None:
    """Go to the beginning of a lesson."""
    number = max(0, min(len(LESSONS) - 1, number))
    go(Place(number, None, False, LESSONS[number].defaults))


def change(place: Place, **values: Any) -> None:
    """Give controls other values."""
    go(replace(place, values=place.values | values))


def predict(place: Place, number: int) -> None:
    """Make a prediction; what is revealed stays as it was."""
    go(replace(place, predicted=number))


def reveal(place: Place) -> None:
    """Show the answer, or hide it again."""
    values = place.values if not place.revealed else place.lesson.defaults
    go(replace(place, revealed=not place.revealed, values=values))


def keys_of(place: Place) -> dict[str, list[str]]:
    """The URL of a place, as short as it can be."""
    found = {LESSON: [str(place.number + 1)]}
    if place.predicted is not None:
        found[PREDICTED] = [str(place.predicted + 1)]
    if place.revealed:
        found[REVEALED] = ["1"]
    defaults = place.lesson.defaults
    return found | {key: [text(value)] for key, value in place.values.items() if value != defaults[key]}


def _lesson(word: str) -> int:
    if word.isdecimal() and word.isascii() and 1 <= int(word[:6]) <= len(LESSONS):
        return int(word) - 1
    named = [number for number, each in enumerate(LESSONS) if each.name == word]
    if not named:
        address.notice(f"lesson: {word[:40]!r} is none; there are lessons 1 to {len(LESSONS)}. The first is shown.")
    return named[0] if named else 0


def _predicted(lesson: Lesson, word: str | None) -> int | None:
    if word is None:
        return None
    if word in map(str, range(1, len(lesson.choices) + 1)):
        return int(word) - 1
    address.notice(f"predicted: {word[:40]!r} is no choice; there are 1 to {len(lesson.choices)}. It is ignored.")
    return None
