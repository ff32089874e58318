"""What the Explore page draws of an experiment: the same for the page, bit by bit, and for a file, all at once."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go
import xarray as xr

from explorer import figures, findings
from explorer.boards import Board, Panel, Rich, Scrub
from explorer.experiment import Experiment
from explorer.figures import Theme
from explorer.figures.updates import kept
from explorer.file_names import stem

AREAS = """
"gradient loss" 210px
"gradient norms" 210px
"gradient share" 40px
"heat share" 170px
"scrub ." 44px / 2.35fr 1fr
"""
PANELS, SCRUB = ("gradient", "heat", "loss", "norms", "share"), "scrub"
ALL = (*PANELS, SCRUB)


@dataclass(frozen=True)
class Explored:
    """An experiment as far as it is known.

    Attributes:
        experiment: what is shown.
        shown: its run, else the measurement at its start.
        start: that measurement, drawn beside the run.
        beside: the starts of other cells, drawn beside its own.
        theme: light or dark.
        revision: as in `Board`.
        missing: what else to say under the headline.
    """

    experiment: Experiment
    shown: xr.Dataset
    start: xr.Dataset | None
    beside: Sequence[xr.Dataset]
    theme: Theme
    revision: str
    missing: Sequence[str] = ()

    def board(self, due: Collection[str] = ALL, last: Sequence[Panel] = (), *, done: bool = True) -> Board:
        """The board.

        Args:
            due: what to draw anew.
            last: the panels that were drawn before, for the rest.
            done: whether there is time for the sentences of all updates.
        """
        resting = {panel.name: replace(panel, rests=True) for panel in last}
        panels = [_panel(name, draw()) if name in due else resting[name] for name, draw in self._figures().items()]
        every = [self.shown, *self.beside]
        return Board(
            panels,
            AREAS,
            headline=self._coloured(findings.headline(every)),
            subline=[*self._coloured(findings.subline(every)), *self.missing],
            scrub=self._scrub(done=done) if SCRUB in due else "same",
            revision=self.revision,
            file=stem(self.experiment),
        )

    @property
    def _trained(self) -> bool:
        return self.shown is not self.start

    def _figures(self) -> dict[str, Callable[[], go.Figure]]:
        shown, look = self.shown, self.theme
        before = self.start if self._trained else None
        return {
            "gradient": lambda: figures.gradient([shown, *self.beside], before=before, theme=look),
            "heat": lambda: figures.heatmap(shown, look),
            "loss": lambda: figures.loss(shown, look),
            "norms": lambda: figures.norms(shown, look),
            "share": lambda: figures.weight_share(shown, theme=look),
        }

    def _scrub(self, *, done: bool) -> Scrub | None:
        """The updates to look back at; their sentences only once the run rests, for there are many."""
        if not self._trained:
            return None
        run, experiment = self.shown, self.experiment
        rows = kept(run.sizes["step"])
        tracks = {name: run[name].values[rows] for name in ("grad_h", "grad_c") if name in run}
        texts: dict[str, list[Rich]] = {name: list(titles) for name, titles in figures.captions(run, rows).items()}
        if done:
            texts["headline"] = [self._coloured(findings.headline([run], int(row))) for row in rows]
            texts["subline"] = [self._coloured(findings.subline([run], int(row))) for row in rows]
        else:  # the headline is about the newest update, which these rows are not
            texts["subline"] = ["Looking back; the sentence above is about the newest update."] * len(rows)
        return Scrub(
            run["step"].values[rows],
            {**tracks, "weight_share": figures.weight_share_rows(run, rows)},
            experiment.steps,
            texts,
        )

    def _coloured(self, pieces: list[findings.Piece]) -> list[tuple[str, str | None]]:
        """Pieces of a sentence with the colour of the cell they name."""
        return [(text, figures.style(cell, self.theme).colour if cell else None) for text, cell in pieces]


def _panel(name: str, figure: go.Figure) -> Panel:
    return Panel(name, figure, str(figure.layout.meta["alt"]))
