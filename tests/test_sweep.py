"""`sweep`: names and labels of the axes, members equal to runs alone, padding, executors, stopping, refusals."""

import json
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from explorer import Experiment, ExperimentError, SweepError, Training, sweep, train
from explorer.building import DeviceError
from explorer.combination import names
from explorer.grid import Grid
from explorer.sweep import runs_here

SMALL: dict[str, Any] = {
    "task": {"kind": "adding", "length": 10},
    "cell": {"kind": "tanh", "hidden_size": 4},
    "batch_size": 3,
    "steps": 4,
    "dtype": "float64",
    "device": "cpu",
}
WINDOW = {"kind": "window", "k1": 2, "k2": 4}
DIVERGES = {
    "cell": {"kind": "relu", "hidden_size": 8},
    "optimizer": {"kind": "sgd", "learning_rate": 100.0},
    "clipping": {"kind": "none"},
    "dtype": "float32",
    "steps": 20,
}


def config(**fields: Any) -> Experiment:
    return Experiment.model_validate({**SMALL, **fields})


def same(member: xr.Dataset, alone: xr.Dataset) -> None:
    """A member of a grid is the run alone, then nan; nothing compared is trivially zero."""
    assert np.nanmax(alone["grad_h"].values) > 1e-4
    steps, time = alone.sizes["step"], alone.sizes["time"]
    for name, values in alone.data_vars.items():
        cut = {"step": slice(steps), "time": slice(time)} if "time" in values.dims else {"step": slice(steps)}
        found = member[name].isel(cut)
        np.testing.assert_allclose(found.values, values.values, rtol=1e-8, atol=0, err_msg=str(name))
        assert np.isnan(member[name].values).sum() == np.isnan(values.values).sum() + member[name].size - values.size
    assert member["status"].item() == alone.attrs["status"]
    assert member["recorded"].item() == steps


def test_members_are_the_runs_alone_and_axes_are_named_by_their_fields() -> None:
    over = {"cell.kind": ["tanh", "lstm"], "truncation.k2": [3, 5], "seed": [0, 7]}
    grid = sweep(config(truncation=WINDOW), over)
    assert grid["grad_h"].dims == ("cell", "k2", "seed", "step", "time")
    assert grid["loss"].dims == ("cell", "k2", "seed", "step")
    assert [grid[name].values.tolist() for name in ("cell", "k2", "seed")] == list(over.values())
    assert grid["step"].values.tolist() == [0, 1, 2, 3]
    assert grid["time"].values.tolist() == list(range(1, 11))
    for cell, k2, seed in (("tanh", 3, 0), ("lstm", 5, 7), ("lstm", 3, 7)):
        truncation = {**WINDOW, "k2": k2}
        alone = train(config(cell={"kind": cell, "hidden_size": 4}, truncation=truncation, seed=seed))
        assert (alone["grad_h"].values == 0).any(), "nothing is cut, so k2 would not show"
        same(grid.sel(cell=cell, k2=k2, seed=seed), alone)
    assert np.isnan(grid["grad_c"].sel(cell="tanh")).all()
    assert grid.attrs["status"] == "finished"
    assert json.loads(grid.attrs["over"]) == over
    assert Experiment.model_validate_json(grid.attrs["experiment"]) == config(truncation=WINDOW)
    assert json.loads(grid.attrs["question"]) == [[10, 10]]


def test_a_whole_part_is_labelled_by_its_kind_and_the_fields_given() -> None:
    parts = [{"kind": "full"}, {"k2": 5, "k1": 5, "kind": "window"}, {"kind": "window", "k1": 2}]
    base = config(truncation={"kind": "window", "k1": 3, "k2": 9})
    grid = sweep(base, {"truncation": parts})
    assert grid["truncation"].values.tolist() == ["full", "window(k1=5, k2=5)", "window(k1=2)"]
    for label, part in zip(grid["truncation"].values, parts, strict=True):
        same(grid.sel(truncation=label), train(config(truncation=part)))  # what is left out has its default: k2 = 20
    assert list(parts[1]) == ["k2", "k1", "kind"], "the caller's object was changed"


