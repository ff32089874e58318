"""The main path in a real browser: open, move a slider, train, scrub, stop, reload from the URL, go back."""

import re
import time
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app.py"
DRAWN = "[data-panel=gradient] .scatterlayer .trace"
REDRAWS = "Number(document.querySelector('[data-panel=gradient]').dataset.redraws)"
NO_FAILURE = "[data-testid=stException]"


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.sent = []  # the messages to the server
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: page.sent.append(frame)))
    yield page
    assert page.locator(NO_FAILURE).count() == 0
    context.close()


def open_page(page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(DRAWN)


def go(page, query: str) -> None:
    """To another experiment, as Back goes to one: nothing is loaded again."""
    page.evaluate(
        "to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')); }", f"/?{query}"
    )


def headline(page) -> str:
    return page.locator(".board-headline").inner_text()


def curve(page, name: str) -> list[float]:
    """The values that plotly holds for a named line of the big chart."""
    script = """name => {
      const trace = document.querySelector('[data-panel=gradient]').data.find(t => t.name === name);
      return Array.from(trace.y._inputArray || trace.y);
    }"""
    return page.evaluate(script, name)


def wait_for_curve(page, name: str, length: int) -> list[float]:
    """The values of a named line once it has so many; the words of a page may be there before its charts."""
    page.wait_for_function(
        "([name, length]) => { const t = document.querySelector('[data-panel=gradient]')?.data?.find("
        "t => t.name === name); return t && (t.y._inputArray || t.y).length === length; }",
        arg=[name, length],
    )
    return curve(page, name)


def wait_for_update(page, number: int) -> None:
    page.wait_for_function(
        "n => { const m = (document.querySelector('.st-key-transport')?.innerText || '').match(/(\\d+) of/);"
        " return m && Number(m[1]) >= n; }",
        arg=number,
    )


def test_opens_with_a_picture_answers_a_slider_and_follows_the_theme(page, serve):
    """One page for what a person sees first."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, serve(APP))
    _opens_with_a_sentence_computed_from_the_picture(page)
    _is_readable(page)
    _a_new_theme_reaches_charts_and_transport(page)
    _is_readable(page)
    _a_slider_redraws_the_same_node_without_a_button_or_a_jump(page)
    _the_url_is_the_experiment_reload_and_back_included(page)
    outside = [url for url in asked if not re.match(r"(https?://127\.0\.0\.1|data:|blob:)", url)]
    assert asked and not outside, "nothing is fetched from outside"


def _opens_with_a_sentence_computed_from_the_picture(page) -> None:
    said = headline(page)
    assert re.search(r"tanh network the gradient halves every [\d.]+ steps", said)
    half_life = float(re.search(r"every ([\d.]+) steps", said)[1])
    values = wait_for_curve(page, "tanh", 100)
    # Between the first cue's middle and the end the curve falls as the sentence says, within a tenth.
    assert (values[99] / values[24]) ** (1 / 75) == pytest.approx(2 ** (1 / half_life), rel=0.1)
    for name in ("LSTM", "GRU", "LSTM ∂L/∂c"):
        wait_for_curve(page, name, 100)
    box = page.locator("[data-panel=gradient]").bounding_box()
    assert box["height"] >= 400
    assert box["width"] >= 0.5 * (1440 - 300)
    bottom = page.locator(".st-key-transport").bounding_box()
    assert bottom["y"] + bottom["height"] <= 900, "the transport is above the fold"


def _a_slider_redraws_the_same_node_without_a_button_or_a_jump(page) -> None:
    page.evaluate("document.querySelector('[data-panel=gradient]').dataset.mark = 'same'")
    top = page.locator("[data-panel=gradient]").bounding_box()["y"]
    before, said = curve(page, "tanh"), headline(page)
    slider = page.locator(".st-key-field-length input[type=range]").first
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('length=105')")
    page.wait_for_function("said => document.querySelector('.board-headline')?.innerText !== said", arg=said)
    assert len(wait_for_curve(page, "tanh", 105)) != len(before)
    assert page.locator("[data-panel=gradient][data-mark=same]").count() == 1
    assert page.locator("[data-panel=gradient]").bounding_box()["y"] == top


def _the_url_is_the_experiment_reload_and_back_included(page) -> None:
    go(page, "cell=gru&length=60")
    page.wait_for_selector(".board-headline >> text=GRU")
    said = headline(page)
    page.reload()
    page.wait_for_selector(DRAWN)
    page.wait_for_function("said => document.querySelector('.board-headline')?.innerText === said", arg=said)
    page.locator(".st-key-field-cell button", has_text="ReLU").click()
    page.wait_for_function("() => location.search.includes('cell=relu')")
    page.wait_for_function("() => document.querySelector('.board-headline')?.innerText?.includes('ReLU')")
    page.go_back()
    page.wait_for_function("() => location.search.includes('cell=gru')")
    page.wait_for_function("said => document.querySelector('.board-headline')?.innerText === said", arg=said)


def _is_readable(page) -> None:
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('[data-panel] text')].map(t => parseFloat(getComputedStyle(t).fontSize))"
    )
    assert len(sizes) > 20
    assert min(sizes) >= 14
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    labels = page.evaluate(
        "() => [...document.querySelectorAll('[data-panel]')].map(n => n.getAttribute('aria-label'))"
    )
    assert len(labels) == 5
    assert all(label and len(label) > 20 for label in labels)


def _a_new_theme_reaches_charts_and_transport(page) -> None:
    light = text_colours(page)
    page.emulate_media(color_scheme="dark")
    end = time.monotonic() + 10
    while text_colours(page) & light:
        assert time.monotonic() < end, "the charts kept the colours of the light theme"
        time.sleep(0.1)
    bar = page.locator(".st-key-transport").evaluate(
        "n => { for (; n; n = n.parentElement) { const c = getComputedStyle(n);"
        " if (c.position === 'sticky') return c.backgroundColor; } }"
    )
    assert bar == page.locator(".stApp").evaluate("n => getComputedStyle(n).backgroundColor")


def text_colours(page) -> set[str]:
    return set(
        page.evaluate(
            "() => [...document.querySelectorAll('[data-panel=loss] text')].map(t => getComputedStyle(t).fill)"
        )
    )


def test_a_dark_small_window_is_readable_and_a_narrow_touch_screen_has_its_controls(browser, serve):
    context = browser.new_context(viewport={"width": 1024, "height": 768}, color_scheme="dark", has_touch=True)
    page = context.new_page()
    open_page(page, serve(APP))
    _is_readable(page)
    page.set_viewport_size({"width": 600, "height": 900})
    expand = page.locator("[data-testid=stExpandSidebarButton]")
    expand.click()
    page.locator(".st-key-field-cell button", has_text="GRU").click()
    page.wait_for_function("() => location.search.includes('cell=gru')")
    page.locator("[data-testid=stSidebarCollapseButton] button").click()
    expand.wait_for(state="visible")
    context.close()


def test_one_experiment_after_another_is_measured_and_trained(slowness, page, serve):
    """One page, opened with an experiment that takes long to measure."""
    page.goto(serve(APP, "cell=lstm&length=3000&hidden_size=128"))
    _a_large_experiment_does_not_hold_its_page(page)
    best = _train_streams_scrubs_and_stops(page)
    assert best >= 8 / slowness(), f"{best:.1f} redraws a second in the best two seconds"
    _no_click_is_lost_between_two_ticks(page)
    _a_run_that_has_ended_stays_until_it_is_reset(page)
    _a_change_while_training_stays_and_can_be_taken_back(page)


def _a_large_experiment_does_not_hold_its_page(page) -> None:
    page.wait_for_function(
        "() => document.querySelector('.board-headline')?.innerText.startsWith('Measuring this LSTM')"
    )
    slider = page.locator(".st-key-field-length input[type=range]").first
    slider.focus()
    slider.press("Home")
    page.wait_for_function("() => location.search.includes('length=10')")
    page.wait_for_function("() => document.querySelector('.board-headline')?.innerText.startsWith('In this LSTM')")
    page.wait_for_selector(DRAWN)
    wait_for_curve(page, "LSTM", 10)


def _train_streams_scrubs_and_stops(page) -> float:
    """Redraws a second in the best two seconds."""
    go(page, "cell=lstm&length=50&steps=100000")
    wait_for_curve(page, "LSTM", 50)
    page.locator(".st-key-train button").click()
    wait_for_update(page, 20)
    page.evaluate("document.querySelectorAll('[data-panel]').forEach(n => { n.dataset.mark = 'same'; })")
    start, seen = time.monotonic(), page.evaluate(REDRAWS)
    best, previous = 0.0, (start, seen)
    while time.monotonic() - start < 15 and best < 8:
        time.sleep(2)
        now, count = time.monotonic(), page.evaluate(REDRAWS)
        best = max(best, (count - previous[1]) / (now - previous[0]))
        previous = (now, count)
    assert page.locator("[data-panel][data-mark=same]").count() == 5, "one node for the whole run"
    _exports_while_it_streams(page)
    page.locator(".st-key-stop button").click()
    page.wait_for_selector(".st-key-transport >> text=stopped")
    assert page.sent, "what is sent is seen"
    time.sleep(0.5)  # for what was on its way
    page.sent.clear()
    newest = curve(page, "LSTM")
    scrubber = page.locator(".board-scrub input")
    scrubber.focus()
    scrubber.press("Home")
    page.wait_for_function("() => document.querySelector('.board-scrub')?.innerText?.includes('update 0 ')")
    assert "before training" in page.locator(".board-subline").inner_text(), "the words follow the charts"
    end = time.monotonic() + 10
    while (oldest := curve(page, "LSTM")) == pytest.approx(newest, rel=1e-3):
        assert time.monotonic() < end, "the curve never followed the scrubber"
    # The first update's row is the measurement before training, drawn in grey.
    assert oldest == pytest.approx(curve(page, "before training"), rel=1e-5)
    assert not page.sent, "the scrubber asks the server nothing"
    page.locator(".st-key-reset button").click()
    page.wait_for_selector(".st-key-transport >> text=is in the library")
    return best


def _exports_while_it_streams(page) -> None:
    """A file asked for between two redraws comes whole, and the picture is that of the page."""
    page.locator(".st-key-exports button").click()
    for kind, begin in (("[data-file=nc]", b"\x89HDF"), ("[data-format=png]", b"\x89PNG")):
        with page.expect_download() as download:
            page.locator(f".board-files {kind}").click()
        assert Path(download.value.path()).read_bytes().startswith(begin)
    page.wait_for_selector(".board-files >> text=Saved as lstm-adding-T50.png")
    page.keyboard.press("Escape")


def _no_click_is_lost_between_two_ticks(page) -> None:
    go(page, "length=30&hidden_size=8&steps=100000")
    wait_for_curve(page, "tanh", 30)
    button, transport = page.locator(".st-key-train button"), ".st-key-transport >> text="
    for _ in range(3):
        button.click()
        page.wait_for_selector(".st-key-train >> text=Pause")
        page.wait_for_selector(f"{transport}/s")  # it streams
        button.click()
        page.wait_for_selector(f"{transport}paused")


def _a_run_that_has_ended_stays_until_it_is_reset(page) -> None:
    go(page, "length=20&hidden_size=8&steps=5")
    wait_for_curve(page, "tanh", 20)
    page.locator(".st-key-train button").click()
    page.wait_for_selector(".st-key-transport >> text=5 of 5 updates · finished")
    for key in ("train", "step"):  # the buttons follow the text in a run of the page of their own
        page.wait_for_selector(f".st-key-{key} button:disabled")
    page.keyboard.press("t")
    time.sleep(0.5)
    assert "5 of 5" in page.locator(".st-key-transport").inner_text()
    assert "run=kept" in page.url, "a link to this page shows the run"
    page.locator(".st-key-reset button").click()
    page.wait_for_selector(".st-key-transport >> text=a finished run of 5 is in the library")
    page.wait_for_function("() => !location.search.includes('run=')")
    page.keyboard.press("t")  # nothing is trained twice: the kept run is shown again
    page.wait_for_selector(".st-key-transport >> text=5 of 5 updates · finished")
    page.wait_for_function("() => location.search.includes('run=kept')")
    _a_link_opens_at_the_update_that_is_looked_back_at(page)


def _a_link_opens_at_the_update_that_is_looked_back_at(page) -> None:
    back = "() => document.querySelector('.board-scrub')?.innerText?.includes('update 1 ')"
    scrubber = page.locator(".board-scrub input")
    scrubber.wait_for(state="visible")
    scrubber.press("Home")
    scrubber.press("ArrowRight")
    page.wait_for_function("() => location.hash === '#update=1'")
    page.reload()
    page.wait_for_function(back)
    assert page.url.endswith("run=kept#update=1")
    scrubber.press("End")
    page.wait_for_function("() => location.hash === ''")
    _a_link_opens_as_it_was_zoomed(page)


def _a_link_opens_as_it_was_zoomed(page) -> None:
    axis = "document.querySelector('[data-panel=gradient]')?._fullLayout?.xaxis.range"
    page.wait_for_function(f"() => {axis}")
    whole = page.evaluate(axis)
    box = page.locator("[data-panel=gradient] .nsewdrag").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_function("() => location.hash.startsWith('#gradient.xaxis=')")
    zoomed = page.evaluate(axis)
    assert abs(zoomed[1] - zoomed[0]) < 0.5 * abs(whole[1] - whole[0])
    page.reload()
    page.wait_for_function(f"{axis} !== undefined")
    assert page.evaluate(axis) == pytest.approx(zoomed, rel=1e-5)
    assert ".xaxis=" in page.url
    page.mouse.dblclick(box["x"] + 0.5 * box["width"], y)
    page.wait_for_function(f"{axis}.toString() === '{whole[0]},{whole[1]}'")
    assert "#" not in page.url


def _a_change_while_training_stays_and_can_be_taken_back(page) -> None:
    go(page, "length=50")
    wait_for_curve(page, "tanh", 50)
    page.locator(".st-key-train button").click()
    wait_for_update(page, 5)
    for cell, name in (("gru", "GRU"), ("relu", "ReLU")):
        page.locator(".st-key-field-cell button", has_text=name).click()
        page.wait_for_function("cell => location.search.includes('cell=' + cell)", arg=cell)
        page.wait_for_selector(".st-key-transport >> text=not trained yet")
        page.locator(".st-key-train button").click()
        wait_for_update(page, 5)
        assert f"cell={cell}" in page.url
        page.wait_for_selector(f".board-headline >> text={name}")
    page.locator(".st-key-field-cell button", has_text="tanh").click()  # which has none of the GRU's update bias
    page.wait_for_function("() => !location.search.includes('cell=')")
    page.wait_for_selector(".board-headline >> text=tanh")
    time.sleep(1)  # for what was on its way
    page.evaluate("history.back()")
    page.wait_for_selector(".board-headline >> text=ReLU")
    page.wait_for_function("() => location.search.includes('cell=relu')")
    page.evaluate("history.back()")
    page.wait_for_selector(".board-headline >> text=GRU")
    assert page.locator("[data-testid=stToast]").count() == 0
