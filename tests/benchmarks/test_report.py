"""The table, its targets, and what the command does with them."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import first, growth, instruments, page, steps, sweeps
from benchmarks.agreement import DisagreementError
from benchmarks.contestants import KINDS
from benchmarks.machine import machine
from benchmarks.report import Line, Section, report, table
from benchmarks.targets import TARGETS
from benchmarks.timing import quartiles, ratios, side_by_side

MEASURE = "lstm: recorded step ÷ JAX scan with recording"


def cells(text: str, measure: str) -> list[str]:
    row = next(line for line in text.splitlines() if measure in line)
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_line_has_median_quartiles_bounds_and_verdict() -> None:
    text = table([Section("steps", [Line(MEASURE, [1.4, 1.0, 1.2, 1.1, 1.3], took=0.0081, compile=1.25)])])
    assert cells(text, MEASURE) == [MEASURE, "1.2", "1.1–1.3", "1.3", "1", "must", "8.1 ms", "1.25 s"]
    assert len({len(line) for line in text.splitlines()}) == 1, "columns are aligned"


@pytest.mark.parametrize(("value", "verdict"), [(0.8, "aim"), (1.0, "aim"), (1.3, "must"), (1.31, "no")])
def test_smaller_is_better(value: float, verdict: str) -> None:
    assert TARGETS[MEASURE].verdict(value) == verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.95, "aim"), (0.8, "must"), (0.5, "no"), (float("nan"), "no")])
def test_larger_is_better_for_the_speed_with_the_page(value: float, verdict: str) -> None:
    text = table([Section("page", [Line(page.STREAMED, [value])])])
    assert cells(text, page.STREAMED)[3:6] == ["≥ 0.75", "≥ 0.9", verdict]


def test_every_target_belongs_to_a_measure() -> None:
    opponents = [*steps.MAKERS, steps.SCAN]
    made = {steps.measure(kind, opponent) for kind in KINDS for opponent in opponents}
    made |= {growth.measure(kind, length) for kind in KINDS for length in growth.LENGTHS[1:]}
    made |= {instruments.measure(*case) for case in instruments.CASES} | {instruments.CREDIT, instruments.BIAS}
    made |= {first.NAME, sweeps.NAME, page.STARTED, page.ANSWERED, page.STREAMED}
    assert set(TARGETS) <= made
    assert len(TARGETS) == 22


def test_the_report_names_the_machine_and_says_each_note_once() -> None:
    sections = [Section("a", [Line("x", [1.0])], ("left out.",)), Section("b", (), ("left out.",))]
    text = report(sections, machine())
    assert text.count("left out.") == 1
    for word in ("cores", "GiB", "Python 3", "torch 2", "commit", "load", "must", "aim", "never by hand"):
        assert word in text
    assert "**b**" not in text, "a section without lines is not in the table"


def test_quartiles_are_inclusive() -> None:
    assert quartiles([4.0, 1.0, 3.0, 2.0, 5.0]) == (2.0, 4.0)
    assert quartiles([7.0]) == (7.0, 7.0)


def test_contestants_take_turns() -> None:
    calls: list[str] = []
    times = side_by_side({name: lambda name=name: calls.append(name) for name in "abc"}, rounds=3, block=0.0)
    assert "".join(calls) == "aabbcc" + "abc" + "bca" + "cab"
    assert all(len(seconds) == 3 and min(seconds) >= 0 for seconds in times.values())
    assert ratios({"a": [2.0, 6.0], "b": [1.0, 2.0]}, "a", "b") == (2.0, 3.0)


def test_a_full_run_is_written_and_a_part_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "run", lambda name: Section(name, [Line("measured", [0.5])]))
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "steps"])
    command.main()
    assert not command.RESULTS.exists()
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    command.main()
    assert cells(command.RESULTS.read_text(encoding="utf-8"), "measured")[1] == "0.5"


def test_a_disagreement_ends_the_run_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def disagree(name: str) -> Section:
        raise DisagreementError("loop and fused disagree; nothing was timed.")

    monkeypatch.setattr(command, "run", disagree)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    with pytest.raises(SystemExit, match=r"^steps: loop and fused disagree; nothing was timed\.$"):
        command.main()
    assert not command.RESULTS.exists()


def test_every_part_is_there() -> None:
    for module, function in command.PARTS.values():
        assert callable(getattr(import_module(f"benchmarks.{module}"), function))


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "stpes"])
    with pytest.raises(SystemExit):
        command.main()
    assert "'stpes' is no benchmark; give some of steps, first" in capsys.readouterr().err
