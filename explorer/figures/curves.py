"""The lines of the gradient chart: which row of which Dataset, in which colour, under which name."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
import xarray as xr

from explorer.figures.drawing import Drawing
from explorer.figures.theme import LINE, LogAxis, Theme, ink, log_axis, style
from explorer.figures.updates import kept
from explorer.findings import facts

LETTERS = "ABCDEF"
LABEL = 15  # px, the names of lines


@dataclass(frozen=True)
class Curve:
    """One line over time: the values shown [T], how it looks, and the rows [R,T] its axis must hold.

    ``asked`` is the last step that is asked: the end that vanishing and exploding are relative to. A line ``among``
    equals is looked back at beside others: its name is a note named ``end`` and its track, which the board moves.
    """

    name: str
    values: np.ndarray
    rows: np.ndarray
    colour: str
    dash: str
    width: float
    asked: int
    track: str | None = None
    before: bool = False
    among: bool = False

    @cached_property
    def drawn(self) -> np.ndarray:
        """Values a log axis can show, nan elsewhere [T]."""
        return np.where(np.isfinite(self.values) & (self.values > 0), self.values, np.nan)

    @cached_property
    def end(self) -> int | None:
        """Index of the last drawn point going back in time; None where nothing is drawn."""
        found = np.flatnonzero(np.isfinite(self.drawn))
        return int(found[0]) if found.size else None


def curves(
    datasets: Sequence[xr.Dataset],
    step: int = -1,
    before: xr.Dataset | None = None,
    theme: Theme = "light",
    *,
    equals: bool = False,
) -> list[Curve]:
    """Return the lines to draw, the chosen cell last so that it lies on top.

    Args:
        datasets: the chosen cell's Dataset first.
        step: the row of the first Dataset that is shown; the newest of the others.
        before: a Dataset whose first row is drawn grey.
        theme: ``light`` or ``dark``.
        equals: whether all Datasets are runs to be looked back at together, each under its letter; then only h is
            drawn, and the track of the Dataset at place i is named ``grad_h i``.
    """
    out: list[Curve] = []
    names = [f"{LETTERS[i]} {facts.name(facts.kind(d))}" for i, d in enumerate(datasets)] if equals else None
    names = names or facts.labels(datasets)
    seen = {kind: count() for kind in map(facts.kind, datasets)}
    others = ("solid", "dash", "dot", "dashdot")
    for i, dataset in enumerate(datasets):
        look, twin = style(facts.kind(dataset), theme), next(seen[facts.kind(dataset)])
        dash = look.dash if twin == 0 else others[(others.index(look.dash) + twin) % 4 if look.dash in others else twin]
        live = (equals or i == 0) and facts.is_run(dataset)
        shown = step if i == 0 else -1
        for variable in ["grad_h", "grad_c"] if facts.has_cell_state(dataset) and not equals else ["grad_h"]:
            h = variable == "grad_h"
            out.append(
                Curve(
                    name=names[i] if h else f"{names[i]} ∂L/∂c",
                    values=facts.row(dataset, variable, shown),
                    rows=facts.values(dataset, variable)[kept(dataset.sizes["step"]) if live else [shown]],
                    colour=look.colour,
                    dash=dash if h else "solid",
                    width=LINE if h else 1.5,
                    asked=facts.asked(dataset),
                    track=None if not live else f"{variable} {i}" if equals else variable,
                    among=equals,
                )
            )
    return [*_before(before, theme), *reversed(out)]


def _before(dataset: xr.Dataset | None, theme: Theme) -> list[Curve]:
    if dataset is None:
        return []
    found = [("grad_c", "before training, ∂L/∂c", 1.5)] if facts.has_cell_state(dataset) else []
    found.append(("grad_h", "before training", LINE))
    grey = ink(theme).reference
    dashes = {"grad_h": style(facts.kind(dataset), theme).dash, "grad_c": "solid"}
    end = facts.asked(dataset)
    return [
        Curve(name, facts.row(dataset, v, 0), facts.values(dataset, v)[[0]], grey, dashes[v], width, end, before=True)
        for v, name, width in found
    ]


def grey(against: Sequence[tuple[str, np.ndarray]], dataset: xr.Dataset, theme: Theme) -> list[Curve]:
    """Return lines [T] of reference, each with its name."""
    colour, end = ink(theme).reference, facts.asked(dataset)
    return [Curve(name, line, line[np.newaxis], colour, "dot", LINE, end, before=True) for name, line in against]


def axis_for(found: Sequence[Curve], floor: float) -> tuple[LogAxis, float]:
    """Return the log axis that holds every row of every line, and their smallest positive value, nan if there is none.

    The axis reaches down to ``floor`` where data come near it.
    """
    rows = [c.rows for c in found]
    low, high = facts.span(rows)
    zeros = any((r == 0).any() for r in rows)
    broken = [word for word, test in (("inf", np.isinf), ("nan", np.isnan)) if any(test(r).any() for r in rows)]
    bottom = min(low, floor) if near(low, floor) else low
    return log_axis(bottom, high, zeros=zeros, broken="/".join(broken)), low


def near(low: float, floor: float) -> bool:
    """Tell whether data come within four decades of the number format's floor."""
    return 0 < low < floor * 1e4


def draw(drawing: Drawing, found: Sequence[Curve], positions: dict[str, str]) -> None:
    """Add one trace for each line; one of the run carries ``meta={"track": variable}`` and its name at its last point.

    Args:
        drawing: the chart.
        found: the lines.
        positions: where the names of the run's lines stand, as Plotly's ``textposition``.
    """
    for curve in found:
        position = positions.get(curve.name) if curve.track else None
        drawing.line(
            curve.name, x=np.arange(1, len(curve.values) + 1), y=curve.drawn, cliponaxis=False,
            line={"color": curve.colour, "dash": curve.dash, "width": curve.width},
            labels=_moving_label(curve) if position else None, textposition=position,
            textfont={"color": curve.colour, "size": LABEL}, meta={"track": curve.track} if curve.track else None,
            hovertemplate=f"{curve.name.replace('<br>', ', ')}: %{{y:.2g}} at t = %{{x}}<extra></extra>",
        )  # fmt: skip


def _moving_label(curve: Curve) -> list[str]:
    """Return the name of a live line as the text of its last point, so that it moves with the data."""
    text = [""] * len(curve.values)
    text[curve.end or 0] = f"<b>{curve.name}</b>\u00a0\u00a0"
    return text
