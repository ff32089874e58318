"""What a run comes to, against numbers known beforehand."""

import json
import math

import numpy as np
import pytest
import xarray as xr
from findings.test_sentences import BACK, dataset

import explorer
from explorer import findings
from explorer.findings.summary import BINS, EDGES, NAMES


def settings(run, **parts):
    """Return the run with other parts of its experiment."""
    config = json.loads(run.attrs["experiment"]) | parts
    return run.assign_attrs(experiment=json.dumps(config))


def trained(updates=40):
    """A run whose gradient halves every 5 steps at the start and every 10 in its last tenth; the loss falls to 0.1."""
    grad = np.tile(2.0 ** (-BACK / 5), (updates, 1))
    grad[-4:] = 3 * 2.0 ** (-BACK / 10)
    run = dataset(grad)
    run["loss"].values[:], run["loss"].values[-4:] = 0.6, 0.1
    run["grad_norm"].values[:], run["grad_norm_clipped"].values[:] = 20.0, 1.0
    run["grad_norm"].values[:10] = run["grad_norm_clipped"].values[:10] = 0.5
    return settings(
        run.assign(spectral_radius=("step", np.linspace(1, 2, updates))),
        truncation={"kind": "window", "k1": 5, "k2": 30}, clipping={"kind": "norm", "threshold": 1.0},
    )  # fmt: skip


def test_the_numbers_of_a_run():
    found = findings.summary(trained())
    expected = {
        "reach": 2**-15, "start_signal": 2**-15, "reach_trained": 2**-7.5, "end_signal": 3 * 2**-7.5,
        "decay": 2**-0.2, "half_life": 5, "loss_final": 0.1, "loss_relative": 0.2, "learned": 1, "clipped_share": 0.75,
        "diverged": 0, "updates": 40, "truncation_length": 30, "lag": 75, "threshold": 1, "spectral_radius": 1,
    }  # fmt: skip
    assert set(expected) == set(NAMES)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value), name
        assert found[name].dims == () and found[name].dtype == np.float64
    assert found.attrs["experiment"] and dict(found.sizes) == {"bin": len(BINS)}


def test_every_variable_is_in_the_docstring():
    for name in findings.summary(trained()).data_vars:
        assert f"``{name}``" in findings.summary.__doc__


def test_norms_fall_into_quarter_decades_that_hold_their_upper_end():
    run = trained(8)
    run["grad_norm"].values[:] = [0, 1e-13, 1, 1 - 1e-8, 1.1, 1e13, np.inf, np.nan]
    shares = findings.summary(run).norm_before
    assert shares.sum() == pytest.approx(1)
    assert float(shares[0]) == 0.25 and float(shares[-1]) == 0.375 and float(shares.bin[0]) == -math.inf
    assert float(shares.sel(bin=-0.25)) == 0.25 and float(shares.sel(bin=0)) == 0.125
    assert list(BINS[1:]) == list(EDGES) and EDGES[0] == -12 and EDGES[-1] == 12


def test_learned_means_less_than_half_of_the_loss_without_memory():
    for loss, learned in ((0.24, 1.0), (0.26, 0.0)):
        run = dataset(np.ones((40, 3)))
        run["loss"].values[:] = loss
        assert float(findings.summary(run).learned) == learned
        assert findings.learned(run)[0] == pytest.approx(loss / 0.5)
    assert math.isnan(findings.summary(run.assign_attrs(chance_loss=math.nan)).learned)


def test_a_run_that_diverged_has_not_learned():
    run = trained()
    run["loss"].values[-1] = np.nan
    found = findings.summary(run)
    assert (float(found.diverged), float(found.learned)) == (1, 0) and math.isnan(found.loss_relative)
    assert float(found.reach_trained) == pytest.approx(2**-7.5)


def test_only_updates_with_a_loss_count():
    run = trained()
    run["asked"].values[::2] = 0
    run["grad_h"].values[::2], run["grad_norm"].values[::2] = 0, 0
    found = findings.summary(run)
    assert float(found.reach) == pytest.approx(2**-15) and float(found.updates) == 40
    assert float(found.norm_before[0]) == 0


def test_a_share_too_small_for_the_format_is_not_known():
    found = findings.summary(dataset(np.tile(np.maximum(4.0**-BACK, 1e-43), (2, 1))))
    assert math.isnan(found.reach) and math.isnan(found.reach_trained) and 0 < float(found.start_signal) < 1e-38
    cut = findings.summary(dataset(np.tile(np.where(BACK > 60, 0, 0.9**BACK), (2, 1))))
    assert float(cut.reach) == float(cut.reach_trained) == float(cut.start_signal) == 0


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan, np.inf])
@pytest.mark.parametrize("updates", [0, 1, 2])
def test_no_run_raises_and_all_summaries_stack(value, updates):
    run = dataset(np.full((2, 6), value)).isel(step=slice(updates))
    for each in (run, run.drop_attrs(), run.drop_vars("loss"), run * np.nan):
        found = findings.summary(each)
        assert xr.concat([findings.summary(trained()), found], "seed").sizes == {"seed": 2, "bin": len(BINS)}
        assert float(found.updates) == updates


def test_a_trained_network():
    config = {"task": {"kind": "recall", "length": 8}, "cell": {"kind": "lstm", "hidden_size": 4}, "batch_size": 4,
              "steps": 5, "truncation": {"kind": "window", "k1": 2, "k2": 3}}  # fmt: skip
    run = explorer.train(explorer.Experiment.model_validate(config))
    found = findings.summary(run)
    assert (float(found.truncation_length), float(found.lag), float(found.updates)) == (3, 7, 5)
    assert float(found.reach) == 0 and float(run.grad_h[0, 7]) > 0 and float(found.norm_after.sum()) == pytest.approx(1)
    whole = findings.summary(
        explorer.train(explorer.Experiment.model_validate(config | {"truncation": {"kind": "full"}}))
    )
    assert float(whole.truncation_length) == 8 and float(whole.reach) > 0
