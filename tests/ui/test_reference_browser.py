"""The Reference page in a real browser: its links, its chapters, its way back."""

from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app.py"


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    assert page.locator("[data-testid=stException]").count() == 0
    context.close()


def test_a_link_opens_a_chapter_and_the_list_turns_to_another(page, serve):
    url = serve(APP).rstrip("/")
    page.goto(f"{url}/reference?section=truncation#adaptive")
    page.wait_for_selector("h1 >> text=Truncation")
    top = "() => Math.abs(document.querySelector('#adaptive').getBoundingClientRect().top - 60) < 60"
    page.wait_for_function(top)  # the heading that the link names
    page.locator(".contents a", has_text="Window").click()
    page.wait_for_function("() => location.hash === '#window'")
    page.locator(".st-key-chapter label", has_text="Clipping").click()
    page.wait_for_selector("h1 >> text=Clipping")
    page.wait_for_function("() => location.search === '?section=clipping'")
    page.wait_for_function("() => document.querySelector('.stMain').scrollTop === 0")
    page.go_back()
    page.wait_for_selector("h1 >> text=Truncation")
    page.goto(f"{url}/reference?section=nowhere")
    page.wait_for_selector("[data-testid=stToast] >> text=is no chapter")
    page.wait_for_selector("h1 >> text=Cells")
    page.wait_for_function("() => location.search === ''")
