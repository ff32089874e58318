"""The words of a lesson as HTML: the question, the equation in the colours of the chart, the sources."""

from collections.abc import Sequence
from html import escape

from explorer.boards import Board, Section
from explorer.boards.sections import Choices, Equation, Sources, Text
from explorer.figures import Theme, style
from explorer.figures.theme import ink
from explorer.lessons import Lesson
from explorer.typeset import typeset

STYLE = """<style>
.lesson h1 { font-size: 1.6rem; font-weight: 650; line-height: 1.2; margin: 0 0 0.4rem; padding: 0; }
.lesson p { font-size: 1.05rem; line-height: 1.38; margin: 0 0 0.2rem; }
.lesson summary { font-size: 0.92rem; cursor: pointer; }
.lesson .equation { font-size: 1.05rem; line-height: 1.6; margin: 0.2rem 0 0.3rem; padding-left: 0.8rem;
  border-left: 3px solid rgba(128, 128, 128, 0.4);
  font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Serif", Georgia, serif; }
.lesson .equation b { font-weight: 600; }
.lesson sub, .lesson sup { font-size: 0.72em; line-height: 0; }
.lesson ul { list-style: none; margin: 0 0 0.4rem; padding: 0; font-size: 1rem; line-height: 1.35; }
.lesson li { margin: 0 0 0.15rem; padding: 0; }
.st-key-lesson-keys { display: none; }
.stMainBlockContainer [data-testid="stHorizontalBlock"]:has(.board) { flex-direction: row; }
.st-key-lesson-turn { margin-bottom: -0.4rem; }
.st-key-lesson-turn .lesson-at { font-size: 1rem; opacity: 0.85; text-align: center; }
.st-key-lesson-turn [data-testid="stMarkdownContainer"]:not(:has(.lesson-at)) {  /* read out, not drawn */
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.st-key-lesson-choices { gap: 0.4rem; }
.st-key-lesson-choices button { min-height: 2.3rem; padding: 0.25rem 0.7rem;
  justify-content: flex-start; text-align: left; }
.st-key-lesson-choices button > div { justify-content: flex-start; text-align: left; width: 100%; }
.st-key-lesson-row { min-height: 4.4rem; }
.lesson .sources { font-size: 0.875rem; line-height: 1.35; opacity: 0.85; margin: 0; }
</style>"""
# Both columns end with the window: the charts fill theirs, the words of theirs are scrolled where they are too many.
PROJECTED = """<style>
.stMainBlockContainer .stColumn { height: calc(100vh - 2.6rem); }
.stMainBlockContainer .stColumn:not(:has(.board)) { overflow-y: auto; }
.stMainBlockContainer .stColumn:not(:has(.board)) > div > [data-testid="stVerticalBlock"],
.stMainBlockContainer .stColumn:not(:has(.board)) > [data-testid="stVerticalBlock"] { gap: 0.35rem; }
.st-key-lesson-turn { margin-bottom: 0; }
.lesson h1 { font-size: 1.35rem; }
.lesson p, .lesson ul { font-size: 0.92rem; line-height: 1.3; }
.lesson .equation { font-size: 0.95rem; line-height: 1.4; padding-left: 0.5rem; }
.st-key-lesson-choices button { min-height: 2rem; line-height: 1.2; }
.st-key-lesson-row { min-height: 3.6rem; }
.board .board-headline { font-size: 1.2rem; }
</style>"""


def asked(lesson: Lesson, *, folded: bool = False) -> str:
    """Title and question; folded, that is read on request, so that what follows has its room."""
    question = f"<p>{typeset(lesson.question)}</p>"
    if folded:
        question = f"<details><summary>The question</summary>{question}</details>"
    return f'<div class="lesson"><h1>{escape(lesson.title)}</h1>{question}</div>'


def explained(lesson: Lesson, theme: Theme) -> str:
    """The equation, what its symbols stand for, and where this was first said."""
    lines = "<br>".join(_html(pieces(lesson, line, theme)) for line in lesson.equation)
    symbols = "".join(f"<li><b>{_html(said[:1])}</b>{_html(said[1:])}</li>" for said in legend(lesson, theme))
    sources = "; ".join(typeset(source) for source in lesson.sources)
    return (
        f'<div class="lesson"><div class="equation">{lines}</div><ul>{symbols}</ul>'
        f'<p class="sources">{sources}</p></div>'
    )


def sections(lesson: Lesson, board: Board, theme: Theme) -> list[Section]:
    """The lesson as a page of its own: what is revealed waits until the reader asks for it."""
    revealed: list[Section] = [
        board,
        Equation([pieces(lesson, line, theme) for line in lesson.equation]),
        *(Text(said) for said in legend(lesson, theme)),
        Sources([(source, "") for source in lesson.sources]),
    ]
    return [Choices(lesson.question, list(lesson.choices), "Reveal", revealed)]


def pieces(lesson: Lesson, line: str, theme: Theme) -> list[tuple[str, str | None]]:
    """One line of the equation, each symbol in its colour, the longest first."""
    for symbol in sorted(lesson.symbols, key=lambda symbol: -len(symbol.symbol)):
        before, found, after = line.partition(symbol.symbol)
        if found:
            rest = [pieces(lesson, part, theme) if part else [] for part in (before, after)]
            return [*rest[0], (found, _colour(symbol.of, theme)), *rest[1]]
    return [(line, None)]


def legend(lesson: Lesson, theme: Theme) -> list[list[tuple[str, str | None]]]:
    """Each symbol in its colour, and what it stands for."""
    return [[(symbol.symbol, _colour(symbol.of, theme)), (f" {symbol.meaning}", None)] for symbol in lesson.symbols]


def _html(said: Sequence[tuple[str, str | None]]) -> str:
    return "".join(
        f'<span style="color:{colour}">{typeset(text)}</span>' if colour else typeset(text) for text, colour in said
    )


def _colour(of: str | None, theme: Theme) -> str:
    return ink(theme).text if of is None else ink(theme).reference if of == "theory" else style(of, theme).colour
