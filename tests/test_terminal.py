"""What the progress bar says: the loss, and chance where there is one to compare with."""

import sys
from io import StringIO
from math import isnan, nan
from typing import Any

import numpy as np
import pytest
from invoking import TINY, invoke

from explorer import Experiment, measure
from explorer.recording import Row, chance_of
from explorer.terminal import Progress, share_done


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_instruments_show_the_share_done_in_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with share_done() as told:
        for share in (0.0, 0.5, 0.99):
            told(share)
    assert "50%" in sys.stderr.getvalue() and "99%" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stderr", quiet := StringIO())
    with share_done() as told:
        told(0.5)
    assert "%" not in quiet.getvalue()


SEGMENTS = ["--truncation", "window", "--k1", "4", "--k2", "4", "--updates", "segment"]


class Bar:
    hidden = False

    def __init__(self) -> None:
        self.words = ""

    def update(self, steps: int, words: str) -> None:
        self.words = words


def words(monkeypatch: pytest.MonkeyPatch, row: Row, *arguments: Any) -> str:
    monkeypatch.setattr("explorer.terminal.REDRAW", 0.0)
    monkeypatch.setenv("COLUMNS", "200")
    progress, bar = Progress(5), Bar()
    monkeypatch.setattr(progress, "_bar", bar)
    progress.show(row, *arguments)
    return bar.words


def test_chance_is_named_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row({"loss": 0.5, "asked": 1.0}, {"grad_h": np.ones(3)})
    assert words(monkeypatch, row, 0.25) == "loss 0.5 (chance 0.25)"
    assert words(monkeypatch, row, nan) == "loss 0.5"
    assert words(monkeypatch, row, 0.25, "run 1 of 2") == "loss 0.5 (chance 0.25); run 1 of 2"
    assert words(monkeypatch, row, nan, "run 1 of 2") == "loss 0.5; run 1 of 2"


@pytest.mark.parametrize(
    ("flags", "compared"),
    [(["--task", "copying", *SEGMENTS], False), (SEGMENTS, True), (["--task", "copying"], True)],
)
@pytest.mark.parametrize("command", ["train", "sweep"])
def test_the_bar_follows_the_rule_of_the_dataset(
    command: str, flags: list[str], compared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    class Seen(Progress):
        def show(self, row: Row, chance: float, run: str = "") -> None:
            seen.append(chance)

    monkeypatch.setattr("explorer.commands.Progress", Seen)
    over = ["--over", "seed=0,1"] if command == "sweep" else []
    assert invoke(command, *TINY, "--steps", "3", *flags, *over).exit_code == 0
    fields = dict(zip([flag.removeprefix("--") for flag in flags[::2]], flags[1::2], strict=True))
    experiment = Experiment().changed(**fields, length=8, hidden_size=3, batch_size=2, device="cpu")
    expected = measure(experiment).attrs["chance_loss"]
    assert len(seen) == (6 if over else 3)
    np.testing.assert_array_equal(seen, expected)
    assert isnan(expected) == (not compared)
    assert chance_of(experiment)[1] == (experiment.task.chance[1] if compared else "")
