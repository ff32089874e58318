"""The benchmarks: `python -m benchmarks` runs all and writes RESULTS.md, `python -m benchmarks NAME …` prints some."""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

import torch

from benchmarks.agreement import DisagreementError
from benchmarks.machine import ROOT, machine
from benchmarks.report import EXPLAINED, Section, notes, report, table

# Name → module and function; imported when run, for processes that a sweep starts import this module again.
PARTS = {
    "steps": ("steps", "run"),
    "first": ("first", "run"),
    "lengths": ("growth", "lengths"),
    "hidden": ("growth", "hidden_sizes"),
    "models": ("growth", "models"),
    "memory": ("memory", "run"),
    "sweeps": ("sweeps", "run"),
    "instruments": ("instruments", "run"),
    "page": ("page", "run"),
    "cuda": ("cuda", "run"),
}
RESULTS = ROOT / "benchmarks" / "RESULTS.md"


def run(name: str) -> Section:
    """One part."""
    module, function = PARTS[name]
    section: Section = getattr(import_module(f"benchmarks.{module}"), function)()
    return section


def main() -> None:
    """Run the parts named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to run: {', '.join(PARTS)}; all if left out")
    parser.add_argument("--to", metavar="FILE", type=Path, help="write the report there; RESULTS.md when all are run")
    given = parser.parse_args()
    names = given.names
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"{unknown[0]!r} is no benchmark; give some of {', '.join(PARTS)}.")
    torch.set_num_threads(1)
    facts, start, sections = machine(), time.monotonic(), []
    for name in names or PARTS:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            sections.append(run(name))
        except DisagreementError as error:
            sys.exit(f"{name}: {error}")
    print(table(sections), EXPLAINED, *notes(sections), sep="\n")
    if to := given.to or (None if names else RESULTS):
        facts = (*facts, f"the run took {time.monotonic() - start:.0f} s")
        to.write_text(report(sections, facts), encoding="utf-8")
        print(f"written to {to}.", file=sys.stderr)


if __name__ == "__main__":
    main()