def test_parts_within_parts_words_among_parts_and_inner_paths() -> None:
    cells = [{"kind": "lstm", "hidden_size": 3, "bias": {"kind": "forget", "forget_bias": 1}}, "gru"]
    grid = Grid(config(), {"cell": cells, "cell.weights": [{"kind": "gaussian", "gain": 2}, "identity"]})
    assert grid.axes == {
        "cell": ["lstm(hidden_size=3, bias=forget(forget_bias=1))", "gru"],
        "weights": ["gaussian(gain=2)", "identity"],
    }
    first, last = grid.experiments[0].cell, grid.experiments[-1].cell
    assert (first.kind, first.hidden_size, first.bias.forget_bias, first.weights.gain) == ("lstm", 3, 1, 2)
    assert (last.kind, last.weights.kind) == ("gru", "identity")
    assert grid.called(0) == "cell = lstm(hidden_size=3, bias=forget(forget_bias=1)), weights = gaussian(gain=2)"


def test_names_are_whole_paths_where_they_are_ambiguous() -> None:
    assert names(["truncation.k2", "cell.kind", "cell.weights.kind", "seed"]) == ["k2", "cell", "weights", "seed"]
    assert names(["cell", "cell.kind", "seed"]) == ["cell", "cell.kind", "seed"]
    assert names(["cell.weights.gain", "cell.bias.gain"]) == ["cell.weights.gain", "cell.bias.gain"]
    grid = Grid(config(), {"cell": [{"kind": "tanh"}], "cell.kind": ["relu", "gru"]})
    assert list(grid.axes) == ["cell", "cell.kind"]
    assert [e.cell.kind for e in grid.experiments] == ["relu", "gru"]


def test_keys_stand_for_paths_and_words_for_kinds() -> None:
    short = Grid(config(truncation=WINDOW), {"k2": [4], "cell": ["gru"], "weights": ["identity"]})
    assert list(short.over) == ["truncation.k2", "cell.kind", "cell.weights.kind"]
    assert list(short.axes) == ["k2", "cell", "weights"]


def test_a_change_of_kind_keeps_what_the_new_kind_has() -> None:
    base = config(cell={"kind": "lstm", "hidden_size": 6, "bias": {"kind": "forget", "forget_bias": 1.0}})
    tanh = Grid(base, {"cell.kind": ["tanh"]}).experiments[0]
    assert tanh == config(cell={"kind": "tanh", "hidden_size": 6})


def test_shorter_runs_and_sequences_are_padded_with_nan() -> None:
    grid = sweep(config(), {"task.length": [6, 12], "steps": [2, 5]})
    assert grid["grad_h"].shape == (2, 2, 5, 12)
    for length in (6, 12):
        for steps in (2, 5):
            alone = train(config(task={"kind": "adding", "length": length}, steps=steps))
            same(grid.sel(length=length, steps=steps), alone)
    assert grid["recorded"].values.tolist() == [[2, 5], [2, 5]]
    assert "signal" not in grid.attrs, "differs between the runs"


def test_diverged_runs_are_kept_and_marked(tmp_path: Any) -> None:
    grid = sweep(config(**DIVERGES), {"cell.kind": ["relu", "tanh"], "seed": [0, 1]})
    assert grid["status"].values.tolist() == [["diverged", "diverged"], ["finished", "finished"]]
    assert grid.attrs["status"] == "diverged"
    alone = train(config(**DIVERGES))
    assert not np.isfinite(alone["loss"].values).all()
    assert 0 < alone.sizes["step"] < 20
    same(grid.sel(cell="relu", seed=0), alone)
    reopened = _reopened(grid, tmp_path)
    assert np.isinf(reopened["grad_h"].values).any()


def _reopened(grid: xr.Dataset, folder: Any) -> xr.Dataset:
    from explorer.dataset import save

    found = xr.load_dataset(save(grid, folder / "grid.nc"))
    xr.testing.assert_equal(found, grid)
    assert found.attrs == grid.attrs
    return found


