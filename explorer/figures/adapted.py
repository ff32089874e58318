"""What adaptive truncation chose, update by update: its length, and the bias estimated against the true one."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures import panels, tracks
from explorer.figures.drawing import POINT, Drawing, Settings
from explorer.figures.panels import Look
from explorer.figures.theme import LINE, Theme, ink, style
from explorer.figures.updates import kept
from explorer.findings import adapted_sentences, facts
from explorer.findings.facts import count, number
from explorer.findings.quantities import with_loss

POINTS = 30  # up to so many updates have a marker each
HEADS = ("truncation length K (steps)", "relative bias ‖ĝ − g‖ / ‖g‖")
EQUATION = "δ(K) = a(K) ÷ max (‖ĝₖ‖ − a(k)) over k, a(K) = Σ φₖ over k ≥ K · true bias = ‖ĝ − g‖ ÷ ‖g‖, g of full BPTT"


def adapted(run: xr.Dataset, theme: Theme = "light") -> go.Figure:
    """Draw K over updates, and beside it δ(K), the estimate it was chosen by, against the true relative bias (log).

    Args:
        run: ``truncation_length`` [step] in steps, ``estimated_bias`` and ``true_bias`` [step]; the tolerance, drawn
            dashed, is that of the experiment. nan where the full gradient is zero, and where nothing was recorded.
            Updates that used no loss are left out.
        theme: ``light`` or ``dark``.
    """
    run = with_loss(run)
    said, every = adapted_sentences.adapted_sentence(run), facts.part(run, "truncation").get("interval")
    note = f"K is chosen every {count(every, 'update')}" if isinstance(every, int) and every > 1 else ""
    found = _looks(run, theme)
    margin = {"l": 64, "r": tracks.beside({look.name: look for look in found}), "b": 58}
    drawing = panels.start(said, note, "Line charts: truncation length and relative bias by update", theme, margin)
    drawing.layout["meta"] |= {"equation": EQUATION}
    chosen, most = kept(run.sizes["step"]), adapted_sentences.tolerance(run)
    steps = facts.values(run, "step")[chosen]
    lengths, true, estimated = (
        facts.values(run, name)[chosen].astype(np.float64)
        for name in ("truncation_length", "true_bias", "estimated_bias")
    )
    axis = tracks.axis_of(np.concatenate([true, estimated, [most] if most > 0 else []]))
    upright = _upright(lengths)
    tracks.pair(drawing, HEADS, tracks.along(steps), (upright, axis.layout("")), "update")
    tracks.zero_row(drawing, axis, 1)
    _length(drawing, steps, lengths, found[0].colour)
    placed = []
    for look, values, row in zip(found[:2], (true, estimated), tracks.rows(2), strict=True):
        tracks.track(
            drawing, look, steps, values, axis, hover="update %{x}", panel=1, row=row, points=len(steps) <= POINTS,
            width=2,
        )  # fmt: skip
        placed.append((look, tracks.end(axis, values)))
    if most > 0:
        drawing.shape("tolerance", "line", xref="x2 domain", x0=0, x1=1, yref="y2", y0=most, y1=most,
                      line={"color": drawing.ink.reference, "width": 1.5, "dash": "dash"})  # fmt: skip
        placed.append((found[2], float(axis.share(np.log10(most)))))
    tracks.names(drawing, placed)
    return drawing.figure()


def _looks(run: xr.Dataset, theme: Theme) -> tuple[Look, Look, Look]:
    """Return how the true bias, the estimate and the tolerance are drawn and called."""
    grey, most = ink(theme).reference, adapted_sentences.tolerance(run)
    return (
        Look("true", style(facts.kind(run), theme).colour, "solid"),
        Look("estimated", ink(theme).text, "dot", "circle-open"),
        Look(f"tolerance, {number(most)}", grey, "dash"),
    )


def _length(drawing: Drawing, steps: np.ndarray, lengths: np.ndarray, colour: str) -> None:
    """Draw K as stairs: it holds from one estimate to the next."""
    hover = "K = %{y:.0f} steps at update %{x}<extra></extra>"
    line = {"color": colour, "width": LINE, "shape": "hv"}
    if len(steps) > POINTS:
        drawing.line("K", x=steps, y=lengths, line=line, cliponaxis=False, hovertemplate=hover)
        return
    drawing.scatter(
        "K", x=steps, y=lengths, mode="lines+markers", line=line, marker={"color": colour, "size": POINT},
        cliponaxis=False, hovertemplate=hover,
    )  # fmt: skip


def _upright(lengths: np.ndarray) -> Settings:
    """Return the axis of K, from 0."""
    top = float(np.nanmax(lengths, initial=1.0))
    return {"range": [0.0, 1.06 * top], **tracks.even(0.0, top, 6)}
