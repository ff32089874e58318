"""The instruments on the command line: the files are the Python results, the tables their numbers."""

import json
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from invoking import SMALL, TINY, invoke, opened, refused

from explorer import Experiment, cliff, credit_matrix, descent, influence_balancing, lags, truncation_bias

EXPERIMENT = Experiment.model_validate(SMALL)
RESULTS: dict[str, tuple[list[str], Any]] = {
    "credit": ([], lambda: credit_matrix(EXPERIMENT)),
    "lags": ([], lambda: lags(EXPERIMENT)),
    "bias": (["--lengths", "2,5", "--at", "0,3"], lambda: truncation_bias(EXPERIMENT, [2, 5], (0, 3))),
}


@pytest.mark.parametrize("command", RESULTS)
def test_files_hold_exactly_the_python_result(command: str, tmp_path: Path) -> None:
    (words, result), config = RESULTS[command], tmp_path / "small.json"
    config.write_text(json.dumps(SMALL))
    for name in ("o.nc", "o.csv"):
        done = invoke(command, "--config", config, *words, "--out", tmp_path / name)
        assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    found, expected = opened(tmp_path / "o.nc"), result()
    assert max(float(values.max()) for values in expected.data_vars.values()) > 0
    xr.testing.assert_equal(found, expected)
    assert found.attrs == expected.attrs
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 1 + len(expected.to_dataframe())
    assert json.loads((tmp_path / "o.experiment.json").read_text()) == json.loads(expected.attrs["experiment"])


def test_influence_has_no_experiment_to_lay_beside(tmp_path: Path) -> None:
    for name in ("o.nc", "o.csv"):
        assert invoke("influence", "--lengths", "1,10,100", "--out", tmp_path / name).exit_code == 0
    xr.testing.assert_equal(opened(tmp_path / "o.nc"), influence_balancing([1, 10, 100]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.csv", "o.nc"]


def test_the_cliff_and_a_path_on_it_are_the_python_results(tmp_path: Path) -> None:
    window, how = ["--w", "4.5,5", "--b", "-2.5,-2.4", "--resolution", 4, "--steps", 20], ["--threshold", 0.5]
    assert invoke("cliff", *window, "--out", tmp_path / "c.nc").exit_code == 0
    assert invoke("descent", "--start", "5,-2.6", "--updates", 3, *how, "--out", tmp_path / "d.nc").exit_code == 0
    xr.testing.assert_equal(opened(tmp_path / "c.nc"), cliff((4.5, 5), (-2.5, -2.4), 4, 20))
    xr.testing.assert_equal(opened(tmp_path / "d.nc"), descent((5, -2.6), threshold=0.5, updates=3))


@pytest.mark.parametrize(
    ("words", "rows", "row"),
    [
        (["credit", *TINY, "--task", "copying"], 10, "s = 28"),
        (["lags", *TINY], 7, "7"),
        (["bias", *TINY, "--lengths", "2,8"], 5, "0  sliding       8       1           1              0"),
        (["influence", "--lengths", "10,100"], 6, "every      10     5.5  diverges"),
        (["cliff", "--resolution", "5"], 7, "w = 4    0.41       0.38"),
        (["descent", "--updates", "2"], 5, "0      5    −2.2  0.046  0.074"),
    ],
)
def test_without_a_file_there_is_a_short_table(words: list[str], rows: int, row: str) -> None:
    done = invoke(*words)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == rows
    assert any(line.strip().startswith(row) for line in lines)


def test_a_task_with_one_loss_has_one_row_of_credit() -> None:
    title, head, *rows = invoke("credit", *TINY).stdout.splitlines()
    assert "losses s down" in title and head.split() == [w for t in range(1, 9) for w in ("t", "=", str(t))]
    assert len(rows) == 1 and float(rows[0].split()[-1]) > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("bias --lengths 5,,6", "--lengths 5,,6: write integers with commas between them, such as 5,10,20."),
        ("bias --lengths 0", "lengths: 0 is not allowed; give integers from 1 to 10000."),
        ("bias --lengths 5 --at x", "--at x: write integers with commas"),
        ("bias --lengths 5 --at 501", "at: 501 is not allowed; give integers from 0 to 500."),
        ("influence --lengths 3,3", "lengths: 3 is given twice."),
        ("influence --lengths 3 --out o.txt", "o.txt: cannot tell the format"),
        ("cliff --w 4,x", "--w 4,x: write two numbers with a comma between them, such as 4,6."),
        ("cliff --resolution 1", "resolution: 1 is not allowed; give an integer from 2 to 1001."),
        ("descent --start 5", "start: [5.0] is not allowed; give two numbers from −100 to 100."),
        ("descent --threshold 0", "threshold: 0.0 is not allowed; give a number from 1e-06 to 1e+06 or None."),
        ("credit --cell lsmt", "did you mean lstm?"),
        ("lags --k1 3", "truncation.k1: full has no such field"),
    ],
)
def test_bad_words_end_in_one_sentence(words: str, sentence: str) -> None:
    refused(invoke(*words.split()), sentence)
