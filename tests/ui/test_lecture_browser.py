"""A lecture, as a lecturer gives it: by keys from lesson to lesson, a prediction, a live run, a link, files."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np

import explorer
from explorer.lessons import LESSONS

APP = Path(__file__).resolve().parents[2] / "app.py"
SIX = next(lesson for lesson in LESSONS if lesson.name == "clipping")


def test_a_lecture_from_the_second_lesson_to_the_sixth(browser, serve, tmp_path) -> None:
    url = serve(APP)
    context = browser.new_context(viewport={"width": 1280, "height": 720}, permissions=["clipboard-read"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{url}/lessons?lesson=2")
    headline = page.locator(".board-headline")
    page.wait_for_selector("[data-panel=gradient] .scatterlayer .trace")
    for number in range(3, 7):
        page.keyboard.press("PageDown")
        page.get_by_text(f"Lesson {number} of 10").wait_for()
    assert page.get_by_role("heading", name=SIX.title).is_visible()
    page.keyboard.press("2")
    page.wait_for_function("location.search.includes('predicted=2')")
    page.wait_for_selector(".st-key-choose-2 [data-testid=stBaseButton-primary]")
    assert headline.inner_text().startswith("Choose")
    page.keyboard.press("r")
    page.wait_for_function("!document.querySelector('.board-headline')?.innerText.startsWith('Choose')")
    said = headline.inner_text()
    assert page.locator(".st-key-choose-2").is_visible(), "that was right, and stays"
    assert page.locator(".st-key-lesson-row").bounding_box()["y"] < 200
    panels = page.locator(".board-panel")
    assert all(box["y"] + box["height"] <= 720 for box in (panel.bounding_box() for panel in panels.all()))

    page.keyboard.press("t")
    page.get_by_text("900 of 900 updates").wait_for(timeout=120_000)
    page.wait_for_function("(said) => document.querySelector('.board-headline')?.innerText === said", arg=said)

    page.click(".copy-link")
    page.get_by_text("copied", exact=False).first.wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    asked = parse_qs(urlsplit(link).query)
    assert asked == {"lesson": ["6"], "predicted": ["2"], "revealed": ["1"]}
    fresh = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    fresh.set_default_timeout(60_000)
    fresh.goto(link)
    fresh.wait_for_function("(said) => document.querySelector('.board-headline')?.innerText === said", arg=said)

    fresh.get_by_role("button", name="Export").click()
    with fresh.expect_download() as download:
        fresh.click(".board-files button[data-format=png]")
    assert Path(download.value.path()).read_bytes()[:4] == b"\x89PNG"
    with fresh.expect_download() as download:
        fresh.click(".board-files button[data-file=pytorch]")
    script = tmp_path / "flow.py"
    script.write_text(Path(download.value.path()).read_text(encoding="utf-8").replace("STEPS = 300", "STEPS = 0"))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    experiment = SIX.focus(SIX.defaults)
    assert experiment is not None
    want = explorer.measure(experiment)["grad_h"].values[0]
    assert want.min() > 0
    np.testing.assert_allclose(found, want, rtol=1e-6)
    with fresh.expect_download() as download:
        fresh.click(".board-files button[data-file=html]")
    lesson = tmp_path / "lesson.html"
    lesson.write_bytes(Path(download.value.path()).read_bytes())
    offline = browser.new_context(offline=True).new_page()
    offline.goto(lesson.as_uri())
    offline.get_by_text("Reveal").click()
    offline.wait_for_selector("[data-panel=gradient] .scatterlayer .trace")
    assert offline.locator(".board-headline").inner_text() == said
