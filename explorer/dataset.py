"""What was recorded, as an xarray.Dataset and as files.

The loss is L, the mean over sequences of the sum over steps. Variables, with their dimensions:

    grad_h [step, time]       Σ_b ‖∂L/∂h_{b,t}‖₂, the total derivative that the truncation allows
    grad_c [step, time]       the same for the LSTM's cell state
    grad_weight [step, time]  Frobenius norm of time t's own contribution to ∂L/∂W_hh
    loss, accuracy [step]     of the batch, before the update; accuracy is nan where nothing was asked
    asked [step]              number of time steps whose loss this update uses
    grad_norm, grad_norm_clipped [step]   2-norm of the whole parameter gradient before and after clipping
    spectral_radius [step]    of W_hh; with gates, of the candidate's block
    truncation_length, estimated_bias, true_bias [step]   of adaptive truncation: K, δ(K), and ‖ĝ − g‖/‖g‖ of the whole
                              gradient ĝ of the recurrent layer against g, that of full BPTT
    cosine, norm_ratio, relative_bias [step, variant]     of schemes measured beside the one that trains: the cosine of
                              ĝ and g, ‖ĝ‖/‖g‖, ‖ĝ − g‖/‖g‖

Cost: the norms of every time step come from the backward pass that trains; true_bias, and cosine, norm_ratio and
relative_bias, take a full backward pass more.
Source: the parts of the gradient by time step are those of Pascanu, Mikolov & Bengio 2013.
"""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xarray as xr
from numpy.typing import NDArray

UNITS = {
    "grad_h": "sum over the batch of ‖∂L/∂h‖",
    "grad_c": "sum over the batch of ‖∂L/∂c‖",
    "grad_weight": "‖contribution to ∂L/∂W_hh‖",
    "loss": "mean over sequences",
    "accuracy": "share of right answers",
    "asked": "time steps",
    "grad_norm": "‖∂L/∂θ‖ before clipping",
    "grad_norm_clipped": "‖∂L/∂θ‖ after clipping",
    "spectral_radius": "largest |eigenvalue| of W_hh",
    "truncation_length": "time steps",
    "estimated_bias": "estimated bound of ‖ĝ − g‖/‖g‖",
    "true_bias": "‖ĝ − g‖/‖g‖",
    "cosine": "cosine of ĝ and g",
    "norm_ratio": "‖ĝ‖/‖g‖",
    "relative_bias": "‖ĝ − g‖/‖g‖",
}
BY_VARIANT = ("cosine", "norm_ratio", "relative_bias")
SUFFIXES = (".nc", ".csv")
PART = ".explorer-"  # what the names of files begin with that are still being written
COMPRESSED = {"zlib": True, "complevel": 1, "shuffle": True}  # halves float64 numbers that were float32


class SaveError(Exception):
    """A file could not be written; the sentence says why and what to do."""


def run_dataset(
    rows: Mapping[str, NDArray[np.float64]], attributes: Mapping[str, Any], variants: Sequence[str] = ()
) -> xr.Dataset:
    """Recorded rows as a Dataset.

    Args:
        rows: variable → [steps, T], [steps], or [steps, variants].
        attributes: what belongs to the whole run.
        variants: names of the schemes that were measured beside the one that trains.

    Returns:
        The Dataset; `step` counts from 0, `time` from 1.
    """
    steps, length = rows["grad_h"].shape
    dims = {name: ("step", "variant" if name in BY_VARIANT else "time")[: rows[name].ndim] for name in rows}
    return xr.Dataset(
        {name: (dims[name], values, {"long_name": UNITS.get(name, name)}) for name, values in rows.items()},
        {"step": np.arange(steps), "time": np.arange(1, length + 1)}
        | ({"variant": list(variants)} if variants else {}),
        dict(attributes),
    )


def encoded(dataset: xr.Dataset, suffix: str) -> bytes:
    """A Dataset as the bytes of a file: .nc (NetCDF 4, compressed without loss) or .csv, without rows of padding."""
    if suffix == ".nc":
        return bytes(dataset.to_netcdf(engine="h5netcdf", encoding=dict.fromkeys(dataset.data_vars, COMPRESSED)))
    by_time = [str(name) for name, values in dataset.data_vars.items() if "time" in values.dims]
    table = dataset.to_dataframe().dropna(how="all", subset=by_time or None)
    return str(table.to_csv()).encode()


def check_target(path: str | Path, suffixes: Sequence[str] = SUFFIXES) -> Path:
    """The path, refused where no file can be written; to be asked before a long computation.

    Args:
        path: where the file is to be.
        suffixes: the endings that its name may have.

    Raises:
        SaveError: for an unknown ending, or a folder that is missing or not writable.
    """
    target = Path(path)
    if target.suffix not in suffixes:
        raise SaveError(f"{target}: cannot tell the format; end the name in {' or '.join(suffixes)}.")
    folder = target.parent
    if not folder.is_dir():
        raise SaveError(f"{target}: the folder {folder} does not exist; make it, or give another name.")
    if target.is_dir() or not os.access(folder, os.W_OK):
        raise SaveError(f"{target}: cannot be written there; give another name.")
    return target


def save(dataset: xr.Dataset, path: str | Path, *, compressed: bool = False) -> Path:
    """Write a Dataset to .nc (NetCDF 4, `compressed` without loss) or .csv, one row for each step and time.

    Beside a .csv of an experiment stands an .experiment.json, ready for --config. All is written under temporary names
    first and moved into place, so that a file is either whole or not there.

    Raises:
        SaveError: where it cannot be written, a full disk included.
    """
    target = check_target(path)
    try:
        if target.suffix == ".nc":
            # Made in memory first: the HDF5 library reports a full disk in words of its own, a plain write as OSError.
            encoding = dict.fromkeys(dataset.data_vars, COMPRESSED) if compressed else {}
            _write({target: lambda file: file.write(dataset.to_netcdf(engine="h5netcdf", encoding=encoding))})
        else:
            files: dict[Path, Callable[[BinaryIO], object]] = {}
            if "experiment" in dataset.attrs:
                files[experiment_beside(target)] = lambda file: file.write(str(dataset.attrs["experiment"]).encode())
            _write(files | {target: dataset.to_dataframe().to_csv})
    except OSError as error:
        raise SaveError(f"{target}: could not be written: {error.strerror or error}.") from None
    return target


def experiment_beside(target: Path) -> Path:
    """The file beside a .csv that holds the experiment."""
    return target.with_suffix(".experiment.json")


def _write(files: Mapping[Path, Callable[[BinaryIO], object]]) -> None:
    """Write each file by its function; only when all are written does any take its place."""
    parts = {target: target.with_name(f"{PART}{secrets.token_hex(8)}") for target in files}
    try:
        for target, write in files.items():
            with parts[target].open("xb") as file:  # a new file, whose mode follows the process's mask by itself
                write(file)
        for target, part in parts.items():
            part.replace(target)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
