"""The one look of every figure: colours, template, axes."""

import math
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

Theme = Literal["light", "dark", "light projector", "dark projector"]
"""The last two have more contrast; cells keep their colours."""

FONT = 14  # px: no text in a figure is smaller
TITLE = 16
LINE = 2.5
CLEAR = "rgba(0,0,0,0)"
FAMILY = '"Source Sans", "Source Sans Pro", Helvetica, Arial, sans-serif'
MARGIN = {"l": 104, "r": 88, "t": 58, "b": 72}  # of the charts over time; left and right must agree to line them up
SMALL = {"l": 58, "r": 88, "t": 34, "b": 46}  # of the small charts; the right margin holds the labels of lines

# Okabe-Ito hues, darkened for light pages until they have 4.5 : 1 contrast as text, lightened for dark ones.
_COLOURS = {
    "tanh": ("#C24E00", "#FF8A3D"),
    "lstm": ("#0072B2", "#56B4E9"),
    "gru": ("#007A59", "#2CC79B"),
    "relu": ("#A4507D", "#E39AC3"),
}
_DASHES = {"tanh": "solid", "lstm": "dash", "gru": "dot", "relu": "dashdot"}
_SPARE = (("#86650A", "#E6B400"), ("#53618F", "#A9B6E8"), ("#6B6A12", "#D9D64A"), ("#8A5A44", "#D9A78E"))
_SPARE_DASHES = ("longdash", "longdashdot", "8px,3px,2px,3px,2px,3px", "3px,3px")


@dataclass(frozen=True)
class Style:
    """How one cell is drawn in every chart: colour, and the dash as second cue."""

    colour: str
    dash: str


@dataclass(frozen=True)
class Ink:
    """The neutral colours of one theme; ``text`` and ``paper`` are those of the app (.streamlit/config.toml)."""

    text: str
    quiet: str
    reference: str
    grid: str
    band: str
    cut: str
    zero: str
    broken: str
    vanishing: str
    exploding: str
    paper: str


_INKS: dict[Theme, Ink] = {
    "light": Ink(
        text="#1A1C23", quiet="#57606A", reference="#6E7781", grid="rgba(110,119,129,0.18)",
        band="rgba(110,119,129,0.16)", cut="rgba(110,119,129,0.55)", zero="#D0D4DA", broken="#D6336C",
        vanishing="rgba(70,90,160,0.07)", exploding="rgba(200,110,40,0.08)", paper="#FFFFFF",
    ),
    "dark": Ink(
        text="#EDEFF3", quiet="#AEB6C0", reference="#9AA4B0", grid="rgba(174,182,192,0.16)",
        band="rgba(174,182,192,0.20)", cut="rgba(174,182,192,0.55)", zero="#4A505A", broken="#FF6B9A",
        vanishing="rgba(120,150,255,0.10)", exploding="rgba(255,160,90,0.10)", paper="#14171D",
    ),
    "light projector": Ink(
        text="#000000", quiet="#24292F", reference="#4B535D", grid="rgba(36,41,47,0.28)",
        band="rgba(110,119,129,0.22)", cut="rgba(36,41,47,0.75)", zero="#C3C8CF", broken="#B8144F",
        vanishing="rgba(70,90,160,0.10)", exploding="rgba(200,110,40,0.12)", paper="#FFFFFF",
    ),
    "dark projector": Ink(
        text="#FFFFFF", quiet="#E1E5EA", reference="#B9C1CB", grid="rgba(225,229,234,0.30)",
        band="rgba(174,182,192,0.28)", cut="rgba(225,229,234,0.75)", zero="#5A616C", broken="#FF7FA8",
        vanishing="rgba(120,150,255,0.16)", exploding="rgba(255,160,90,0.16)", paper="#000000",
    ),
}  # fmt: skip


def style(cell: str, theme: Theme = "light") -> Style:
    """Return the colour and dash of a kind of cell; an unknown kind gets a spare one that never changes."""
    shade = shade_of(theme)
    if cell in _COLOURS:
        return Style(_COLOURS[cell][shade], _DASHES[cell])
    spare = zlib.crc32(cell.encode()) % len(_SPARE)
    return Style(_SPARE[spare][shade], _SPARE_DASHES[spare])


def shade_of(theme: Theme) -> int:
    """Return which of two colours a theme takes, that for light pages or that for dark ones."""
    return int(theme.startswith("dark"))


def ink(theme: Theme = "light") -> Ink:
    """Return the neutral colours of a theme."""
    return _INKS[theme]


