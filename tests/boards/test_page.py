"""Pages that are one file: nothing is fetched, nothing becomes markup, and the boards in them are whole."""

import base64
import re
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from explorer.boards import (
    Board,
    Choices,
    Equation,
    Heading,
    Panel,
    Scrub,
    Sources,
    Table,
    Text,
    encode,
    standalone,
)

BAD = "<img src=https://a.example/x onerror=alert(1)> & </script>"
AREAS = '"a" 300px "scrub" 44px / 1fr'
SOURCE = "https://arxiv.org/abs/1211.5063"


def board() -> Board:
    figure = go.Figure(go.Scatter(y=[1.0, 2.0], meta={"track": "g"}), layout={"title": {"text": BAD}})
    scrub = Scrub(np.arange(2), {"g": np.array([[1.0, 2.0], [3.0, 4.0]])}, 2, {"headline": [BAD, "b"]})
    return Board([Panel("a", figure, BAD)], AREAS, headline=BAD, scrub=scrub, revision=BAD)


class Elements(HTMLParser):
    """Every start tag with its attributes, every text, and the contents of the scripts."""

    CDATA_CONTENT_ELEMENTS = ("script", "style")

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def read(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


def test_a_lesson_is_one_file_that_loads_nothing_and_escapes_everything() -> None:
    sections = [
        Heading(BAD),
        Text([BAD, (BAD, "#123456")]),
        Choices(BAD, [BAD, "other"], BAD, [board(), Text("seen", quiet=True)]),
        board(),
        Equation([["∂L/∂h_{t−1} = ", ("W_hh", "#123456"), f" {BAD}"]]),
        Table(["", BAD], [["A", BAD]]),
        Sources([(BAD, SOURCE), ("a book", "")]),
    ]
    page = standalone(BAD, sections, "dark")
    found = read(page)
    names = {tag for tag, _ in found.tags}
    assert not names & {"img", "link", "iframe", "object", "embed", "base"}
    assert all("src" not in own and not any(key.startswith("on") for key in own) for _, own in found.tags)
    assert [own["href"] for _, own in found.tags if "href" in own] == [SOURCE]
    policy = next(own["content"] for tag, own in found.tags if tag == "meta" and "http-equiv" in own)
    assert policy is not None and "default-src 'none'" in policy and "http" not in policy
    assert not re.search(r"url\(|@import", "".join(re.findall(r"<style>.*?</style>", page, re.S)))
    assert page.count(get_plotlyjs()[:200]) == 1
    assert sum(tag == "script" for tag, _ in found.tags) == 4, "plotly.js and the boards' code once, two messages"
    assert sum(text.count("<img src=") for text in found.texts) >= 8, "shown as text"
    assert ("div", {"class": "equation"}) in found.tags and "sub" in names
    assert "color-scheme:dark" in page


def test_the_message_of_a_board_is_the_one_a_page_gets() -> None:
    page = standalone("t", [board()])
    (message,) = re.findall(r'<script type="application/octet-stream">([^<]*)</script>', page)
    assert base64.b64decode(message) == encode(board())
    assert "<h1>" not in page, "the headline is the title"


def test_text_alone_needs_no_script() -> None:
    page = standalone("t", [Text("words")])
    assert "<script" not in page and len(page) < 20_000 and "<h1>t</h1>" in page


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with https"):
        standalone("t", [Sources([("x", "javascript:alert(1)")])])
