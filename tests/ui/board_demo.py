"""A page with a board and nothing else, for the tests in a real browser: made-up data that stream.

`?still` shows the finished run at once; `?small` leaves one panel out for two seconds in every four. Each such word in
the address begins the run again.
"""

import time
from functools import partial

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explorer.ui.board import Panel, Scrub, board, load_board

TOTAL, LENGTH, PER_SECOND = 600, 100, 20
AREAS = '"gradient loss" 210px "gradient norm" 210px "strip share" 130px "scrub ." 44px / 2.35fr 1fr'
TIME = np.arange(1, LENGTH + 1)


def made_up_run() -> dict[str, np.ndarray]:
    """Curves that look like a run's: grad_h [600, 100], loss and norm [600]."""
    random = np.random.default_rng(0)
    slope = 0.03 + 0.02 * np.cumsum(random.normal(size=TOTAL)) / 10
    grad = np.exp(-slope[:, None] * (LENGTH - TIME) + 0.1 * random.normal(size=(TOTAL, LENGTH)))
    grad[:, :20] = np.where(np.isin(np.arange(TOTAL) % 50, (7, 24))[:, None], np.inf, grad[:, :20])
    grad[:, :20] = np.where(np.arange(TOTAL)[:, None] % 50 == 18, 0.0, grad[:, :20])
    loss = 0.17 + 0.05 * np.exp(-np.arange(TOTAL) / 60) + 0.01 * random.normal(size=TOTAL)
    return {"grad_h": grad, "loss": loss, "norm": np.exp(0.7 * random.normal(size=TOTAL))}


def figure(traces: list, title: str, **layout: object) -> go.Figure:
    """A figure in the colours of the theme, with a template of its own."""
    dark = st.context.theme.type == "dark"
    axis = {"gridcolor": "#333a44" if dark else "#e8eaee", "zeroline": False}
    base = {"font": {"size": 14}, "margin": {"l": 64, "r": 12, "t": 36, "b": 44}, "xaxis": axis, "yaxis": axis}
    fig = go.Figure(traces, layout={"template": {"layout": base}, "title": {"text": title, "font": {"size": 15}}})
    return fig.update_layout(showlegend=False, **layout)


def cursor(axis: str, value: float) -> dict:
    """A line across the plot at the update that is shown."""
    across = "y" if axis == "x" else "x"
    ends = {f"{axis}0": value, f"{axis}1": value, f"{across}0": 0, f"{across}1": 1, f"{across}ref": "paper"}
    return {"type": "line", "name": f"cursor-{axis}", "line": {"color": "#888", "width": 1}, **ends}


def panels(run: dict[str, np.ndarray], n: int) -> list[Panel]:
    """The five charts after n updates."""
    now, steps, line = run["grad_h"][n - 1], np.arange(n), partial(go.Scatter, mode="lines", line={"color": "#D55E00"})
    rows = slice(0, n, max(1, n // 100))
    share = np.cumsum(np.where(np.isfinite(now), now, 0))
    strip = go.Heatmap(x=TIME, y=steps[rows], z=np.log10(run["grad_h"][rows]), showscale=False, zmin=-4, zmax=1)
    log = {"type": "log", "range": [-5, 1], "dtick": 1}
    marks = [{"mark": "zero", "at": 1e-5}, {"mark": "broken", "at": 10.0}, {"mark": "hatch", "low": 1e-5, "high": 10.0}]
    marked = [go.Scatter(x=[], y=[], mode="markers", meta={"track": "grad_h", "tracks": ["grad_h"]} | m) for m in marks]
    return [
        Panel("gradient", figure([line(x=TIME, y=now, meta={"track": "grad_h"}), *marked], f"{n}", yaxis=log), "g"),
        Panel("loss", figure([line(x=steps, y=run["loss"][:n])], "loss", shapes=[cursor("x", n - 1)]), "loss"),
        Panel("norm", figure([line(x=steps, y=run["norm"][:n])], "norm", shapes=[cursor("x", n - 1)]), "norm"),
        Panel("strip", figure([strip], "the same curve at every update", shapes=[cursor("y", n - 1)]), "strip"),
        Panel("share", figure([line(x=TIME, y=share / share[-1], meta={"track": "share"})], "share"), "share"),
    ]


def scrub(run: dict[str, np.ndarray], n: int) -> Scrub:
    """Up to 100 rows to look back at."""
    steps = np.arange(0, n, max(1, n // 100))
    grad = run["grad_h"][steps]
    share = np.cumsum(np.where(np.isfinite(grad), grad, 0), axis=1)
    captions = {"headline": [[("tanh", "#D55E00"), f" at update {s}."] for s in steps]}
    captions["gradient"] = [f"gradient at update {s}" for s in steps]
    return Scrub(steps, {"grad_h": grad, "share": share / share[:, -1:]}, TOTAL, captions)


def page(run: dict[str, np.ndarray], still: bool) -> None:
    """The board after as many updates as the time since the page got its address allows."""
    since = time.monotonic() - st.session_state.setdefault(f"start {list(st.query_params)}", time.monotonic())
    n = TOTAL if still else min(TOTAL, 2 + int(since * PER_SECOND))
    shown = panels(run, n)
    if "small" in st.query_params and since % 4 < 2:
        shown = shown[:-1]
    sentence = ["In this ", ("tanh", "#D55E00"), f" network <b>nothing</b> is real: {n} updates."]
    board("demo", shown, areas=AREAS, headline=sentence, subline="Made-up data.", scrub=scrub(run, n), revision="a")


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    load_board()
    is_still = "still" in st.query_params
    st.fragment(page, run_every=None if is_still else 0.1)(made_up_run(), is_still)
