"""What the cliff does to gradient descent, in sentences computed from the surface and from the paths on it."""

import numpy as np
import xarray as xr

from explorer.findings.facts import number


def place(w: float, b: float) -> str:
    """Write a point of the window for people."""
    return f"({coordinate(w)}, {coordinate(b)})"


def coordinate(value: float) -> str:
    """Write a weight or a bias: four digits, for the cliff is thin."""
    return f"{value:.4g}".replace("-", "−") if np.isfinite(value) else number(value)


def surface_sentence(surface: xr.Dataset) -> str:
    """Say how large the gradient is, as a rule and at most, and where that is."""
    norm = surface["gradient_norm"].transpose("w", "b")
    if not bool(np.isfinite(norm).any()):
        return "The gradient is nowhere finite"
    row, column = np.unravel_index(int(np.nanargmax(norm.where(np.isfinite(norm)).values)), norm.shape)
    where = place(float(surface["w"][row]), float(surface["b"][column]))
    most, middle = float(norm[row, column]), float(np.nanmedian(norm.values))
    return (
        f"The gradient's norm is {number(most)} at (w, b) = {where}; at half of all points it is under {number(middle)}"
    )


def paths_sentence(surface: xr.Dataset, paths: list[xr.Dataset]) -> str:
    """Say what the longest step of each path does: how far it goes, whether out of the window, and how it ends."""
    if not paths:
        return surface_sentence(surface)
    said = [_path_said(surface, path) for path in paths]
    return f"From (w, b) = {place(float(paths[0]['w'][0]), float(paths[0]['b'][0]))}, {'; '.join(said)}"


def alone_sentence(path: xr.Dataset) -> str:
    """Say of one path, where no picture is, how far its longest step goes and how it ends."""
    steps = moves(path)
    longest = int(np.argmax(np.where(np.isfinite(steps), steps, np.inf)))
    return (
        f"The longest step, update {longest + 1}, moves the weights by {number(float(steps[longest]))} "
        f"({name(path)}); the error ends at {number(float(path['error'][-1]))}"
    )


def name(path: xr.Dataset) -> str:
    """Name a path by its clipping."""
    return f"clipped at {number(float(path.attrs['threshold']))}" if "threshold" in path.attrs else "without clipping"


def leaves(surface: xr.Dataset, path: xr.Dataset) -> int | None:
    """Return the number, from 1, of the first update that ends outside the window; None where none does."""
    outside = ~inside(surface, path)
    return int(np.argmax(outside)) if outside.any() else None


def inside(surface: xr.Dataset, path: xr.Dataset) -> np.ndarray:
    """Tell which points of a path are in the window, its edges included; nan is not."""
    found = [(path[c].values >= float(surface[c][0])) & (path[c].values <= float(surface[c][-1])) for c in "wb"]
    return np.asarray(found[0] & found[1])


def moves(path: xr.Dataset) -> np.ndarray:
    """Return how far each update moves the weights."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.hypot(np.diff(path["w"].values), np.diff(path["b"].values)))


def _path_said(surface: xr.Dataset, path: xr.Dataset) -> str:
    """Say of one path where its longest step goes and what the error is in the end."""
    steps, gone = moves(path), leaves(surface, path)
    end = f"the error ends at {number(float(path['error'][-1]))}"
    shortened = int(path["clipped"][:-1].sum())
    kept = f" ({shortened} of {len(steps)} shortened)" if shortened else ""
    broken = np.flatnonzero(~np.isfinite(steps))
    if broken.size:
        return f"{name(path)} the weights are not finite after update {int(broken[0]) + 1}"
    longest = int(np.argmax(steps))
    if gone is not None and longest + 1 == gone:
        far = number(float(steps[longest]))
        return f"{name(path)} update {gone} moves the weights by {far}, out of the picture, and {end}"
    out = f", update {gone} leaves the picture" if gone is not None else ""
    return (
        f"{name(path)} no update moves the weights by more than {number(float(steps[longest]))}{kept}{out}, and {end}"
    )


def slice_sentence(surface: xr.Dataset, w: float) -> str:
    """Say between which two neighbouring points of b the error changes most at one weight, and from what to what."""
    row = surface["error"].sel(w=w, method="nearest")
    errors, b = row.values, surface["b"].values
    at = int(np.argmax(np.abs(np.diff(errors))))
    return (
        f"At w = {coordinate(float(row['w']))} the error goes from {number(float(errors[at]))} to "
        f"{number(float(errors[at + 1]))} between b = {coordinate(float(b[at]))} and {coordinate(float(b[at + 1]))}"
    )


def errors_sentence(paths: list[xr.Dataset]) -> str:
    """Say of each path the smallest error that it met and the one it ends with."""
    return "; ".join(f"{'E' if not i else 'e'}rror {name(path)}: {_errors(path)}" for i, path in enumerate(paths))


def _errors(path: xr.Dataset) -> str:
    errors = path["error"].values
    known = errors[np.isfinite(errors)]
    least = f"{number(float(known.min()))} at best, " if known.size else ""
    return f"{least}{number(float(errors[-1]))} in the end"
