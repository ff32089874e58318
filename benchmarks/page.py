"""How long people wait for the page, in a real browser, and what streaming costs the training."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.browser import MissingError, browser, served, wait_until_served
from benchmarks.contestants import Recorded, experiment
from benchmarks.report import Line, Section
from explorer import Experiment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STARTS, MOVES, ROUNDS = 3, 15, 4
SETTLE_S, WINDOW_S = 1.5, 6.0
WAIT_MS = 60_000
DRAWN = "[data-panel=gradient] .scatterlayer .trace"
# From the key that moves the slider to the first frame after the big chart holds a curve of the length asked for.
MOVED = """length => { window.benchmark = new Promise(resolve => {
  const panel = document.querySelector('[data-panel=gradient]');
  const points = () => { const y = panel.data.find(t => t.name === 'tanh').y; return (y._inputArray || y).length; };
  document.addEventListener('keydown', () => {
    const start = performance.now();
    new MutationObserver((_, observer) => {
      if (points() !== length) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - start));
    }).observe(panel, { attributes: true, attributeFilter: ['data-redraws'] });
  }, { capture: true, once: true });
}); }"""
# Over some milliseconds: updates a second, from the times at which the count changed, and redraws a second.
WATCHED = """ms => new Promise(resolve => {
  const made = () => Number(document.querySelector('.st-key-transport').innerText.match(/(\\d+) of/)[1]);
  const redraws = () => Number(document.querySelector('[data-panel=gradient]').dataset.redraws);
  const start = performance.now(), drawn = redraws(), marks = [];
  let last = made();
  const timer = setInterval(() => {
    const now = performance.now(), count = made();
    if (count !== last) marks.push([now, count]);
    last = count;
    if (now - start < ms || marks.length < 3) return;
    clearInterval(timer);
    const [[t0, n0], [t1, n1]] = [marks[0], marks.at(-1)];
    resolve([1000 * (n1 - n0) / (t1 - t0), 1000 * (redraws() - drawn) / (now - start)]);
  }, 20);
})"""
TITLE = "page in a real browser (Chromium, headless, 1440×900)"
STARTED, ANSWERED = "make app → first curve in the browser", "slider moved → new curve in the browser"
STREAMED = "training speed with the page streaming ÷ headless"


def run() -> Section:
    """Start, slider, streaming."""
    try:
        with browser() as chromium:
            return Section(TITLE, list(_lines(chromium)), NOTES)
    except MissingError as error:
        return Section(TITLE, (), (str(error),))


NOTES = (
    "The slider is moved by a key on the default experiment, each time to a length not measured before. Streaming is "
    "an LSTM of the default sizes; headless is the same experiment trained while the page is paused, in turns with it.",
)


def _lines(chromium: "Browser") -> Iterator[Line]:
    yield Line(STARTED, [_start(chromium) for _ in range(STARTS)], "s")
    with served() as url, _tab(chromium) as page:
        wait_until_served(url)
        yield Line(ANSWERED, list(_moves(page, url)), "ms")
        shares, redraws = _streaming(page, url)
        yield Line(STREAMED, shares)
        yield Line("redraws of the big chart a second while streaming", redraws, "/s")


@contextmanager
def _tab(chromium: "Browser") -> Iterator["Page"]:
    """A new page, closed afterwards."""
    with closing(chromium.new_context(viewport={"width": 1440, "height": 900})) as context:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        yield page


def _start(chromium: "Browser") -> float:
    """Seconds from `make app` to a curve; the browser is open already."""
    with _tab(chromium) as page:
        begin = time.perf_counter()
        with served() as url:
            wait_until_served(url)
            _open(page, url)
            return time.perf_counter() - begin


def _moves(page: "Page", url: str) -> Iterator[float]:
    """Milliseconds of each move."""
    _open(page, url)
    slider = page.locator(".st-key-field-length input[type=range]").first
    for number in range(MOVES):
        time.sleep(0.5)  # so that nothing of the last move is still going on
        slider.focus()
        page.evaluate(MOVED, 105 + 5 * number)
        slider.press("ArrowRight")
        yield float(page.evaluate("() => window.benchmark"))


def _streaming(page: "Page", url: str) -> tuple[list[float], list[float]]:
    """Speed ratios, and redraws for each second."""
    here = experiment("lstm", steps=100_000)
    _open(page, f"{url}/?{urlencode(here.explicit())}")
    shares, redraws = list[float](), list[float]()
    _speed(here, SETTLE_S)
    for _ in range(ROUNDS):
        page.locator(".st-key-train button").click()
        page.wait_for_selector(".st-key-train >> text=Pause")
        time.sleep(SETTLE_S)
        streamed, drawn = page.evaluate(WATCHED, 1000 * WINDOW_S)
        page.locator(".st-key-train button").click()
        page.wait_for_selector(".st-key-transport >> text=paused")
        time.sleep(SETTLE_S)
        shares.append(streamed / _speed(here, WINDOW_S))
        redraws.append(drawn)
    page.locator(".st-key-stop button").click()
    return shares, redraws


def _speed(experiment: Experiment, seconds: float) -> float:
    """Updates for each second without a page, in this process."""
    run, made, start = Recorded(experiment), 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        run.step()
        made += 1
    return made / taken


def _open(page: "Page", url: str) -> None:
    page.goto(url)
    page.wait_for_selector(DRAWN)
