"""Lines over an ordered axis whose zeros and values that are not finite have rows of their own; pairs of panels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explorer.figures import panels
from explorer.figures.bands import height, said
from explorer.figures.drawing import POINT, Drawing, Settings
from explorer.figures.panels import Look
from explorer.figures.room import extent
from explorer.figures.theme import FONT, HALF_ROW, LINE, LogAxis, log_axis
from explorer.findings import facts

APART = 0.15  # share of the plot between two panels that each have a vertical axis
MIDDLE = (1 - APART) / 4  # middle of the first of two panels, in shares of the plot
SPREAD = 0.6  # share of the height of a row of zeros over which lines stand apart


def axis_of(values: np.ndarray, *, missing: bool = False) -> LogAxis:
    """Return the log axis for values ≥ 0, with rows for exact zeros and for what is not finite where they are.

    Args:
        values: all that is drawn on it.
        missing: nan means that nothing was measured, and has no row.
    """
    low, high = facts.span([values])
    words = (("inf", np.isinf(values).any()), ("nan", np.isnan(values).any() and not missing))
    return log_axis(low, high, zeros=bool((values == 0).any()), broken="/".join(word for word, there in words if there))


def track(
    drawing: Drawing, look: Look, x: np.ndarray, values: np.ndarray, axis: LogAxis, *, hover: str, panel: int = 0,
    row: float = 0.0, points: bool = True, width: float = LINE,
) -> None:  # fmt: skip
    """Add one line: the positive values joined, zeros and what is not finite as points in their rows.

    Args:
        drawing: the chart.
        look: of the line.
        x: places [N].
        values: [N]; nan is drawn only where the axis has a row for it.
        axis: the vertical axis.
        hover: what a point is at, such as ``lag %{x}``.
        panel: counted from 0.
        row: how far its zeros stand above the middle of their row, in halves of the row's height.
        points: a marker at every value; else only where a value stands alone.
        width: of the line, in pixels.
    """
    name, text = look.name.replace("<br>", " "), [said(float(value)) for value in values]
    more: Settings = {"customdata": text, "cliponaxis": False, **panels.on(panel)}
    more["hovertemplate"] = f"{name}: %{{customdata}} at {hover}<extra></extra>"
    drawn = np.where(np.isfinite(values) & (values > 0), values, np.nan)
    line = {"color": look.colour, "dash": look.dash, "width": width}
    marker = {"color": look.colour, "size": POINT, "symbol": look.marker}
    if points:
        drawing.scatter(name, x=x, y=drawn, mode="lines+markers", line=line, marker=marker, **more)
    else:
        drawing.line(name, x=x, y=drawn, line=line, **more)
    lift = 10.0 ** (HALF_ROW * (axis.high - axis.low) * row)
    for word, there in (("zero", values == 0), ("not finite", ~np.isfinite(values))):
        place = axis.zero if word == "zero" else axis.top
        if place is None or not there.any():
            continue
        symbols = ["x-thin-open" if np.isnan(v) else "triangle-up" if np.isinf(v) else look.marker for v in values]
        some = marker | {"size": POINT if points or word != "zero" else 4, "symbol": np.array(symbols)[there].tolist()}
        drawing.scatter(
            f"{name} {word}", x=np.asarray(x)[there], y=np.full(int(there.sum()), 10.0**place * lift), mode="markers",
            marker=some, **more | {"customdata": np.array(text)[there].tolist()},
        )  # fmt: skip


def rows(amount: int) -> list[float]:
    """Return how far the zeros of so many lines stand above the middle of their row, so that all can be seen."""
    return np.linspace(-SPREAD, SPREAD, amount).tolist() if amount > 1 else [0.0] * amount


def end(axis: LogAxis, values: np.ndarray) -> float | None:
    """Return how far up the plot the last value that is drawn lies, 0 to 1."""
    drawn = np.flatnonzero(~np.isnan(values)) if axis.top is None else np.arange(len(values))
    return float(axis.share(np.log10(height(axis, float(values[drawn[-1]]))))) if drawn.size else None


def names(drawing: Drawing, found: Sequence[tuple[Look, float | None]]) -> None:
    """Write the names of lines into the right margin at the heights where they end, in shares of the plot."""
    panels.ends(drawing, [(look, at, at) for look, at in found if at is not None], yref="paper")


def beside(looks: Mapping[str, Look], *, whole: bool = False) -> int:
    """Return the margin in pixels that the names of lines need, broken at commas or each whole on one line."""
    broken = [look.name if whole else look.name.replace(", ", "<br>") for look in looks.values()]
    return round(16 + max((extent(name, FONT + 1)[0] for name in broken), default=60))


def pair(drawing: Drawing, heads: Sequence[str], x: Settings, y: Sequence[Settings], title: str) -> None:
    """Set two panels side by side, each with a vertical axis of its own, and write their headings and the title."""
    wide = (1 - APART) / 2
    for i, (head, own) in enumerate(zip(heads, y, strict=True)):
        ident, domain = ("", "2")[i], [i * (wide + APART), i * (wide + APART) + wide]
        drawing.layout[f"xaxis{ident}"] = x | {"title": {"text": ""}, "domain": domain, "anchor": f"y{ident}"}
        drawing.layout[f"yaxis{ident}"] = own | {"title": {"text": ""}, "anchor": f"x{ident}"}
        drawing.scatter(head, x=[None], y=[None], hoverinfo="skip", **panels.on(i))  # no trace, no axes drawn
        drawing.note(
            head, x=sum(domain) / 2, xref="paper", xanchor="center", y=1, yref="paper", yanchor="bottom", yshift=3,
            font={"color": drawing.ink.text, "size": FONT},
        )  # fmt: skip
    drawing.note(title, x=0.5, xref="paper", y=0, yref="paper", yanchor="top", yshift=-26)


def zero_row(drawing: Drawing, axis: LogAxis, panel: int = 0, across: str = "y") -> None:
    """Tint the row of exact zeros, for which a log axis has no place; ``across`` says which axis has it."""
    if axis.zero is None:
        return
    place, other = panels.within(panel), "x" if across == "y" else "y"
    ends = {f"{across}0": 10.0**axis.bottom, f"{across}1": 10.0 ** (2 * axis.zero - axis.bottom)}
    drawing.shape(
        "exactly 0", "rect", **ends, **{f"{other}0": 0, f"{other}1": 1}, line={"width": 0}, layer="below",
        fillcolor=drawing.ink.band, **place | {f"{other}ref": f"{place[f'{other}ref']} domain"},
    )  # fmt: skip


def along(steps: np.ndarray, most: int = 6) -> Settings:
    """Return the axis of updates, with at most so many spaces between ticks, at updates only."""
    first, last = float(steps[0]), float(steps[-1])
    pad = max(0.5, 0.01 * (last - first))
    across = even(first, last, most)
    if last - first < most:
        across |= {"tickvals": steps.tolist(), "ticktext": [f"{step:.0f}" for step in steps]}
    return across | {"range": [first - pad, last + pad]}


def even(low: float, high: float, most: int = 7) -> dict[str, Any]:
    """Return the ticks of a linear axis at round numbers."""
    step = next(
        e * 10.0**k for k in range(-6, 10) for e in (1, 2, 5) if (high - low) / (e * 10.0**k) <= most
    )  # fmt: skip
    values = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
    return {
        "tickmode": "array",
        "tickvals": values.tolist(),
        "ticktext": [f"{v + 0.0:.6g}".replace("-", "−") for v in values],
    }
