"""The board: what it sends to the browser, and in a real browser that it redraws in place and is scrubbed there."""

import json
import runpy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.boards import Board, Panel, Scrub, encode, rich
from explorer.boards.grid import parse_grid

DEMO = Path(__file__).with_name("board_demo.py")
WAIT_MS = 60_000
NAMES = ("gradient", "loss", "norm", "strip", "share")
AREAS = '"big a" 200px "big b" 200px "big c" 50px "scrub ." 44px / 2fr 1fr'


def panel(name: str) -> Panel:
    """A panel with one line."""
    return Panel(name, go.Figure(go.Scatter(y=np.array([1.0, np.nan, np.inf]))), f"alt of {name}")


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Head and body of a message."""
    size = int.from_bytes(message[:8], "little")
    return json.loads(message[8 : 8 + size]), message[8 + size :]


def test_message_carries_figures_and_exact_tracks() -> None:
    """Tracks travel as float32 only where that turns no tiny number into zero and no large one into inf."""
    ordinary = np.array([[1.0, np.inf], [np.nan, 0.0]])
    tiny = np.array([[1e-60, 1.0], [1.0, 1e300]])
    scrub = Scrub(np.array([0, 5]), {"ordinary": ordinary, "tiny": tiny}, 10, {"headline": ["a", [("b", "#123456")]]})
    head, body = unpack(encode(Board([panel("big")], AREAS, "h", "s", scrub, "r")))
    for name, values, size in (("ordinary", ordinary, 4), ("tiny", tiny, 8)):
        track = head["scrub"]["tracks"][name]
        assert (track["bytes"], track["at"] % 8, track["width"]) == (size, 0, 2)
        got = np.frombuffer(body, f"<f{size}", 4, track["at"]).reshape(2, 2)
        np.testing.assert_array_equal(got, values)
    info = head["panels"][0]
    figure = json.loads(body[info["at"] : info["at"] + info["size"]])
    assert figure["data"][0]["y"]["dtype"] == "f8" and info["alt"] == "alt of big"
    assert head["scrub"]["captions"]["headline"] == [[["a", None]], [["b", "#123456"]]]


def test_digest_changes_only_with_the_figure() -> None:
    """A panel's digest says whether it has to be drawn again."""

    def digest(one: Panel) -> str:
        return str(unpack(encode(Board([one], AREAS)))[0]["panels"][0]["digest"])

    assert digest(panel("big")) == digest(panel("big"))
    assert digest(panel("big")) != digest(Panel("big", go.Figure(), "alt of big"))


def test_what_cannot_be_shown_is_refused() -> None:
    """Wrong areas, colours and row counts end in a sentence on the server, not in a blank page."""
    for areas in ("", '"a b" 1fr / 1fr 1fr', '"a b" 20px "c" 20px / 1fr', '"a" 20px / 1fr; color: red'):
        with pytest.raises(ValueError, match="areas are rows"):
            parse_grid(areas)
    with pytest.raises(ValueError, match="#rrggbb"):
        rich([("text", "red;background:url(x)")])
    with pytest.raises(ValueError, match="area of its own"):
        encode(Board([panel("bi")], AREAS))
    with pytest.raises(ValueError, match="area of its own"):
        encode(Board([panel("big"), panel("big")], AREAS))
    with pytest.raises(ValueError, match="2 rows"):
        encode(Board([], AREAS, scrub=Scrub(np.arange(3), {"g": np.ones((2, 4))}, 3)))


def test_narrow_windows_stack_the_grid() -> None:
    """The first column comes first, at full width; the others follow in two columns."""
    grid = parse_grid(AREAS)
    assert grid.narrow == '"big big" 450px "scrub scrub" 44px "a b" 200px "c c" 50px / 1fr 1fr'
    assert grid.above_scrub == "big" and grid.wide == AREAS


PANELS = "[...document.querySelectorAll('[data-panel]')]"
COUNTS = f"Object.fromEntries({PANELS}.map((n) => [n.dataset.panel, +n.dataset.redraws]))"
DRAWN = f"{PANELS}.length === 5 && {PANELS}.every((n) => +n.dataset.redraws > 0)"
SHOWN = "document.querySelector('.board input').getAttribute('aria-valuetext')"
WATCH = """
window.blank = window.frames_seen = 0;
const panels = [...document.querySelectorAll('[data-panel]')];
const filled = (n) => n.isConnected && n.querySelector('.scatterlayer .trace path[d*=L], .heatmaplayer image');
const look = () => { frames_seen += 1; if (!panels.every(filled)) blank += 1; requestAnimationFrame(look); };
requestAnimationFrame(look);
"""


