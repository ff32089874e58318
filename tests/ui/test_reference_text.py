"""The reference as HTML: all of it there, nothing of it markup by accident."""

from html.parser import HTMLParser

import pytest

from explorer.reference import Section, sections
from explorer.ui import reference_text

VOID = {"br"}


class Balanced(HTMLParser):
    """Open tags, closed in order, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.seen.add(tag)
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


def read(html: str) -> Balanced:
    found = Balanced()
    found.feed(html)
    assert found.open == []
    return found


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_every_chapter_is_whole(section: Section) -> None:
    pieces = [reference_text.lead(section), reference_text.quantities(section.quantities)]
    pieces += [reference_text.facts(section.facts), *map(reference_text.entry, section.entries)]
    whole = read(reference_text.page(*pieces))
    assert "_{" not in whole.text and "^{" not in whole.text and "`" not in whole.text
    for found in section.entries:
        assert found.choice in whole.text
        assert all(setting.key in whole.text and setting.allowed in whole.text for setting in found.fields)
        assert all(head in whole.text for head in found.doc.facts)
    assert ("table" in whole.seen) == (bool(section.quantities) or any(found.fields for found in section.entries))


def test_contents_lead_to_the_headings() -> None:
    section = next(s for s in sections() if s.name == "truncation")
    html = reference_text.contents(section.entries)
    assert all(f'href="#{found.kind}"' in html for found in section.entries)
    assert "In this chapter" in read(html).text and "In this chapter" not in reference_text.contents(())


def test_a_sentence_begins_large_and_a_letter_of_mathematics_stays() -> None:
    html = reference_text.facts({"Cost": "none; nothing", "Bias": "g is <b>", "Source": "max_length"})
    assert "<dd>None; nothing</dd>" in html and "<dd>g is &lt;b&gt;</dd>" in html and "<dd>max_length</dd>" in html


def test_the_header_is_as_opaque_as_the_page() -> None:
    assert "#FFFFFF" in reference_text.style("light") and "#14171D" in reference_text.style("dark")
