"""Projector mode in a real browser, by its link and its key; the key on other pages; the link copied."""

from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app.py"
SMALL = "length=20&hidden_size=8&steps=20"
OPEN_SIDE = "[data-testid=stSidebarCollapseButton]"
LARGE = "() => parseFloat(getComputedStyle(document.documentElement).fontSize) > 20"
USUAL = "() => parseFloat(getComputedStyle(document.documentElement).fontSize) === 16"
# Sizes of type as they are seen: that of the style, magnified with the chart.
SIZES = """() => [...document.querySelectorAll('[data-panel]')].flatMap((panel) => {
  const magnified = panel.getBoundingClientRect().width / panel.offsetWidth;
  return [...panel.querySelectorAll('text')].map((t) => parseFloat(getComputedStyle(t).fontSize) * magnified);
})"""
BELOW = """() => ['.board-headline', ...['gradient', 'loss', 'norms'].map((n) => `[data-panel=${n}]`),
  '.st-key-transport']
  .map((name) => document.querySelector(name).getBoundingClientRect())
  .filter((box) => box.height < 30 || box.top < 0 || box.bottom > innerHeight || box.right > innerWidth).length"""
WITHIN = """() => {
  const words = '.lesson h1, .lesson summary, .lesson .equation, .lesson .sources, .board';
  const boxes = [...document.querySelectorAll(words)].map((node) => node.getBoundingClientRect());
  return boxes.length === 5 && boxes.every((box) => box.height > 15 && box.top >= 0 && box.bottom <= innerHeight);
}"""


@pytest.fixture
def page(browser):
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    assert page.locator("[data-testid=stException]").count() == 0
    context.close()


def test_projector_mode_by_link_and_by_key(page, serve):
    page.goto(serve(APP, f"projector=1&{SMALL}"))
    page.wait_for_selector("[data-panel=norms] .main-svg")
    page.wait_for_function(LARGE)
    page.wait_for_function(f"() => ({BELOW})() === 0")
    page.wait_for_function(f"() => {{ const s = ({SIZES})(); return s.length > 10 && Math.min(...s) >= 18; }}")
    assert page.locator(OPEN_SIDE).count() == 0
    page.locator(".copy-link").click()
    page.wait_for_selector("[role=status] >> text=Link copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url and "projector=1" in page.url
    page.keyboard.press("p")
    page.wait_for_function(USUAL)
    page.wait_for_function("() => !location.search.includes('projector')")
    page.wait_for_selector(OPEN_SIDE, state="attached")
    label = page.locator("[data-panel=gradient]").get_attribute("aria-label")
    assert page.locator(".board-headline").inner_text().replace("\u00a0", " ") in label.replace("\u00a0", " ")
    _the_key_is_pressed_once_on_another_page_and_not_while_typing(page)


def _the_key_is_pressed_once_on_another_page_and_not_while_typing(page) -> None:
    page.get_by_role("link", name="Sweep").click()
    page.wait_for_selector("[data-panel=picture] .main-svg")
    field = page.locator(".st-key-axis-cell input")
    field.press("p")
    assert field.input_value() == "ptanh, lstm, gru"
    field.press("Backspace")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Control+p")
    page.keyboard.press("P")
    page.wait_for_function("() => location.search.includes('projector=1')")
    page.wait_for_function(LARGE)  # a listener left over from the first page would have turned it off again
    page.wait_for_function(
        "() => document.querySelector('.copy-link-said')?.innerText === ''"
    )  # a quiet word that goes


def test_a_revealed_lesson_is_within_the_window(page, serve):
    """Those with the most words: title, equation, sources and charts; the question is read on request."""
    for lesson in (1, 3, 9):
        page.goto(f"{serve(APP)}/lessons?projector=1&lesson={lesson}&predicted=1&revealed=1")
        page.wait_for_function(f"() => document.querySelector('.lesson-at')?.innerText === 'Lesson {lesson} of 10'")
        page.wait_for_selector(".board .main-svg")
        page.wait_for_function(WITHIN)
        assert not page.locator(".lesson details p").is_visible()
    page.locator(".lesson summary").press("Enter")
    page.wait_for_selector(".lesson details p")
    assert "Real-time recurrent learning" in page.locator(".lesson details p").inner_text()