@pytest.fixture
def page(browser: Any, serve: Callable[..., str]) -> Iterator[Any]:
    """The demo with all five panels drawn, and `page.sent`, the messages to the server."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: page.sent.append(frame)))
    page.goto(serve(DEMO))
    page.wait_for_function(DRAWN, timeout=WAIT_MS)
    yield page
    page.close()


def wait_for_redraws(page: Any, more: int) -> None:
    """Until the first panel has been drawn so many times more."""
    count = "+document.querySelector('[data-panel=gradient]').dataset.redraws"
    page.wait_for_function(f"{count} >= {page.evaluate(count) + more}", timeout=WAIT_MS)


def go_to(page: Any, word: str) -> None:
    """To an address of the page, as Back goes to one: nothing is loaded again."""
    page.evaluate("to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')); }", f"/?{word}")


def begin_again(page: Any, word: str) -> None:
    """Until the run streams from its first update on."""
    go_to(page, word)
    page.wait_for_function(f"parseInt({SHOWN}.split(' ')[1]) < 40", timeout=WAIT_MS)


def rates(page: Any, seconds: float = 2.0) -> dict[str, float]:
    """Redraws a second of every panel."""
    before, start = page.evaluate(COUNTS), time.monotonic()
    page.wait_for_timeout(1000 * seconds)
    after, passed = page.evaluate(COUNTS), time.monotonic() - start
    return {name: (after[name] - before[name]) / passed for name in NAMES}


def shown(page: Any) -> Any:
    """What the charts and texts show."""
    page.wait_for_timeout(400)
    return page.evaluate("""() => {
        const full = (name) => document.querySelector(`[data-panel=${name}]`)._fullLayout;
        const y = (name) => [...document.querySelector(`[data-panel=${name}]`)._fullData[0].y];
        return {
            gradient: y("gradient"), share: y("share"), strip: full("strip").shapes[0].y0,
            marks: document.querySelector("[data-panel=gradient]").data.slice(1).map(
                ({ x, y }) => [[...(x._inputArray ?? x)], [...(y._inputArray ?? y)]]),
            loss: full("loss").shapes[0].x0, norm: full("norm").shapes[0].x1,
            title: full("gradient").title.text,
            headline: document.querySelector(".board-headline").innerText,
            value: document.querySelector(".board input").getAttribute("aria-valuetext"),
        };
    }""")


def test_one_page_streams_and_stands_still(slowness: Callable[[], float], page: Any) -> None:
    """Each thing that is to be seen while data stream has a whole run for itself."""
    best = _streams_on_the_same_nodes(page)
    begin_again(page, "look")
    _looking_back_holds_while_data_stream(page)
    begin_again(page, "zoom")
    _zoom_survives_streaming(page)
    _a_panel_goes_and_comes_back(page)
    _scrubber_moves_everything_without_the_server(page)
    assert best >= 8 / slowness(), f"{best:.1f} redraws a second of the slowest panel in the best two seconds"


def _looking_back_holds_while_data_stream(page: Any) -> None:
    """An older update stays where it is until the scrubber is at its end again; non-finite values are gaps."""
    wait_for_redraws(page, 12)
    page.locator(".board input").focus()
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    at = shown(page)
    assert at["value"].startswith("update 7 of") and at["gradient"][:20] == [None] * 20 and at["gradient"][20] > 0
    wait_for_redraws(page, 15)
    assert shown(page)["value"] == at["value"] and shown(page)["gradient"] == at["gradient"]
    page.keyboard.press("End")
    later = shown(page)["loss"]
    wait_for_redraws(page, 5)
    assert shown(page)["loss"] > later > 7


def _streams_on_the_same_nodes(page: Any) -> float:
    """Thirty redraws: the same nodes and no frame without a curve. How many there are in the best two seconds."""
    page.evaluate(PANELS + ".forEach((n) => { n.dataset.mark = n.dataset.panel; })")
    page.evaluate("document.querySelectorAll('[data-panel] .main-svg').forEach((n) => { n.dataset.mark = 'svg'; })")
    wait_for_redraws(page, 5)
    page.evaluate(WATCH)
    wait_for_redraws(page, 30)
    # A machine that also runs other tests may be busy for a moment: one quiet window is enough.
    windows: list[float] = []
    while len(windows) < 6 and not any(window >= 8 for window in windows):
        windows.append(min(rates(page).values()))
    assert page.evaluate(PANELS + ".map((n) => n.dataset.mark)") == list(NAMES)
    assert page.locator("[data-panel] .main-svg:not([data-mark])").count() == 0
    assert page.evaluate("frames_seen") > 30 and page.evaluate("blank") == 0
    assert page.locator(".board b").count() == 0 and "<b>nothing</b>" in page.locator(".board-headline").inner_text()
    assert page.locator("[data-panel=strip]").get_attribute("aria-label") == "strip"
    return max(windows)


def _zoom_survives_streaming(page: Any) -> None:
    """A zoomed axis stays, although the figure's own range grows; a double click gives it back."""
    axis = "document.querySelector('[data-panel=loss]')._fullLayout.xaxis.range"
    box = page.locator("[data-panel=loss] .nsewdrag").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=5)
    wait_for_redraws(page, 5)  # other panels go on while one is being zoomed
    page.mouse.move(box["x"] + 0.7 * box["width"], y, steps=5)
    before = page.evaluate(axis)
    page.mouse.up()
    page.wait_for_function(f"{axis}[1] < {before[1]}", timeout=WAIT_MS)
    zoomed = page.evaluate(axis)
    assert zoomed[0] > before[0] + 0.2 * (before[1] - before[0])
    wait_for_redraws(page, 20)
    assert page.evaluate(axis) == zoomed
    page.mouse.dblclick(box["x"] + 0.5 * box["width"], y)
    page.wait_for_function(f"{axis}[1] > {before[1]} && {axis}[0] <= 0", timeout=WAIT_MS)