def test_values_are_understood_as_the_fields_understand_them() -> None:
    grid = Grid(config(), {"seed": np.arange(2), "optimizer.learning_rate": (x for x in (".1", "1e-3"))})
    assert grid.axes == {"seed": [0, 1], "learning_rate": [0.1, 0.001]}
    assert grid.over == {"seed": [0, 1], "optimizer.learning_rate": [".1", "1e-3"]}
    assert json.loads(sweep(config(steps=1), {"seed": range(2)}).attrs["over"]) == {"seed": [0, 1]}


def _pool(kind: str) -> Executor:
    if kind == "threads":
        return ThreadPoolExecutor(2)
    return ProcessPoolExecutor(2, get_context("spawn"), torch.set_num_threads, (1,))


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_an_executor_gives_the_same_grid(kind: str) -> None:
    over, seen = {"cell.kind": ["lstm", "tanh"], "task.length": [10, 40]}, list[tuple[int, int]]()
    with _pool(kind) as executor:
        grid = sweep(config(steps=6), over, executor, progress=lambda done, total: seen.append((done, total)))
    here = sweep(config(steps=6), over)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert float(here["grad_c"].sel(cell="lstm").min()) > 0
    xr.testing.assert_allclose(grid, here, rtol=1e-8, atol=0)
    assert grid.attrs == here.attrs
    assert list(grid.data_vars) == list(here.data_vars)


