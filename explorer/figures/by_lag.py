"""How far the parts of ∂L/∂W_hh travelled: the norm of each lag's part, and of all parts up to a lag."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels, tracks
from explorer.figures.panels import Look
from explorer.figures.theme import Theme, style
from explorer.findings import facts, truncation_sentences
from explorer.findings.facts import count

MARGIN = {"l": 104, "r": 112, "b": 58}
NEAR = 0.9


def by_lag(lags: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw ‖G_ℓ‖ and ‖G_0 + … + G_ℓ‖ (log) over the lag ℓ, G_ℓ the part of ∂L/∂W_hh that travelled ℓ steps.

    The vertical is the lag from which on the norm of the sum stays within 10 % of ‖∂L/∂W_hh‖.

    Args:
        lags: ``grad_weight(lag)`` and ``grad_weight_cumulative(lag)``, Frobenius norms in loss per unit of weight.
        theme: ``light`` or ``dark``.
    """
    found = {
        name: np.asarray(lags[name].values, dtype=np.float64) for name in ("grad_weight", "grad_weight_cumulative")
    }
    said = truncation_sentences.lags_sentence(lags)
    drawing = panels.start(said, "", "Line chart, log scale: weight gradient by lag", theme, MARGIN)
    drawing.layout["meta"] |= {
        "equation": "∂L/∂W_hh = Σ G(ℓ) over the lags ℓ,  G(ℓ) = Σ over s of ∂Lₛ/∂W_hh through step t = s − ℓ"
    }
    axis = tracks.axis_of(np.concatenate(list(found.values())))
    x, own = np.asarray(lags["lag"].values), style(facts.kind(lags), theme)
    last = max(1.0, float(x[-1]))
    pad = max(0.5, 0.01 * last)
    ends = {"range": [x[0] - pad, last + pad], "title": {"text": "lag ℓ = s − t (steps from the loss back)"}}
    drawing.axes(tracks.even(float(x[0]), last, 6) | ends, axis.layout("norm (loss per unit of weight)"))
    tracks.zero_row(drawing, axis)
    placed = []
    for name, words, dash in (("grad_weight", "exactly<br>this lag", "solid"),
                              ("grad_weight_cumulative", "all lags<br>up to it", "dash")):  # fmt: skip
        look = Look(words, own.colour, dash)
        tracks.track(drawing, look, x, found[name], axis, hover="lag %{x}", points=False)
        # The last lag ends at the first step, whose weights read the initial state: its part is zero.
        placed.append((look, tracks.end(axis, found[name][:-1] if len(x) > 1 else found[name])))
    tracks.names(drawing, placed)
    total = found["grad_weight_cumulative"]
    if np.isfinite(total).all() and total[-1] > 0:
        lag = truncation_sentences.reached(total, NEAR)
        drawing.upright("within 10 %", float(x[lag]), {"color": drawing.ink.reference, "width": 1.5, "dash": "dot"})
        side = "left" if lag < len(x) / 2 else "right"
        words = f"within 10 % of ‖∂L/∂W<sub>hh</sub>‖ from {'lag 0' if lag == 0 else count(lag, 'step')} on"
        drawing.note(words, x=float(x[lag]), xanchor=side, y=1, yref="paper", yanchor="bottom", yshift=2)
    return drawing.figure()
