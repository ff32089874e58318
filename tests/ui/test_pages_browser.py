"""Compare, Sweep and Library in a real browser: what a person does there, and what the links hold."""

from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app.py"
SMALL = "length=20&hidden_size=8&steps=20"
NAMES = """[...document.querySelectorAll('[data-panel=gradient] .annotation-text')]
  .filter((name) => /^[ABC] /.test(name.textContent))"""
# Names of lines that lie on another.
ON_ANOTHER = f"""{NAMES}.map((name) => name.getBoundingClientRect()).filter((p, i, all) => all.some((q, j) => j < i
  && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 2
  && Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2))"""
ROW_2 = "document.querySelectorAll('table.compared tr')[2]?.getBoundingClientRect()"
DRAWN = "[data-panel={}] .main-svg"
LAST_POINT = """() => {
  const box = [...document.querySelectorAll('[data-panel=picture] .points path')].at(-1)?.getBoundingClientRect();
  return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
}"""


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    assert page.locator("[data-testid=stException]").count() == 0
    context.close()


def visit(page, url: str, panel: str) -> None:
    page.goto(url)
    page.wait_for_selector(DRAWN.format(panel))


def links(page) -> list[str]:
    """The experiments in the URL of the Compare page."""
    return page.evaluate("new URLSearchParams(location.search).getAll('e')")


def rows(page) -> list[list[str]]:
    return [line.split("\t") for line in page.locator("table.compared").inner_text().splitlines()]


def test_pinned_experiments_are_compared_trained_and_linked(page, serve):
    visit(page, serve(APP, SMALL), "gradient")
    page.locator(".st-key-pin button").first.click()
    page.wait_for_selector("text=Pinned as A")
    page.locator(".st-key-field-cell button", has_text="GRU").click()
    page.wait_for_function("() => location.search.includes('cell=gru')")
    page.locator(".st-key-pin button").first.click()
    page.wait_for_selector("text=Pinned as B")
    page.get_by_role("link", name="Compare").click()
    page.wait_for_selector("table.compared")
    assert links(page) == [SMALL, "length=20&cell=gru&hidden_size=8&steps=20"]
    page.locator(".st-key-duplicate button").click()  # duplicate the present one and change one thing
    page.wait_for_function("() => new URLSearchParams(location.search).getAll('e').length === 3")
    page.locator(".st-key-field-clipping button", has_text="value").click()
    page.wait_for_function("() => decodeURIComponent(location.search).includes('clipping=value')")
    page.wait_for_function("() => document.querySelector('table.compared')?.innerText?.includes('value')")
    told = [line[:3] for line in rows(page)]
    assert told == [["", "cell", "clipping"], ["A", "tanh", "norm"], ["B", "gru", "norm"], ["C", "tanh", "value"]]
    page.locator(".st-key-train-all button").click()
    page.wait_for_selector(".st-key-transport >> text=60 of 60 updates · finished")
    page.wait_for_function("() => document.querySelector('.board-headline')?.innerText?.includes('learned')")
    headline = page.locator(".board-headline").inner_text()
    scrubber = page.locator(".board-scrub input")
    scrubber.wait_for(state="visible")  # the sentence may come before the updates to look back at
    scrubber.press("Home")
    page.wait_for_function("() => document.querySelector('.board-scrub')?.innerText?.includes('update 0 ')")
    page.wait_for_function("said => document.querySelector('.board-headline')?.innerText !== said", arg=headline)
    page.wait_for_function(f"() => {ON_ANOTHER}.length === 0 && {NAMES}.length === 3")
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_function(f"() => {ROW_2}?.bottom < 700")
    held = links(page)
    page.reload()
    page.wait_for_selector("table.compared")
    assert links(page) == held
    assert len(rows(page)) == 4


def test_a_wrong_link_to_a_comparison_is_named(page, serve):
    page.goto(serve(APP).rstrip("/") + "/compare?e=cell%3Dlsmt&e=length%3D30&at=Z")
    page.wait_for_selector("table.compared")
    page.wait_for_selector("[data-testid=stToast] >> text=lsmt")
    page.wait_for_selector("[data-testid=stToast] >> text=is none of the letters")
    assert page.evaluate("new URLSearchParams(location.search).get('at')") is None


def test_a_sweep_fills_in_is_clicked_and_never_made_twice(page, serve):
    plan = "vary=cell:tanh,lstm&vary=truncation:5,full&seeds=2"
    url = serve(APP).rstrip("/") + f"/sweep?{SMALL}&{plan}"
    visit(page, url, "picture")
    page.wait_for_selector("[data-testid=stProgress] >> text=8 runs, 160 updates, about")
    page.locator(".st-key-start button").click()
    page.wait_for_selector("[data-testid=stProgress] >> text=8 of 8 runs · done")
    page.wait_for_function("() => document.querySelector('.board-headline')?.innerText?.includes('reaches')")
    for name in ("Learned", "Norm", "Decay", "Cost"):
        page.locator(".st-key-picture button", has_text=name).click()
        page.wait_for_function("name => location.search.includes('picture=' + name)", arg=name.lower())
    page.locator(".st-key-picture button", has_text="Gradient").click()
    page.wait_for_selector("[data-panel=picture] .points path")
    page.wait_for_function("() => !location.search.includes('picture=')")
    page.reload()
    page.wait_for_selector("[data-testid=stProgress] >> text=not made again")
    page.locator(".st-key-start button").click()
    page.wait_for_selector("[data-testid=stProgress] >> text=8 of 8 runs · done", timeout=10_000)
    page.mouse.click(*page.wait_for_function(LAST_POINT).json_value())
    page.wait_for_selector(".st-key-transport >> text=20 of 20 updates · finished")
    page.wait_for_function("() => location.pathname === '/' && location.search.includes('run=kept')")


