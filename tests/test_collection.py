"""Runs of any kind in one Dataset: each exactly, padded with nan, and told what it is."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from explorer.collection import collected
from explorer.dataset import encoded
from explorer.experiment import Experiment
from explorer.several import SweepError
from explorer.training import train

TINY = Experiment.model_validate(
    {"task": {"kind": "adding", "length": 6}, "cell": {"kind": "tanh", "hidden_size": 3}, "batch_size": 2, "steps": 3}
)


@pytest.fixture(scope="module")
def runs():
    return [train(TINY), train(TINY.changed(cell="lstm", length=9, steps=5))]


def test_each_run_is_there_exactly(runs):
    found = collected(runs)
    assert dict(found.sizes) == {"run": 2, "step": 5, "time": 9}
    for place, run in enumerate(runs):
        steps, times = run.sizes["step"], run.sizes["time"]
        for name in run.data_vars:
            own = found[name].values[place]
            part = own[:steps, :times] if own.ndim == 2 else own[:steps]
            np.testing.assert_array_equal(part, run[name].values)
            assert np.isfinite(own).sum() == np.isfinite(run[name].values).sum()
    assert float(runs[0]["grad_h"].min()) > 0
    assert np.isnan(found["grad_c"].values[0]).all()
    assert found["field_cell"].values.tolist() == ["tanh", "lstm"]
    assert found["recorded"].values.tolist() == [3, 5]
    assert Experiment.model_validate_json(str(found["experiment"].values[1])).cell.kind == "lstm"


def test_as_files(runs, tmp_path):
    whole = collected(runs)
    (tmp_path / "runs.nc").write_bytes(encoded(whole, ".nc"))
    with xr.open_dataset(tmp_path / "runs.nc") as found:
        xr.testing.assert_equal(found.load(), whole)
    lines = encoded(whole, ".csv").decode().splitlines()
    assert len(lines) == 1 + 3 * 6 + 5 * 9, "a row for each update and time of each run, none for padding"
    assert lines[0].startswith("run,step,time,")


def test_too_many_for_the_memory_are_refused(runs, monkeypatch):
    monkeypatch.setattr("explorer.collection.limits", lambda: SimpleNamespace(memory=1000.0))
    with pytest.raises(SweepError, match="select fewer"):
        collected(runs)


def test_what_was_measured_beside_stays_with_its_run(runs):
    beside = train(TINY, beside=["rtrl"])
    assert "relative_bias" in beside
    found = collected([beside, runs[1]])
    assert "relative_bias" not in found and "variant" not in found.dims
    np.testing.assert_array_equal(found["loss"].values[0][:3], runs[0]["loss"].values)
