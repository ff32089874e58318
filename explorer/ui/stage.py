"""The stage: the board with its charts, and the controls of the training run under it, redrawn while it runs."""

import streamlit as st
import xarray as xr

from explorer import findings
from explorer.building import DeviceError, device_of
from explorer.experiment import Experiment
from explorer.figures import captions, gradient, heatmap, loss, norms, style, weight_share, weight_share_rows
from explorer.figures.updates import kept
from explorer.findings import with_loss
from explorer.job import TrainingJob
from explorer.ui import runs
from explorer.ui.board import Panel, Rich, Scrub, board
from explorer.ui.look import theme
from explorer.ui.measured import beside, measured

REDRAW = 0.08  # seconds between two redraws of the charts while training
COUNT = 0.5  # seconds between two counts of the updates
HEARTBEAT = 10.0  # seconds between two polls while paused, so that the run knows its page is there
BUTTON = 136  # px; the same for Train, Pause and Resume, so that nothing beside them moves
AREAS = """
"gradient loss" 210px
"gradient norms" 210px
"gradient share" 40px
"heat share" 170px
"scrub ." 44px / 2.35fr 1fr
"""


def stage(experiment: Experiment) -> None:
    """Show the experiment: its run if there is one, else the measurement at its start."""
    job = runs.of(experiment)
    phase = job.phase if job is not None else None
    resting = {"paused": HEARTBEAT}.get(phase or "")

    # Two fragments: what streams is one message to one component, and the buttons are not drawn ten times a second.
    @st.fragment(run_every=REDRAW if phase == "running" else None)
    def live() -> None:
        _charts(experiment, runs.of(experiment))

    @st.fragment(run_every=COUNT if phase == "running" else resting)
    def transport() -> None:
        job = runs.of(experiment)
        if job is not None:
            job.touch()
        if refused := runs.refusal():
            st.toast(refused)
        _transport(experiment, job)
        if (job.phase if job is not None else None) != phase:
            st.rerun()  # sets both timers anew

    try:
        device_of(experiment)
    except DeviceError as error:
        st.warning(str(error))
        return
    live()
    transport()


def _charts(experiment: Experiment, job: TrainingJob | None) -> None:
    try:
        start = measured(experiment)
    except (MemoryError, RuntimeError) as error:  # torch tells of used-up memory as a RuntimeError
        st.warning(f"This could not be measured: {str(error).partition(chr(10))[0]} Lower batch_size or length.")
        return
    run = job.dataset() if job is not None else None
    run = with_loss(run) if run is not None else None
    shown, look = run if run is not None else start, theme()
    others = beside(experiment) if run is None else []  # beside a trained cell, untrained ones would mislead
    figures = {
        "gradient": gradient([shown, *others], before=start if run is not None else None, theme=look),
        "heat": heatmap(shown, look),
        "loss": loss(shown, look),
        "norms": norms(shown, look),
        "share": weight_share(shown, theme=look),
    }
    board(
        "explore",
        [Panel(name, figure, str(figure.layout.meta["alt"])) for name, figure in figures.items()],
        areas=AREAS,
        headline=_coloured(findings.headline([shown, *others])),
        subline=_coloured(findings.subline([shown, *others])),
        scrub=_scrub(experiment, run, done=job is not None and job.phase != "running") if run is not None else None,
        revision=experiment.digest,
    )


def _scrub(experiment: Experiment, run: xr.Dataset, *, done: bool) -> Scrub:
    """The updates to look back at; their sentences only once the run rests, for there are many."""
    rows = kept(run.sizes["step"])
    tracks = {name: run[name].values[rows] for name in ("grad_h", "grad_c") if name in run}
    texts: dict[str, list[Rich]] = {name: list(titles) for name, titles in captions(run, rows).items()}
    if done:
        texts["headline"] = [_coloured(findings.headline([run], int(row))) for row in rows]
        texts["subline"] = [_coloured(findings.subline([run], int(row))) for row in rows]
    else:  # the headline is about the newest update, which these rows are not
        texts["subline"] = ["Looking back; the sentence above is about the newest update."] * len(rows)
    return Scrub(
        run["step"].values[rows],
        {**tracks, "weight_share": weight_share_rows(run, rows)},
        experiment.steps,
        texts,
    )


def _coloured(pieces: list[findings.Piece]) -> Rich:
    """Pieces of a sentence with the colour of the cell they name."""
    return [(text, style(cell, theme()).colour if cell else None) for text, cell in pieces]


def _transport(experiment: Experiment, job: TrainingJob | None) -> None:
    """Train, pause, one step, stop, reset, and how far the run is."""
    phase = job.phase if job is not None else None
    ended = phase in (None, "ended")
    with st.container(horizontal=True, vertical_alignment="center", key="transport"):
        if phase == "running":
            st.button("Pause", key="pause", on_click=runs.pause, args=(experiment,), width=BUTTON, shortcut="Space")
        else:
            word = "Resume" if phase == "paused" else "Train"
            st.button(
                word,
                key="train",
                type="primary",
                on_click=runs.train,
                args=(experiment,),
                width=BUTTON,
                shortcut="Space",
            )
        st.button("Step", key="step", on_click=runs.step, args=(experiment,), disabled=phase in ("running", "ended"))
        st.button("Stop", key="stop", on_click=runs.stop, args=(experiment,), disabled=ended)
        st.button("Reset", key="reset", on_click=runs.reset, args=(experiment,), disabled=job is None)
        _progress(experiment, job)


def _progress(experiment: Experiment, job: TrainingJob | None) -> None:
    if job is None:
        st.progress(0.0, f"{experiment.steps} updates with {experiment.optimizer.kind}, not trained yet")
        return
    done, total = job.recording.recorded, experiment.steps
    parts = [f"{done} of {total} updates"]
    if job.phase == "running" and job.rate > 0:
        parts += [f"{job.rate:.0f}/s", f"{_duration((total - done) / job.rate)} left"]
    elif job.error is not None:
        parts = [f"ended: {job.error}"]
    elif job.phase == "paused":
        parts.append("paused")
    elif job.phase == "ended":
        parts.append(job.recording.status)
    st.progress(min(1.0, done / total), " · ".join(parts))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