def test_a_sweep_that_makes_no_sense_is_one_sentence(page, serve):
    page.goto(serve(APP).rstrip("/") + "/sweep?vary=truncation:5,five&vary=colour:red&seeds=900")
    page.wait_for_selector("[data-testid=stAlert] >> text=Truncation length: 'five' is not understood")
    page.wait_for_selector("[data-testid=stToast] >> text=is not an axis")
    page.wait_for_selector("[data-testid=stToast] >> text=is not a number from 1 to 20")
    assert page.locator(".st-key-start button").is_disabled()
    values = ",".join(f"{i / 1000}" for i in range(1, 300))
    page.goto(serve(APP).rstrip("/") + f"/sweep?vary=gain:{values}&vary=learning_rate:{values}&seeds={'1' * 5000}")
    page.wait_for_selector("[data-testid=stAlert] >> text=a page makes 2000 at most")


def test_the_library_lists_filters_opens_and_deletes(page, serve):
    url = serve(APP).rstrip("/")
    visit(page, f"{url}/?{SMALL}&seed=77", "gradient")
    page.locator(".st-key-train button").click()
    page.wait_for_selector(".st-key-transport >> text=20 of 20 updates · finished")
    page.get_by_role("link", name="Library").click()
    page.wait_for_selector("[data-testid=stDataFrame]")
    page.locator(".st-key-filter-runs input").fill("seed = 77 adding")
    page.locator(".st-key-filter-runs input").press("Enter")
    page.wait_for_selector("text=Export all 1 as .nc")
    box = page.locator("[data-testid=stDataFrame]").bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    page.wait_for_selector("text=Export 1 chosen as .nc")
    with page.expect_download() as download:
        page.locator(".st-key-export-nc button").click()
    assert Path(download.value.path()).read_bytes()[1:4] == b"HDF"
    page.locator(".st-key-open-run button").click()
    page.wait_for_selector(".st-key-transport >> text=20 of 20 updates · finished")
    page.get_by_role("link", name="Library").click()
    page.wait_for_selector("[data-testid=stDataFrame]")
    page.locator(".st-key-filter-runs input").fill("seed = 77 adding")
    page.locator(".st-key-filter-runs input").press("Enter")
    page.wait_for_selector("text=/Export (all 1|1 chosen) as .nc/")
    if not page.locator("text=Export 1 chosen as .nc").count():  # the page may remember the choice
        page.mouse.click(box["x"] + 18, box["y"] + 52)
    page.wait_for_selector("text=Export 1 chosen as .nc")
    page.get_by_role("button", name="Delete").click()
    page.locator(".st-key-delete-runs button").click()
    page.wait_for_function("() => !document.querySelector('.st-key-delete-runs')")
    page.wait_for_function("() => !document.querySelector('[data-testid=stDataFrame]')")  # none matches any more


def test_what_truncation_does_is_shown_trained_and_linked(page, serve):
    visit(page, serve(APP).rstrip("/") + f"/truncation?{SMALL}&truncation=window&k1=5&k2=5", "picture")
    said = set()
    for name in ("Lags", "Bias", "Sign", "Variants"):
        before = page.locator(".board-headline").inner_text()
        said.add(before)
        page.locator(".st-key-truncation-picture button", has_text=name).click()
        page.wait_for_function("said => document.querySelector('.board-headline')?.innerText !== said", arg=before)
        page.wait_for_function("name => location.search.includes('picture=' + name)", arg=name.lower())
        sizes = page.evaluate(
            "() => [...document.querySelectorAll('[data-panel] text')]"
            ".map(t => parseFloat(getComputedStyle(t).fontSize))"
        )
        assert len(sizes) > 5 and min(sizes) >= 14
    assert len(said) == 4
    page.wait_for_selector("[data-testid=stProgress] >> text=on the first batch")
    page.locator(".st-key-train-beside button").click()
    page.wait_for_selector("[data-testid=stProgress] >> text=20 of 20 updates · finished")
    page.wait_for_function(
        "() => document.querySelector('.board-headline')?.innerText?.includes('median of 20 updates')"
    )
    page.reload()
    page.wait_for_selector("[data-testid=stProgress] >> text=on the first batch")
    page.wait_for_function("() => location.search.includes('picture=variants')")
