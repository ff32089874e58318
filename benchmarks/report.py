"""What was found, as one table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.targets import TARGETS
from benchmarks.timing import median, quartiles

HEAD = ("measure", "median", "quartiles", "must", "aim", "reached", "took", "compile")
EXPLAINED = (
    "Each figure is a ratio of two times taken in turns in this run, unless a unit is given; smaller is better unless "
    "a bound says ≥. `took` is the median of what stands before the ÷, `compile` what JAX needs before its first step."
)


@dataclass(frozen=True)
class Line:
    """One measure.

    Attributes:
        measure: its name, by which its target is found.
        values: one figure for each round.
        unit: of the values; empty for a ratio.
        took: median seconds of what the ratio is of.
        compile: seconds that JAX compiled.
    """

    measure: str
    values: Sequence[float]
    unit: str = ""
    took: float | None = None
    compile: float | None = None

    def cells(self) -> tuple[str, ...]:
        """The columns of the table."""
        unit, target = f" {self.unit}" if self.unit else "", TARGETS.get(self.measure)
        lower, upper = quartiles(self.values)
        spread = f"{number(lower)}–{number(upper)}" if len(self.values) > 1 else ""
        bounds = ("", "", "")
        if target is not None:
            sign = "≥ " if target.larger else ""
            bounds = (f"{sign}{target.must:g}", f"{sign}{target.aim:g}", target.verdict(median(self.values)))
        return (
            self.measure, f"{number(median(self.values))}{unit}", spread, *bounds, _seconds(self.took),
            _seconds(self.compile),
        )  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The lines of one subject, under the conditions that hold for them; notes say what was left out and why."""

    title: str
    lines: Sequence[Line] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def table(sections: Sequence[Section]) -> str:
    """All sections as one Markdown table, columns aligned for terminals."""
    rows: list[tuple[str, ...]] = [HEAD]
    for section in sections:
        if section.lines:
            rows += [(f"**{section.title}**", *[""] * (len(HEAD) - 1)), *(line.cells() for line in section.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    text = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def report(sections: Sequence[Section], machine: Sequence[str]) -> str:
    """The file RESULTS.md."""
    parts = [
        "# Benchmarks",
        "Written by `make bench`, never by hand.",
        "\n".join(f"- {fact}" for fact in machine),
        EXPLAINED,
        table(sections),
        "\n".join(f"- {note}" for note in notes(sections)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def notes(sections: Sequence[Section]) -> list[str]:
    """What all sections have to say, each sentence once."""
    return list(dict.fromkeys(note for section in sections for note in section.notes))


def number(value: float) -> str:
    """Three significant digits, without an exponent for sizes that occur."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{number(value)} s" if value >= 1 else f"{number(1000 * value)} ms"