@cache
def template(theme: Theme = "light") -> dict[str, Any]:
    """Return the Plotly template; every figure names it, because importing streamlit changes Plotly's default.

    One dict for all figures, which copy it: not to be changed.
    """
    colours = ink(theme)
    font = {"family": FAMILY, "size": FONT, "color": colours.text}
    axis = {
        "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "ticklabelstandoff": 4,
        "automargin": False, "ticklabeloverflow": "allow",
        "tickfont": {"size": FONT, "color": colours.quiet},
        "title": {"font": {"size": FONT, "color": colours.quiet}, "standoff": 6},
        "gridcolor": colours.grid, "gridwidth": 1, "linecolor": colours.reference,
    }  # fmt: skip
    return {
        "layout": {
            "font": font,
            "title": {"font": {"size": TITLE, "color": colours.text}, "x": 0, "xref": "container", "xanchor": "left",
                      "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 6, "l": 2}},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"font": {"family": FAMILY, "size": FONT}},
            "annotationdefaults": {"showarrow": False, "font": {"size": FONT, "color": colours.quiet}},
            "xaxis": axis | {"tickangle": 0},
            "yaxis": axis | {"showgrid": True},
        }
    }  # fmt: skip


HALF_ROW = 0.045  # half the height of the rows for zeros and for inf and nan, in shares of the values' range


@dataclass(frozen=True)
class LogAxis:
    """A log axis in decades: where the data are, and the rows kept free for zeros below and for inf and nan above."""

    low: float
    high: float
    zero: float | None = None
    top: float | None = None
    top_name: str = "inf"

    @property
    def bottom(self) -> float:
        """Lower end of the axis with the row of zeros."""
        return self.low if self.zero is None else self.zero - HALF_ROW * (self.high - self.low)

    @property
    def ceiling(self) -> float:
        """Upper end of the axis with the row of values that are not finite."""
        return self.high if self.top is None else self.top + HALF_ROW * (self.high - self.low)

    def share(self, decade: Any) -> Any:
        """Return how far up the axis a value lies, 0 to 1."""
        return (decade - self.bottom) / (self.ceiling - self.bottom)

    def layout(self, title: str, most: int = 7) -> dict[str, Any]:
        """Return the settings of the Plotly axis: range, and ticks people can read."""
        marks = [(10.0**d, decade(d)) for d in decades(self.low, self.high, most)]
        if self.zero is not None:
            marks = [(10.0**self.zero, "0"), *marks]
        if self.top is not None:
            marks.append((10.0**self.top, self.top_name))
        values, texts = zip(*marks, strict=True)
        return {"type": "log", "range": [self.bottom, self.ceiling], "title": {"text": title}, "tickmode": "array",
                "tickvals": list(values), "ticktext": list(texts)}  # fmt: skip


def log_axis(low: float, high: float, *, zeros: bool = False, broken: str = "") -> LogAxis:
    """Return the axis for positive values from ``low`` to ``high``: at least two decades, a little air at both ends."""
    bottom, top = (math.log10(low), math.log10(high)) if 0 < low <= high < math.inf else (-2.0, 0.0)
    air = max(0.12, 0.04 * (top - bottom))
    bottom, top = bottom - air, top + air
    missing = max(0.0, 2.0 - (top - bottom))
    bottom, top = max(bottom - missing / 2, -322.0), min(top + missing / 2, 307.0)
    room = 2 * HALF_ROW * (top - bottom)
    if zeros:
        bottom = max(bottom, -322.0 + 2 * room)  # 10**bottom must stay a number
    return LogAxis(bottom, top, bottom - room if zeros else None, top + room if broken else None, broken)


def decade(exponent: int) -> str:
    """Write a power of ten for people: 100, 1, 0.1, 1e-4."""
    return {3: "1000", 2: "100", 1: "10", 0: "1", -1: "0.1", -2: "0.01", -3: "0.001"}.get(exponent, f"1e{exponent}")


def decades(low: float, high: float, most: int = 7) -> list[int]:
    """Return at most ``most`` whole decades between two exponents, evenly spaced, 1 among them where it is inside."""
    for every in (1, 2, 3, 4, 5, 10, 20, 50, 100, 200):
        found = [d for d in range(math.ceil(low), math.floor(high) + 1) if d % every == 0]
        if len(found) <= most:
            return found or [math.floor(high)]
    return []


def time_axis(length: int, standoff: int = 4, most: int = 6) -> dict[str, Any]:
    """Return the settings of the axis of time steps 1..T, the same in every chart over time."""
    every = next(e * 10**k for k in range(9) for e in (1, 2, 5) if length / (e * 10**k) <= most)
    ticks = [1, *(t for t in range(every, length + 1, every) if t > 0.06 * length and t > 1)]
    return {"title": {"text": "time step t"}, "range": [0.5, length + 0.5], "tickmode": "array", "tickvals": ticks,
            "ticktext": [str(t) for t in ticks], "ticklabelstandoff": standoff}  # fmt: skip
