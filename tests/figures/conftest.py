"""Tiny Datasets for the figures: one ordinary run, and every way in which data can be strange."""

import json

import numpy as np
import pytest
import xarray as xr


def make(kind="tanh", updates=3, length=40, rate=0.9, cut=None, status="finished", **attrs):
    """Return a Dataset whose gradient fades exactly as rate^(T - t)."""
    time = np.arange(1, length + 1)
    grad = rate ** (length - time.astype(float)) * np.linspace(1, 2, updates)[:, None]
    if cut:
        grad[:, :cut] = 0.0
    names = ["grad_h", "grad_weight", *(["grad_c"] if kind == "lstm" else [])]
    data = {name: (("step", "time"), grad.copy()) for name in names}
    per_step = {
        "loss": 0.2,
        "accuracy": np.nan,
        "grad_norm": 3.0,
        "grad_norm_clipped": 1.0,
        "spectral_radius": 1.0,
        "asked": 1.0,
    }
    data |= {name: ("step", np.full(updates, value)) for name, value in per_step.items()}
    config = {
        "task": {"kind": "adding", "length": length},
        "cell": {"kind": kind, "hidden_size": 8},
        "clipping": {"kind": "norm", "threshold": 1.0},
        "batch_size": 4,
        "dtype": "float32",
    }
    half = max(1, length // 2)
    base = {
        "experiment": json.dumps(config),
        "status": status,
        "signal": json.dumps([[1, half], [half + 1, length]]),
        "question": json.dumps([[length, length]]),
        "chance_loss": 1 / 6,
        "chance_text": "1/6",
        "cuts": json.dumps([cut] if cut else []),
    }
    return xr.Dataset(data, {"step": np.arange(updates), "time": time}, base | attrs)


def fill(dataset, value):
    """Return the Dataset with one value everywhere."""
    return dataset.map(lambda v: xr.full_like(v, value), keep_attrs=True).assign_attrs(dataset.attrs)


def overflowed():
    """Return a measurement whose gradient is inf at and before step 12."""
    dataset = make("relu", updates=1, rate=1.5)
    dataset["grad_h"].values[:, :12] = np.inf
    dataset["grad_h"].values[:, :3] = np.nan
    return dataset


def diverged():
    """Return a run whose last update has no finite number."""
    dataset = make("relu", updates=6, status="diverged")
    for name in ("grad_h", "grad_weight", "loss", "grad_norm", "grad_norm_clipped"):
        dataset[name].values[-1] = np.nan
    return dataset


def watched():
    """Return what a recorder gives: a dimension for each layer, no loss, no gradient norm, no experiment."""
    dataset = make(updates=2)[["grad_h", "grad_weight"]].drop_attrs()
    return xr.concat([dataset, dataset], "layer").assign_attrs(status="finished", modules="{}")


def sweep():
    """Return what a sweep gives: a dimension for each field, padded with nan."""
    return xr.concat([make(updates=3), make(updates=2, length=30)], "length", join="outer").drop_attrs()


CASES = {
    "watched": watched,
    "sweep": sweep,
    "one update": lambda: make(updates=1, status="stopped"),
    "run": lambda: make(updates=450),
    "lstm": lambda: make("lstm", updates=3),
    "measurement": lambda: make(updates=1),
    "truncated": lambda: make(cut=20),
    "many cuts": lambda: make(length=400, cuts=json.dumps(list(range(5, 400, 5)))),
    "growing": lambda: make(updates=1, rate=1.6),
    "tiny": lambda: make(updates=1, length=200, rate=0.62),
    "zeros": lambda: fill(make("gru"), 0.0),
    "nans": lambda: fill(make(), np.nan),
    "infs": lambda: fill(make("lstm"), np.inf),
    "overflow": overflowed,
    "diverged": diverged,
    "one step": lambda: make(updates=1, length=1),
    "two steps": lambda: make(length=2),
    "three steps": lambda: make(length=3),
    "unknown cell": lambda: make("antisymmetric"),
    "running": lambda: make(status="running"),
    "nothing asked": lambda: make(updates=2).assign(asked=("step", np.zeros(2))),
    "bare": lambda: make(updates=1).drop_attrs(),
}


@pytest.fixture(params=list(CASES))
def case(request):
    """Give each of the Datasets in turn."""
    return CASES[request.param]()


@pytest.fixture
def dataset():
    """Give the maker of Datasets."""
    return make
