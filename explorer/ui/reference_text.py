"""The entries of the reference as HTML."""

import re
from collections.abc import Iterable, Mapping

from explorer.docstrings import Doc
from explorer.figures.theme import Theme, ink
from explorer.frameworks import Said, address_of
from explorer.reference import SYMBOLS, Entry, Quantity, Section
from explorer.settings import Setting, text
from explorer.typeset import typeset

KEYS = "A field's key is its name in links (`?k2=20`), its flag (`--k2 20`) and the last word of its place in files."
STYLE = """<style>
.stMainBlockContainer .reference { max-width: 52rem; font-size: 1.1rem; line-height: 1.6; }
.reference p { margin: 0 0 0.8rem; }
.reference .lead { font-size: 1.25rem; line-height: 1.5; }
.reference code { font-size: 0.9em; padding: 0.1em 0.35em; border-radius: 4px; background: rgba(128, 128, 128, 0.14);
  color: inherit; white-space: nowrap; }
.reference .choice { margin: 0 0 0.7rem; opacity: 0.85; }
.reference .equation { margin: 0.2rem 0 1rem; padding: 0.6rem 0 0.6rem 1.2rem; font-size: 1.25rem; line-height: 1.9;
  border-left: 3px solid var(--primary-color, #3B8FC4);
  font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Serif", Georgia, serif; }
.reference .equation span { display: inline-block; margin-right: 2.2rem; }
.reference sub, .reference sup { font-size: 0.72em; line-height: 0; }
.reference dl { display: grid; grid-template-columns: 8rem 1fr; gap: 0.35rem 1rem; margin: 0 0 1rem; padding: 0; }
.reference dl dt, .reference dl dd { margin: 0; padding: 0; }
.reference dl dt { font-weight: 600; }
.reference .scroll { overflow-x: auto; margin: 0.4rem 0 1rem; }
.reference table { border-collapse: collapse; width: 100%; font-size: 1rem; line-height: 1.45; }
.reference th, .reference td { border: 0; text-align: left; vertical-align: top; padding: 0.45rem 1rem 0.45rem 0; }
.reference thead th { font-weight: 400; opacity: 0.75; padding-bottom: 0.25rem; }
.reference tbody tr { border-top: 1px solid rgba(128, 128, 128, 0.28); }
.reference tbody th { font-weight: 600; }
.reference .quiet { opacity: 0.8; }
.reference a { color: inherit; text-decoration: underline; }
.reference ul { margin: 0 0 1rem; padding-left: 1.2rem; }
.reference li { margin-bottom: 0.4rem; }
.contents { font-size: 1rem; line-height: 1.35; }
.contents a { display: block; padding: 0.28rem 0; color: inherit; text-decoration: none; }
.contents a:hover, .contents a:focus-visible { text-decoration: underline; }
.contents h2 { margin: 0.8rem 0 0.2rem; padding: 0; font-size: 0.875rem; font-weight: 400; }
.contents p { margin: 0; opacity: 0.85; }
.stApp .stAppHeader { background: PAPER; }  /* a page that is scrolled, unlike the others */
</style>"""


def style(theme: Theme) -> str:
    """The look of the page."""
    return STYLE.replace("PAPER", ink(theme).paper)


def page(*pieces: str) -> str:
    """Pieces of the reference, in its style."""
    return f'<div class="reference">{"".join(pieces)}</div>'


def lead(section: Section) -> str:
    """What stands under the title of a chapter."""
    keys = f'<p class="quiet">{typeset(KEYS)}</p>' if any(found.fields for found in section.entries) else ""
    return f'<p class="lead">{typeset(section.lead)}</p>{keys}'


def entry(found: Entry) -> str:
    """All of an entry but its heading."""
    pieces = [_choice(found), _doc(found.doc), facts(found.doc.facts)]
    pieces += [_fields(found.fields), *(_list(*each) for each in found.lists)]
    return page(*pieces)


def _choice(found: Entry) -> str:
    standard = ", the default" if found.standard else ""
    return f'<p class="choice"><code>{found.choice}</code>{standard}</p>' if found.choice else ""


def _doc(doc: Doc) -> str:
    pieces = [f"<p>{typeset(doc.lead)}</p>" if doc.lead else ""]
    pieces += [_equation(part) if isinstance(part, tuple) else f"<p>{_sentence(part)}</p>" for part in doc.body]
    return "".join(pieces)


def _equation(lines: Iterable[str]) -> str:
    """Equations, broken between lines and between those that share one."""
    each = ("".join(f"<span>{typeset(part)}</span>" for part in line.split("   ")) for line in lines)
    return f'<div class="equation">{"<br>".join(each)}</div>'


def facts(found: Mapping[str, str]) -> str:
    """Cost, bias, source and the like, one a line."""
    rows = "".join(f"<dt>{name}</dt><dd>{_sentence(said)}</dd>" for name, said in found.items())
    return f"<dl>{rows}</dl>" if rows else ""


def _sentence(said: str) -> str:
    """A text that begins as a sentence does; a letter that stands alone is mathematics and stays."""
    return typeset(said[0].upper() + said[1:] if re.match(r"[a-z]{2,}\b", said) else said)


def _fields(found: Iterable[Setting]) -> str:
    rows = [(f"{s.label}", f"<code>{s.key}</code>", text(s.default), s.allowed, typeset(s.description)) for s in found]
    return table(("Field", "Key", "Default", "Allowed", "What it does"), rows)


def quantities(found: Iterable[Quantity]) -> str:
    """The table of variables."""
    rows = [
        ("<br>".join(f"<code>{name}</code>" for name in q.names), ", ".join(q.dims), _sentence(q.meaning),
         "<br>".join(typeset(unit) for unit in q.units.values()))
        for q in found
    ]  # fmt: skip
    return table(("Variable", "Over", "What it is", "Unit"), rows)


def table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of HTML whose first column names the rows; empty where there are none."""
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for name, *cells in rows
    )
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>' if body else ""
    )


def _list(head: str, said: Iterable[Said]) -> str:
    items = "".join(
        f'<li>{typeset(words)} <span class="quiet">({", ".join(map(_source, sources))})</span></li>'
        for words, sources in said
    )
    return f"<p><strong>{head}</strong></p><ul>{items}</ul>"


def _source(source: str) -> str:
    where = address_of(source)
    return f'<a href="{where}" target="_blank" rel="noopener">{typeset(source)}</a>' if where else typeset(source)


def contents(entries: Iterable[Entry]) -> str:
    """Links to the entries of a chapter, and what the letters stand for."""
    links = "".join(f'<a href="#{found.kind}">{typeset(found.title)}</a>' for found in entries)
    links = f"<h2>In this chapter</h2>{links}" if links else ""
    letters = "".join(f"<p><strong>{letter}</strong> {meaning}</p>" for letter, meaning in SYMBOLS)
    return f'<nav class="contents" aria-label="Contents">{links}<h2>Letters</h2>{letters}</nav>'
