"""What a page that is one file is made of, as HTML; every text is escaped, and nothing is fetched."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from explorer.boards.message import Board, Rich, encode, rich
from explorer.boards.parts import HTML, SAVE_HTML
from explorer.typeset import typeset


@dataclass(frozen=True)
class Heading:
    """A heading."""

    text: Rich


@dataclass(frozen=True)
class Text:
    """A paragraph; a quiet one is less important."""

    text: Rich
    quiet: bool = False


@dataclass(frozen=True)
class Equation:
    """Lines of mathematics, written as in docstrings: W_hh, x^{s−t}; coloured pieces tie symbols to a chart."""

    lines: Sequence[Rich]


@dataclass(frozen=True)
class Choices:
    """A question with answers to choose from; what follows from it is hidden until the reader asks for it.

    Attributes:
        question: what is asked.
        options: the answers.
        word: on what reveals the rest.
        revealed: the rest.
    """

    question: Rich
    options: Sequence[Rich]
    word: Rich
    revealed: Sequence["Section"]


@dataclass(frozen=True)
class Sources:
    """Where something is published: each a text and its address on the web, or "" where it has none."""

    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """Columns under their names; each row begins with its name."""

    head: Sequence[Rich]
    rows: Sequence[Sequence[Rich]]


_QUIET = {True: "quiet", False: ""}
Section = Heading | Text | Equation | Choices | Sources | Table | Board


def html(sections: Sequence[Section]) -> str:
    """The sections, one after the other."""
    return "\n".join(map(_html, sections))


def _html(section: Section) -> str:
    match section:
        case Heading(text):
            return f"<h2>{_rich(text)}</h2>"
        case Text(text, quiet):
            return f'<p class="{_QUIET[quiet]}">{_rich(text)}</p>'
        case Equation(lines):
            return f'<div class="equation">{_each("div", lines)}</div>'
        case Choices():
            return _choices(section)
        case Sources(entries):
            items = [f"<li>{_link(text, to)}</li>" for text, to in entries]
            return f"<ul>{''.join(items)}</ul>"
        case Table():
            return _table(section)
        case Board():
            message = base64.b64encode(encode(section)).decode()
            data = f'<script type="application/octet-stream">{message}</script>'
            return f"<div data-board>{HTML}{SAVE_HTML}{data}</div>"


def _each(tag: str, texts: Sequence[Rich]) -> str:
    return "".join(f"<{tag}>{_rich(text)}</{tag}>" for text in texts)


def _rich(text: Rich) -> str:
    return "".join(
        f'<span style="color:{colour}">{typeset(piece)}</span>' if colour else typeset(piece)
        for piece, colour in rich(text)
    )


def _choices(section: Choices) -> str:
    group = escape("".join(text for text, _ in rich(section.question)))
    options = "".join(f'<label><input type="radio" name="{group}"> {_rich(text)}</label>' for text in section.options)
    asked = f"<fieldset><legend>{_rich(section.question)}</legend>{options}</fieldset>"
    return f"{asked}<details><summary>{_rich(section.word)}</summary>{html(section.revealed)}</details>"


def _link(text: str, to: str) -> str:
    if not to:
        return escape(text)
    if urlsplit(to).scheme not in ("http", "https"):
        raise ValueError(f"a source's address begins with https://, not {to!r}")
    return f'<a href="{escape(to)}" rel="noreferrer">{escape(text)}</a>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_rich(name)}</th>' for name in table.head)
    lines = [f'<th scope="row">{_rich(first)}</th>{_each("td", rest)}' for first, *rest in table.rows]
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
