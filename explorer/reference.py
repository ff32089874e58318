"""The reference: every part and every measured quantity, read from its own docstring and fields.

A new cell, task, scheme or rule stands in it as soon as it stands in its union.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from explorer import dataset, frameworks, instruments
from explorer.cells import weights as recurrent_weights
from explorer.docstrings import Doc, doc_of, parsed
from explorer.experiment import Experiment
from explorer.findings.facts import CELL_NAMES
from explorer.findings.published_sentences import published_said
from explorer.frameworks import Framework, Said
from explorer.parts import Part
from explorer.presets import PRESETS, Preset
from explorer.settings import Setting, members, settings_of

TITLES = CELL_NAMES | {
    "adam": "Adam", "gaussian": "Gaussian", "none": "No clipping", "norm": "By norm", "pytorch": "PyTorch's default",
    "rmsprop": "RMSprop", "rtrl": "Real-time recurrent learning (RTRL)", "sgd": "SGD", "value": "By value",
}  # fmt: skip
SYMBOLS = (
    ("T", "time steps"), ("B", "sequences in a batch"), ("D", "inputs"), ("H", "hidden units"), ("C", "outputs"),
    ("G", "gates"), ("t", "step of a state"), ("s", "step of a loss"), ("L", "loss"),
    ("θ", "all parameters"), ("η", "learning rate"), ("g", "gradient of full BPTT"), ("ĝ", "what a scheme has of it"),
)  # fmt: skip
_VARIABLE = re.compile(r"    (\w+(?:, \w+)*) \[([^]]+)\] +(.*)")


@dataclass(frozen=True)
class Entry:
    """One thing that the reference describes.

    Attributes:
        kind: its name in files, links, flags and Python, or short name.
        title: its name for people.
        doc: what its docstring says.
        choice: the setting and value that choose it, such as `cell=lstm`; empty where nothing does.
        standard: whether it is what an experiment takes where nothing is said.
        fields: its own settings; those of parts in it have entries of their own.
        lists: further lists of statements, by heading, each with sources.
    """

    kind: str
    title: str
    doc: Doc
    choice: str = ""
    standard: bool = False
    fields: tuple[Setting, ...] = ()
    lists: tuple[tuple[str, tuple[Said, ...]], ...] = ()


@dataclass(frozen=True)
class Quantity:
    """Variables of a Dataset.

    Attributes:
        names: as in the Dataset.
        dims: what they go over.
        units: name → unit.
        meaning: what they are.
    """

    names: tuple[str, ...]
    dims: tuple[str, ...]
    units: dict[str, str]
    meaning: str


@dataclass(frozen=True)
class Section:
    """A chapter.

    Attributes:
        name: in links.
        title: for people.
        lead: what is chosen here.
        entries: one after another.
        quantities: a table after the lead; empty for most.
        facts: what is said of all of the table, such as its cost.
    """

    name: str
    title: str
    lead: str
    entries: tuple[Entry, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def sections() -> tuple[Section, ...]:
    """All chapters in the order in which they are read."""
    return tuple(make() for make in _CHAPTERS)


def _kinds(name: str, title: str) -> Callable[[], Section]:
    """A chapter about the kinds that a field of an experiment allows."""

    def make() -> Section:
        info = Experiment.model_fields[name]
        found = (_part(part, name, (name,), standard=info.default.kind == kind) for kind, part in members(info).items())
        return Section(name, title, info.description or "", tuple(found))

    return make


def _part(part: type[Part], key: str, path: tuple[str, ...], *, standard: bool = False) -> Entry:
    kind = part.model_fields["kind"].default
    deep = len(path) + 1
    own = (
        s for s in settings_of(part, path) if len(s.path) == deep or (s.path[-1] == "kind" and len(s.path) == deep + 1)
    )
    return Entry(kind, title_of(kind), doc_of(part), f"{key}={kind}", standard, tuple(own))


def title_of(kind: str) -> str:
    """A kind for people, as a heading."""
    title = TITLES.get(kind, kind.replace("_", " "))
    return title[0].upper() + title[1:]


def _starts() -> Section:
    """How weights and biases start, of all cells."""
    cells = members(Experiment.model_fields["cell"])
    entries: list[Entry] = []
    for part_of, what in (("weights", "Recurrent weights"), ("bias", "Biases")):
        kinds = {kind: part for cell in cells.values() for kind, part in members(cell.model_fields[part_of]).items()}
        for kind, part in kinds.items():
            having = [c for c, cell in cells.items() if kind in members(cell.model_fields[part_of])]
            usual = [c for c in having if cells[c].model_fields[part_of].default.kind == kind]
            said = f"For {_names(having)}" if len(having) < len(cells) else "For every cell"
            said += f"; the default of {_names(usual)}." if usual else "."
            found = _part(part, part_of, ("cell", part_of))
            doc = Doc(found.doc.lead, (*found.doc.body, said), found.doc.facts)
            title = f"{what}: {TITLES.get(kind, kind)}"
            entries.append(Entry(f"{part_of}-{kind}", title, doc, found.choice, False, found.fields))
    doc = doc_of(recurrent_weights)
    return Section("start", "Weights and biases", " ".join([doc.lead, *map(str, doc.body)]), tuple(entries))


def _names(cells: list[str]) -> str:
    return ", ".join(CELL_NAMES.get(cell, cell) for cell in cells)


def _run() -> Section:
    """The fields of an experiment that are no parts."""
    own = tuple(s for s in settings_of(Experiment) if len(s.path) == 1)
    entry = Entry("run", "Sizes, seed, device", Doc("", (), {}), fields=own)
    return Section("run", "The run", doc_of(Experiment).lead, (entry,))


def quantities() -> tuple[Quantity, ...]:
    """The variables that runs and measurements have, as `explorer.dataset` lists them."""
    return tuple(_variables(dataset.__doc__ or ""))


def _variables(text: str) -> Iterator[Quantity]:
    found: list[list[str]] = []
    for line in text.splitlines():
        row = _VARIABLE.fullmatch(line)
        if row:
            found.append([row[1], row[2], row[3]])
        elif found and line.startswith(" " * 5):
            found[-1][2] += f" {line.strip()}"
    for names, dims, meaning in found:
        each = tuple(names.split(", "))
        yield Quantity(each, tuple(dims.split(", ")), {name: dataset.UNITS[name] for name in each}, meaning)


def _measured() -> Section:
    text = "\n".join(line for line in (dataset.__doc__ or "").splitlines() if not line.startswith("    "))
    doc = parsed(text)
    lead = f"{doc.lead} {' '.join(str(part) for part in doc.body)}"
    return Section("quantities", "Measured quantities", lead, (), quantities(), doc.facts)


def _instruments() -> Section:
    found = [getattr(instruments, name) for name in instruments.__all__ if not name.endswith("Error")]
    entries = tuple(_instrument(function) for function in found)
    return Section("instruments", "Instruments", doc_of(instruments).lead, entries)


def _instrument(function: Any) -> Entry:
    name, doc = function.__name__, doc_of(function)
    asked = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    told = Doc(doc.lead, doc.body, {"Result": doc.returns} | doc.facts)
    return Entry(name, name.replace("_", " ").capitalize(), told, f"explorer.{name}({', '.join(asked)})")


def _presets() -> Section:
    entries = tuple(_preset(preset) for preset in PRESETS if preset.published is not None or preset.source)
    lead = (
        "Those of the Explore page's presets whose setting, or a number to compare with, is somebody's. The page shows "
        "the number beside what is measured; `python -m explorer presets --measure` does so for all."
    )
    return Section("presets", "Presets", lead, entries)


def _preset(preset: Preset) -> Entry:
    found, name = preset.published, re.sub(r"\W+", "-", preset.name.lower()).strip("-")
    said = {"Published": f"{published_said(found)}. {found.note}".strip()} if found else {}
    told = said | ({"Setting": f"{preset.source}."} if preset.source else {})
    link = "&".join(f"{key}={value}" for key, value in preset.fields.items())
    return Entry(name, preset.name, Doc("", (), told), f"?{link}" if link else "")


def _frameworks() -> Section:
    entries = tuple(_framework(found) for found in frameworks.FRAMEWORKS)
    return Section("frameworks", "Frameworks", doc_of(frameworks).lead, entries)


def _framework(found: Framework) -> Entry:
    lists = (("Retired" if found.retired else "What it hides", found.hides), ("What it shows", found.shows))
    return Entry(found.kind, found.title, Doc(found.lead, (), {}), lists=tuple((h, s) for h, s in lists if s))


_CHAPTERS: tuple[Callable[[], Section], ...] = (
    _kinds("cell", "Cells"), _starts, _kinds("task", "Tasks"), _kinds("truncation", "Truncation"),
    _kinds("clipping", "Clipping"), _kinds("optimizer", "Optimisers"), _run, _presets, _measured, _instruments,
    _frameworks,
)  # fmt: skip
