"""Docstrings taken apart: the sentence that leads, paragraphs, equations, and facts such as "Cost: …"."""

import inspect
import re
from dataclasses import dataclass
from typing import Any

FACTS = ("Gradient", "Loss", "Without memory", "Bias", "Variance", "Cost", "Source")
_FACT = re.compile(rf"({'|'.join(FACTS)}): (.*)")
_PART = re.compile(r"(Args|Attributes|Returns|Raises):")


@dataclass(frozen=True)
class Doc:
    """What a docstring says.

    Attributes:
        lead: its first sentence or two, up to the first empty line.
        body: the paragraphs after it, in order; an equation is a tuple of its lines.
        facts: name, one of `FACTS`, → text, in the order of the docstring.
        returns: what it says of the result; empty where it does not.
    """

    lead: str
    body: tuple[str | tuple[str, ...], ...]
    facts: dict[str, str]
    returns: str = ""

    @property
    def equations(self) -> tuple[tuple[str, ...], ...]:
        """Those of the body."""
        return tuple(part for part in self.body if isinstance(part, tuple))


def doc_of(thing: Any) -> Doc:
    """The docstring of a class, a function or a module.

    Indented lines are an equation, a line that begins with one of `FACTS` and a colon a fact, up to the next one or an
    empty line. Of the parts for programmers only what is returned is kept.
    """
    return parsed(inspect.getdoc(thing) or "")


def parsed(text: str) -> Doc:
    """A docstring without its indentation, taken apart."""
    paragraphs, parts = _split(text)
    body: list[str | tuple[str, ...]] = []
    facts: dict[str, str] = {}
    for lines in paragraphs:
        found = _FACT.match(lines[0])
        if found:
            facts[found[1]] = " ".join([found[2], *lines[1:]])
        elif lines[0].startswith(" "):
            body.append(tuple(line.strip() for line in lines))
        else:
            body.append(" ".join(lines))
    lead = str(body.pop(0)) if body and isinstance(body[0], str) else ""
    return Doc(lead, tuple(body), facts, " ".join(parts.get("Returns", [])))


def _split(text: str) -> tuple[list[list[str]], dict[str, list[str]]]:
    """Paragraphs, each one kind of lines, and the parts for programmers by their name."""
    paragraphs: list[list[str]] = [[]]
    parts: dict[str, list[str]] = {}
    part: list[str] | None = None
    for line in text.splitlines():
        named = _PART.fullmatch(line)
        if named:
            part = parts.setdefault(named[1], [])
        elif part is not None and (line.startswith(" ") or not line):
            part += [line.strip()] if line else []
        else:
            part = None
            before = paragraphs[-1][0] if paragraphs[-1] else line
            if not line or _FACT.match(line) or line.startswith(" ") != before.startswith(" "):
                paragraphs.append([])
            paragraphs[-1] += [line] if line else []
    return [lines for lines in paragraphs if lines], parts
