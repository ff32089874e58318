"""A training step on a GPU, captured as a CUDA graph, against the plain path and against what people write today."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import agreement
from benchmarks.contestants import KINDS, Contestant, Fused, Recorded, Update, experiment
from benchmarks.contestants import Loop as LoopOverCells
from benchmarks.report import Line, Section
from benchmarks.timing import median, once, ratios, side_by_side
from explorer import Experiment, captured
from explorer.together import Together

TITLE = "one training step on a GPU (T=100, B=32, H=64, float32)"
MISSING = "There is no CUDA device here: the training step on a GPU was not timed."
NOTES = (
    "On a GPU contestants were checked as on the CPU; cuDNN computes in float32 proper (`allow_tf32` off), as all "
    "others do. Each step ends when its loss is known to the host.",
)
MODELS = 64


class Loop(LoopOverCells):
    """The loop; its `grad_c` is not compared.

    On CUDA `nn.LSTMCell` is one fused operation: what `retain_grad()` leaves at a cell state lacks the path by the
    hidden state of the same step.
    """

    def recorded(self) -> dict[str, NDArray[np.floating[Any]]]:
        """The norms of the hidden states."""
        return {"grad_h": super().recorded()["grad_h"]}


MAKERS: dict[str, agreement.Maker] = {
    "captured": Recorded,
    "loop with retain_grad": Loop,
    "fused torch.nn, unrecorded": Fused,
}


class Plain(Recorded):
    """The explorer without a graph: every operation of the step is launched by itself."""

    def step(self) -> Update:
        """The next row of the run; the first sets up, and there is nothing captured then."""
        kept, captured.captured = captured.captured, lambda step: step
        try:
            return super().step()
        finally:
            captured.captured = kept


def run() -> Section:
    """All cells, where there is a device."""
    if not torch.cuda.is_available():
        return Section(TITLE, (), (MISSING,))
    torch.backends.cudnn.allow_tf32 = False
    lines = [line for kind in KINDS for line in _lines(kind)]
    lines.sort(key=lambda line: line.measure.partition(": ")[2])  # by opponent; the cells stay in their order
    return Section(TITLE, (*lines, _models()), NOTES)


def _lines(kind: str) -> list[Line]:
    here = experiment(kind, device="cuda")
    agreement.check(here, MAKERS)
    agreement.check(here, {"captured": Recorded, "plain": Plain})
    contestants: dict[str, Contestant] = {name: maker(here) for name, maker in MAKERS.items()}
    first = once(contestants["captured"].step)
    ways: dict[str, Callable[[], object]] = {name: contestant.step for name, contestant in contestants.items()}
    ways |= {"without a graph": Plain(here).step, "on the CPU, one thread": Recorded(experiment(kind)).step}
    times = side_by_side(ways)
    lines = [
        Line(f"{kind}: step on the GPU ÷ {name}", ratios(times, "captured", name), took=median(times["captured"]))
        for name in ways
        if name != "captured"
    ]
    return [*lines, Line(f"{kind}: first step, capture included", (first,), unit="s")]


def _models() -> Line:
    """Sixty-four experiments in one program against one alone."""

    def rows(experiments: list[Experiment]) -> partial[object]:
        return partial(next, iter(Together(experiments)))

    one = experiment("lstm", device="cuda")
    together = [one.changed(seed=seed) for seed in range(MODELS)]
    times = side_by_side({"together": rows(together), "alone": rows([one])})
    values = tuple(ratio / MODELS for ratio in ratios(times, "together", "alone"))
    name = f"lstm: {MODELS} experiments in one graph, time for each ÷ one alone"
    return Line(name, values, took=median(times["together"]) / MODELS)
