"""Sessions without the drawing: single steps, divergence, a closed tab; and ten people on one server."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from ui.session import Session

from explorer.workers.processes import MOST

APP = Path(__file__).parents[2] / "app.py"
PEOPLE = 10
ANSWER_S = 1.0


def place(session: Session) -> int:
    """In the queue; 0 where it trains."""
    found = re.search(r"place (\d+) in the queue", session.texts[-1])
    return int(found[1]) if found else 0


def made(session: Session) -> int:
    found = re.match(r"(\d+) of \d+ updates", session.texts[-1])
    return int(found[1]) if found else 0


def acted(what: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it; in a thread, for this one may have an event loop of its own, the browser's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, what).result()


async def ten_people(address: str) -> tuple[list[float], tuple[int, int]]:
    urls = [f"{address}/?length=50&steps=100000&seed={seed}" for seed in range(PEOPLE)]
    people = [Session(url) for url in urls]
    await asyncio.gather(*(session.open() for session in people))
    for session in people:
        await session.click("Train")
    training, waiting = people[:MOST], people[MOST:]
    for session in training:
        await session.until(lambda session=session: made(session) > 20)
    for number, session in enumerate(waiting, 1):
        await session.until(lambda session=session, number=number: place(session) == number)
        assert made(session) == 0, "nobody sees another's run"
    answers = []
    for session in (training[0], *waiting[-2:], training[1]):
        answers += [await session.slide("Length T", length) for length in (60, 70, 80)]
    # Two who trained look at something else: their runs end and the first two in the queue are served.
    for session in waiting[:2]:
        await session.until(lambda session=session: made(session) > 5)
    third = waiting[2]
    await third.until(lambda: place(third) == 1)
    before = made(training[2])
    await training[2].close()
    await third.until(lambda: made(third) > 5)  # a closed tab frees its place
    for session in people:
        await session.close()
    return answers, (before, await opened_again(urls[2]))


async def opened_again(url: str) -> int:
    """Updates of the run that a closed tab has left, as its page shows when opened again, and a link to the run too."""
    for _ in range(30):
        again = Session(url)
        await again.open()
        if ("button", "Open") in again.widgets:
            break
        await again.close()
        await asyncio.sleep(1)
    await again.click("Open")
    await again.until(lambda: "stopped" in again.texts[-1])
    after = made(again)
    await again.close()
    linked = Session(f"{url}&run=kept")
    await linked.open()
    await linked.until(lambda: made(linked) == after and "stopped" in linked.texts[-1])
    await linked.close()
    return after


def test_ten_people_train_at_once_and_a_closed_tab_loses_nothing(serve) -> None:
    assert 2 * 2 <= MOST + 2 <= PEOPLE, "so that some train and some wait"
    answers, (before, after) = acted(ten_people(serve(APP, env={"LOAD": "its own server"})))
    assert len(answers) == 12
    assert median(answers) < ANSWER_S / 2, [f"{answer:.2f}" for answer in answers]
    assert sorted(answers)[-2] < ANSWER_S, [f"{answer:.2f}" for answer in answers]
    assert 20 < before <= after


async def single_steps(address: str) -> None:
    session = Session(f"{address}/?length=20&hidden_size=8&steps=40")
    await session.open()
    for number in (1, 2):
        await session.click("Step")
        await session.until(lambda number=number: session.texts[-1] == f"{number} of 40 updates · paused", 8)
    await session.click("Resume")
    await session.until(lambda: session.texts[-1].startswith("40 of 40 updates · finished"))
    await session.close()


def test_single_steps_show_at_once_and_it_goes_on(serve) -> None:
    acted(single_steps(serve(APP)))


async def diverges(address: str) -> int:
    session = Session(
        f"{address}/?cell=relu&scale=1.5&length=60&clipping=none&optimizer=sgd&learning_rate=10&hidden_size=16"
    )
    await session.open()
    await session.click("Train")
    await session.until(lambda: "diverged" in session.texts[-1])
    rows = made(session)
    await session.close()
    return rows


def test_a_diverging_run_says_so_and_keeps_its_rows(serve) -> None:
    assert 0 < acted(diverges(serve(APP))) < 500