def _a_panel_goes_and_comes_back(page: Any) -> None:
    """When the set of panels changes, the others keep their nodes."""
    page.evaluate(PANELS + ".forEach((n) => { n.dataset.mark = 'same'; })")
    go_to(page, "small")
    for count in (4, 5):
        page.wait_for_function(f"{PANELS}.length === {count}", timeout=WAIT_MS)
        assert page.locator("[data-panel][data-mark=same]").count() == 4
    page.wait_for_function("+document.querySelector('[data-panel=share]').dataset.redraws > 0", timeout=WAIT_MS)


def _scrubber_moves_everything_without_the_server(page: Any) -> None:
    """Keys and pointer move all charts to one update, exactly, and no message is sent."""
    demo = runpy.run_path(str(DEMO))
    total, run = demo["TOTAL"], demo["made_up_run"]()
    go_to(page, "still")
    page.wait_for_function(
        f"{SHOWN}.endsWith(' of {total}') && {SHOWN}.startsWith('update {total - 6} ')", timeout=WAIT_MS
    )
    slider = page.locator(".board input")
    newest = shown(page)
    page.sent.clear()
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    at = shown(page)
    step = at["loss"]
    assert step == 12 and (at["norm"], at["strip"]) == (step, step)
    assert at["value"] == f"update {step} of {total}"
    assert at["headline"] == f"tanh at update {step}." and at["title"] == f"gradient at update {step}"
    np.testing.assert_allclose(np.array(at["gradient"]), run["grad_h"][step], rtol=1e-6)
    assert not np.allclose(at["gradient"], newest["gradient"]) and not np.allclose(at["share"], newest["share"])
    first, nothing = list(range(1, 21)), [[], []]
    page.keyboard.press("ArrowRight")  # update 18: zero up to t = 20
    hatching = [[0.5, 20.5, 20.5, 0.5, None], [1e-5, 1e-5, 10, 10, None]]
    assert at["marks"] == [nothing] * 3
    assert shown(page)["marks"] == [[first, [1e-5] * 20], nothing, hatching]
    page.keyboard.press("ArrowRight")  # update 24: not finite up to there
    assert shown(page)["marks"] == [nothing, [first, [10] * 20], nothing]
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    middle = shown(page)["loss"]
    assert abs(middle - total / 2) <= 12
    plot = page.locator("[data-panel=strip] .nsewdrag").bounding_box()
    assert abs(box["x"] + 8 - plot["x"]) < 1 and abs(box["width"] - 16 - plot["width"]) < 1
    page.keyboard.press("End")
    assert shown(page) == newest
    assert page.sent == []
