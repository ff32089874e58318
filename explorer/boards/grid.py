"""The board's grid: one CSS template as the page writes it, a stacked one for narrow windows derived from it."""

import re
from dataclasses import dataclass
from itertools import pairwise

_AREA = r"(?:[a-zA-Z][\w-]*|\.)"
_ROW = re.compile(rf'"\s*({_AREA}(?:\s+{_AREA})*)\s*"\s*(\d+)px\s*')
_CHART = 100  # px: rows from here on hold charts, lower ones a line of text or the scrubber
_COLUMNS = re.compile(r"/\s*((?:\d*\.?\d+(?:fr|px|%)\s*)+)")


@dataclass(frozen=True)
class Grid:
    """Two `grid-template` values and what they contain.

    Attributes:
        wide: The template as it was given.
        filling: The same for a page of given height: rows of charts share what the others leave.
        narrow: The first column's areas at full width in their order, then the others in two columns.
        names: The areas, without ".".
        above_scrub: The area just above "scrub", whose plot the scrubber is aligned with; "" where there is none.
    """

    wide: str
    filling: str
    narrow: str
    names: tuple[str, ...]
    above_scrub: str


def parse_grid(areas: str) -> Grid:
    """Read a CSS `grid-template` whose rows have heights in px, so that its space is known before a chart is drawn."""
    rows: list[tuple[list[str], int]] = []
    rest = areas.strip()
    while found := _ROW.match(rest):
        rows.append((found[1].split(), int(found[2])))
        rest = rest[found.end() :]
    columns = _COLUMNS.fullmatch(rest)
    if not rows or columns is None or len({len(names) for names, _ in rows}) > 1:
        raise ValueError(f'areas are rows such as "a b" 210px, then / and the column widths, not {areas!r}')
    wide = " ".join(f'"{" ".join(names)}" {height}px' for names, height in rows)
    heights = _heights(rows)
    shares = " ".join(
        f'"{" ".join(names)}" {f"{height}fr" if height >= _CHART else f"{height / 16:g}rem"}' for names, height in rows
    )
    return Grid(
        wide=f"{wide} / {columns[1].strip()}",
        filling=f"{shares} / {columns[1].strip()}",
        narrow=_stacked(rows, heights),
        names=tuple(heights),
        above_scrub=_above_scrub([names for names, _ in rows]),
    )


def _heights(rows: list[tuple[list[str], int]]) -> dict[str, int]:
    heights: dict[str, int] = {}
    for names, height in rows:
        for name in dict.fromkeys(names):
            heights[name] = heights.get(name, 0) + height
    heights.pop(".", None)
    return heights


def _stacked(rows: list[tuple[list[str], int]], heights: dict[str, int]) -> str:
    first = [name for name in dict.fromkeys(names[0] for names, _ in rows) if name in heights]
    others = [name for name in heights if name not in first]
    lines = [f'"{name} {name}" {heights[name]}px' for name in first]
    # An odd one out at the end takes both columns.
    for left, right in zip(others[::2], [*others[1::2], *others[-1:]], strict=False):
        lines.append(f'"{left} {right}" {max(heights[left], heights[right])}px')
    return " ".join(lines) + " / 1fr 1fr"


def _above_scrub(rows: list[list[str]]) -> str:
    for upper, lower in pairwise(rows):
        for name, below in zip(upper, lower, strict=True):
            if below == "scrub" and name not in ("scrub", "."):
                return name
    return ""