class _OnlyTheThird(Executor):
    """Makes one run; the others wait for ever, unless they are cancelled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.futures.append(future)
        if len(self.futures) == 3:
            future.set_result(fn(*args, **kwargs))
        if len(self.futures) == 4 and self.error is not None:
            future.set_exception(self.error)
        return future


def test_stopping_cancels_what_has_not_begun_elsewhere() -> None:
    executor, stop, seen = _OnlyTheThird(), threading.Event(), list[tuple[int, int]]()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        stop.set()

    grid = sweep(config(), {"seed": range(4)}, executor, progress, stop)
    assert seen == [(1, 4)], "runs are told as they complete, not in their order"
    assert [future.cancelled() for future in executor.futures] == [True, True, False, True]
    assert grid["status"].values.tolist() == ["not run", "not run", "finished", "not run"]
    assert grid.attrs["status"] == "stopped"
    same(grid.sel(seed=2), train(config(seed=2)))


def test_a_run_that_fails_is_named_and_the_others_are_kept() -> None:
    executor = _OnlyTheThird(RuntimeError("the worker was lost"))
    with pytest.raises(SweepError, match=r"^seed = 3: the run failed: the worker was lost$") as caught:
        sweep(config(), {"seed": range(4)}, executor, stop=threading.Event())
    assert all(future.cancelled() for future in executor.futures[:2])
    grid = caught.value.grid
    if grid is not None:  # the two that are complete come in any order
        same(grid.sel(seed=2), train(config(seed=2)))


def test_stopping_here_keeps_whole_rows_of_the_run_under_way(tmp_path: Any) -> None:
    grid, stop = Grid(config(steps=9), {"seed": [0, 1, 2]}), threading.Event()

    def after_update(number: int, training: Training) -> None:
        if number == 1 and training.recorded == 5:
            stop.set()

    found = grid.combine(dict(runs_here(grid, stop, after_update)))
    assert found["status"].values.tolist() == ["finished", "stopped", "not run"]
    assert found["recorded"].values.tolist() == [9, 5, 0]
    assert found.attrs["status"] == "stopped"
    alone = train(config(steps=9, seed=1)).isel(step=slice(5))
    np.testing.assert_array_equal(found["grad_h"].sel(seed=1)[:5], alone["grad_h"])
    assert np.isnan(found["grad_h"].sel(seed=1)[5:]).all()
    assert np.isnan(found["loss"].sel(seed=2)).all()
    _reopened(found, tmp_path)


def test_stopped_before_the_first_update() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(SweepError, match="no run"):
        sweep(config(), {"seed": [0]}, stop=stop)


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"seed": []}, "seed: give a list of at least one value to sweep over."),
        ({"seed": "012"}, "seed: give a list of at least one value to sweep over."),
        ({"seed": 3}, "seed: give a list of at least one value to sweep over."),
        ({"seed": [1, 2, 1.0]}, "seed: 1 is given twice."),
        ({"optimizer.learning_rate": ["0.1", 0.1]}, "optimizer.learning_rate: 0.1 is given twice."),
        (
            {"truncation": [{"kind": "window"}, {"kind": "window", "k1": 20}]},
            "truncation: window(k1=20) is given twice.",
        ),
        ({"truncation.k1": [1], "k1": [2]}, "truncation.k1: this field is given twice."),
        ({"seed": range(9), "steps": [10**6]}, "9 runs of up to 1000000 updates of 10 time steps would fill about"),
    ],
)
def test_axes_that_make_no_sense(over: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweep"], "Training", _Untouched)
    with pytest.raises(SweepError) as caught:
        sweep(config(), over)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("fields", "over", "sentence"),
    [
        # The contract's own example, on an experiment without a window and on one whose k1 is larger.
        (
            {},
            {"cell.kind": ["tanh"], "truncation.k2": [5, 20]},
            "cell = tanh, k2 = 5: truncation.k2: full has no such field; set truncation.kind to window.",
        ),
        (
            {"truncation": {"kind": "window", "k1": 20, "k2": 20}},
            {"seed": [0], "truncation.k2": [20, 5]},
            "seed = 0, k2 = 5: truncation.k2: 5 is smaller than k1 = 20, so some losses would never flow back; "
            "give k2 at least 20. Or set truncation.k1 to 5.",
        ),
        (
            {},
            {"cell.bias.forget_bias": [1]},
            "forget_bias = 1: cell.bias.forget_bias: pytorch has no such field; set cell.bias.kind to forget.",
        ),
        ({}, {"seed": [0, -1]}, "seed = -1: seed: -1 is not allowed; give an integer"),
        ({}, {"seed": [{"a": 1}]}, "seed = (a=1): seed: {'a': 1} is not allowed"),
        ({}, {"optimizer.learning_rate": [float("nan")]}, "learning_rate = nan: optimizer.learning_rate: nan is not"),
        ({}, {"cell.kind": ["tanh", "lsmt"]}, "cell = lsmt: cell.kind: 'lsmt' is not allowed"),
        ({}, {"cell": [{"hidden_size": 3}]}, "cell = (hidden_size=3): cell.kind: None is not allowed"),
        (
            {},
            {"truncation": ["full", {"kind": "window", "k1": 9, "k2": 3}]},
            "truncation = window(k1=9, k2=3): truncation.k2: 3 is smaller than k1 = 9",
        ),
        ({}, {"frob": [1]}, "frob = 1: frob: there is no such field"),
        ({}, {"cell.frob": [1]}, "frob = 1: cell.frob: there is no such field"),
        ({}, {"seed.x": [1]}, "x = 1: seed.x: there is no such field"),
        ({}, {"": [1]}, " = 1: '': there is no such field"),
        (
            {"batch_size": 64},
            {"task.length": [10, 10_000], "cell.hidden_size": [4, 2048]},
            "length = 10000, hidden_size = 2048: cell.hidden_size: with 2048 the experiment needs about",
        ),
    ],
)
def test_a_combination_that_is_not_allowed_is_named_before_anything_is_trained(
    fields: dict[str, Any], over: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweep"], "Training", _Untouched)
    with pytest.raises(ExperimentError) as caught:
        sweep(config(**fields), over)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_part_may_mend_what_another_axis_makes_too_large() -> None:
    over = {"task.length": [10_000], "cell": [{"kind": "tanh", "hidden_size": 2}]}
    assert (
        Grid(config(cell={"kind": "lstm", "hidden_size": 512}, batch_size=64), over).experiments[0].task.length
        == 10_000
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_here_is_named_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["explorer.sweep"], "Training", _Untouched)
    with pytest.raises(DeviceError, match=r"^device = cuda: device: 'cuda' was asked for"):
        sweep(config(), {"device": ["cpu", "cuda"]})


class _Untouched:
    def __init__(self, experiment: Experiment) -> None:
        raise AssertionError("something was trained")
