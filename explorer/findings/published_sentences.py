"""A published number beside the measured one; the measured side is always read from a Dataset."""

import math

import xarray as xr

from explorer.findings import facts
from explorer.findings.fading import decay
from explorer.findings.quantities import diverged_at, recent_loss
from explorer.findings.sentences import Piece
from explorer.published import Published


def digits(value: float) -> str:
    """Write a number to be compared with another: four digits."""
    return f"{value:.4g}".replace("-", "−") if math.isfinite(value) else facts.number(value)


def published_said(published: Published) -> str:
    """Say the number, what it is and whose."""
    return f"{digits(published.value)}, {published.what} ({published.source})"


def measured_said(dataset: xr.Dataset) -> str:
    """Say what was measured: the loss without memory where the Dataset has it, else the factor of one step back."""
    if "loss_without_memory" in dataset.variables:
        value, error = (float(dataset[name]) for name in ("loss_without_memory", "standard_error"))
        spread = f" ± {facts.number(error)}" if digits(value + error) != digits(value) else ""
        return f"{digits(value)}{spread} on {dataset.attrs['sequences']} sequences"
    fitted = decay(dataset, 0)
    return "no decay to be seen" if fitted is None else f"{digits(fitted.factor)} a step on the first batch"


def run_said(run: xr.Dataset | None) -> str:
    """Say with which loss a run ends."""
    if run is None:
        return "not trained yet"
    if (broken := diverged_at(run)) is not None:
        return f"this run diverged at update {broken}"
    return f"the loss of this run ends at {digits(recent_loss(run))}"


def published_beside_measured(
    published: Published, dataset: xr.Dataset, run: xr.Dataset | None = None
) -> list[Piece]:  # fmt: skip
    """Return the sentences: what was published, what is measured, how a run ended, and what has to be known.

    Args:
        published: the number and its source.
        dataset: what was measured, as `explorer.comparisons.measured` returns it.
        run: a finished run of the same experiment, if there is one.
    """
    note = f" {published.note}" if published.note else ""
    return [
        (f"Published: {published_said(published)}.{note}", None),
        (f" Measured: {measured_said(dataset)}; {run_said(run)}.", None),
    ]
