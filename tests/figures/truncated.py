"""Hand-made Datasets of what truncation does, whose numbers are known."""

import json

import numpy as np
import xarray as xr


def attrs(cell="gru", **truncation):
    return {"experiment": json.dumps({"cell": {"kind": cell}, "truncation": truncation or {"kind": "full"}})}


def credit(length=40, first=1, window=None, chunk=None, rate=0.8, cell="gru"):
    """Return rate^(s - t) for every loss from step ``first`` on, cut by a sliding window or at every chunk."""
    s, t = np.mgrid[1 : length + 1, 1 : length + 1]
    values = np.where((t <= s) & (s >= first), rate ** np.clip(s - t, 0, None).astype(float), 0.0)
    if window:
        values = np.where(s - t < window, values, 0.0)
    if chunk:
        values = np.where((s - 1) // chunk == (t - 1) // chunk, values, 0.0)
    time = np.arange(1, length + 1)
    return xr.Dataset(
        {"credit": (("loss_time", "time"), values)}, {"loss_time": time, "time": time}, attrs(cell)
    )  # fmt: skip


def lags(parts=None, total=None, beyond=None, cell="gru"):
    """Return parts 8^(-lag), which add up without cancelling where nothing else is given."""
    parts = 8.0 ** -np.arange(20.0) if parts is None else np.asarray(parts, dtype=float)
    total = np.cumsum(parts) if total is None else total
    beyond = np.append(np.cumsum(parts[:0:-1])[::-1], 0.0) if beyond is None else beyond
    found = {"grad_weight": parts, "grad_weight_cumulative": total, "grad_weight_beyond": beyond}
    data = {name: ("lag", values) for name, values in found.items()}
    return xr.Dataset(data, {"lag": np.arange(len(parts))}, attrs(cell))


def bias(off=None, cosine=None, lengths=(5, 10, 20, 40, 80), **more):
    off = [[0.9, 0.6, 0.4, 0.04, 0.0], [0.8, 0.5, 0.31, 0.2, 0.01]] if off is None else off
    cosine = 1 - np.asarray(off) / 2 if cosine is None else cosine
    data = {name: (("style", "length"), np.asarray(v)) for name, v in (("relative_bias", off), ("cosine", cosine))}
    data["norm_ratio"] = (("style", "length"), np.ones_like(np.asarray(off)))
    return xr.Dataset(data, {"style": ["chunked", "sliding"], "length": list(lengths)}, attrs() | more)


def balance(end=(1, 10, 4, -5, -6), every=(1, 6, 9, 2, -1), lengths=(1, 10, 40, 60, 200)):
    found = np.array([end, every], dtype=float)
    data = {"coefficient": (("style", "length"), found), "diverges": (("style", "length"), found > 0)}
    return xr.Dataset(data, {"style": ["end", "every"], "length": list(lengths)})


VARIANTS = {
    "full": 0.0, "window(k1=5, k2=5)": 0.9, "window(k1=1, k2=20)": 0.3, "online(k2=10)": 0.5,
    "stochastic(length=20, compensated=True)": 1.4, "stochastic(length=20, compensated=False)": 0.6,
    "adaptive(tolerance=0.1)": 0.08, "rtrl": 1e-7,
}  # fmt: skip


def variants(updates=5, found=VARIANTS):
    values = np.array(list(found.values())) * np.linspace(1, 1.2, updates)[:, None]
    data = {"relative_bias": (("step", "variant"), values), "cosine": (("step", "variant"), 1 / (1 + values))}
    return xr.Dataset(data, {"step": np.arange(updates), "variant": list(found)})


def adapted(lengths=(100, 40, 40, 12, 12), true=(0.02, 0.05, 0.2, 0.08, 0.03), estimated=None, **more):
    """Return a run of adaptive truncation; the estimate is 0.09 everywhere where nothing else is given."""
    estimated = 0.09 + 0 * np.asarray(true) if estimated is None else estimated
    found = {"truncation_length": lengths, "true_bias": true, "estimated_bias": estimated}
    data = {name: ("step", np.asarray(values, dtype=float)) for name, values in found.items()}
    scheme = {"kind": "adaptive", "tolerance": 0.1, "interval": 1} | more
    return xr.Dataset(data, {"step": np.arange(len(lengths))}, attrs("lstm", **scheme))


def costs(size=(10, 20, 40, 80), over="length"):
    """Return costs that grow exactly as expected, but for the time of ``rtrl``, which grows with one power more."""
    size, names = np.array(size, dtype=float), ["full", "window(k1=5, k2=5)", "rtrl"]
    seconds, memory = np.array([1e-4 * size, 2e-4 * size, 1e-5 * size**2]), np.array([size, 9 + 0 * size, 5 + 0 * size])
    data = {"seconds": (("variant", "size"), seconds), "memory": (("variant", "size"), 1e4 * memory),
            "order_time": ("variant", [1.0, 1.0, 1.0]), "order_memory": ("variant", [1.0, 0.0, 0.0])}  # fmt: skip
    return xr.Dataset(data, {"variant": names, "size": size}, {"over": over})


def strange(dataset, value):
    """Return the Dataset with one value everywhere, labels as they are."""
    return dataset.map(lambda v: v if v.dtype == bool else xr.full_like(v, value), keep_attrs=True).assign_attrs(
        dataset.attrs
    )


def spoilt(dataset, name):
    """Return the Dataset with an inf and a nan in one variable."""
    found = dataset.copy(deep=True)
    found[name].values.flat[-1], found[name].values.flat[-2] = np.nan, np.inf
    return found
