"""Ten people on one server: a bounded number of runs, a queue that everybody sees, pages that go on answering."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

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


async def ten_people(address: str) -> list[float]:
    people = [Session(f"{address}/?length=50&steps=100000&seed={seed}") for seed in range(PEOPLE)]
    for session in people:
        await session.open()
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
    await training[2].close()
    await third.until(lambda: made(third) > 5)  # a closed tab frees its place
    for session in people:
        await session.close()
    return answers


def test_ten_people_train_at_once(serve) -> None:
    assert 2 * 2 <= MOST + 2 <= PEOPLE, "so that some train and some wait"
    address = serve(APP, env={"LOAD": "its own server"})
    with ThreadPoolExecutor(1) as thread:  # this one may have an event loop of its own: the browser's
        answers = thread.submit(asyncio.run, ten_people(address)).result()
    assert len(answers) == 12
    assert median(answers) < ANSWER_S / 2, [f"{answer:.2f}" for answer in answers]
    assert sorted(answers)[-2] < ANSWER_S, [f"{answer:.2f}" for answer in answers]


async def a_tab_closed_in_mid_training(address: str) -> tuple[int, int]:
    url = f"{address}/?length=20&hidden_size=8&steps=100000&seed=11"
    first = Session(url)
    await first.open()
    await first.click("Train")
    await first.until(lambda: made(first) > 20)
    before = made(first)
    await first.close()
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
    return before, after


def test_a_tab_closed_in_mid_training_loses_nothing(serve) -> None:
    address = serve(APP)
    with ThreadPoolExecutor(1) as thread:
        before, after = thread.submit(asyncio.run, a_tab_closed_in_mid_training(address)).result()
    assert 20 < before <= after
