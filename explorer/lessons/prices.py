"""Lesson: the price list of the variants of backpropagation through time, in measured time and memory."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import xarray as xr

from explorer.costs import Cost
from explorer.experiment import Experiment
from explorer.figures import Theme, cost_orders, kinds
from explorer.findings import Piece
from explorer.findings.facts import number
from explorer.lessons.base import Figures, Lesson, Live, Material, Symbol, Values
from explorer.lessons.charts import brief
from explorer.prices import prices, sized
from explorer.truncation import Full, Online, Rtrl, Stochastic, Truncation, Window

START = Experiment().changed(length="50", hidden_size="16", batch_size="8")
TIMES = (2, 10)  # times the cost of full BPTT, between which the choices divide
LENGTHS = (25, 50, 100)
SCHEMES: tuple[Truncation, ...] = (Full(), Window(k1=10, k2=10), Online(k2=10), Stochastic(mean_length=10), Rtrl())


class Prices(Lesson):
    """What one update costs under each variant, against the length of the sequence."""

    name = "prices"
    title = "The price list"
    question = (
        "Full BPTT keeps every state of the sequence until the gradient has come back. Real-time recurrent learning "
        "carries the derivative by every weight forward and keeps no past. With 16 units and 100 steps, what does that "
        "cost in time, against full BPTT?"
    )
    choices = ("About the same", "Two to ten times as much", "More than ten times as much")
    equation = (
        "full BPTT: time O(T·H²), memory O(T·H)",
        "truncated, K steps: time O(T·H²), memory O(K·H) for what must be kept",
        "RTRL: time O(T·H⁴), memory O(H³)",
    )
    symbols = (Symbol("T", "steps of the sequence"), Symbol("H", "hidden units"), Symbol("K", "truncation length"))
    sources = (
        "Williams & Peng 1990; Williams & Zipser 1989 (RTRL)",
        "Tallec & Ollivier 2017 (stochastic truncation)",
    )
    areas = '"costs" 430px "scrub" 4px / 1fr'
    live: ClassVar[Live] = "cost"

    def prices(self, values: Values) -> list[Experiment]:
        """Every scheme at every length."""
        each = [sized(START, "length", size, scheme) for scheme in SCHEMES for size in LENGTHS]
        return [experiment for experiment in each if experiment is not None]

    def material(self, values: Values) -> Material:
        """All of them timed, one after the other."""
        return {"costs": prices(START, "length", LENGTHS, SCHEMES)}

    def priced(self, values: Values, known: Callable[[Experiment], Cost | None]) -> Material:
        """As far as they are timed."""
        return {"costs": prices(START, "length", LENGTHS, SCHEMES, known)}

    def focus(self, values: Values) -> Experiment | None:
        """What the question is about."""
        return START

    def right(self, material: Material, values: Values) -> int:
        """By the time at the greatest length."""
        full, *_, rtrl = _last(material["costs"], "seconds")
        return int(np.searchsorted(TIMES, rtrl / full))

    def seen(self, material: Material, values: Values) -> Sequence[Piece]:
        """The two ends of the list."""
        costs = material["costs"]
        times, held = _last(costs, "seconds"), _last(costs, "memory")
        labels = costs["variant"].values.tolist()
        names = [look.name.replace("<br>", " ") for look in kinds.looks(labels, "light").values()]
        if not np.isfinite([*times, *held]).all():
            return [("Measuring on this machine …", None)]
        slow, fast, most, least = (f(v) for v in (times, held) for f in (np.argmax, np.argmin))
        return [
            (f"At {LENGTHS[-1]} steps {names[slow]} takes {number(1e3 * times[slow])} ms an update and {names[fast]} "
             f"{number(1e3 * times[fast])} ms; {names[most]} holds {number(1e-6 * held[most])} MB and {names[least]} "
             f"{number(1e-6 * held[least])} MB.", None),
        ]  # fmt: skip

    def figures(self, material: Material, values: Values, theme: Theme, *, revealed: bool) -> Figures:
        """Time and memory over the length; before, full BPTT alone."""
        costs = material["costs"]
        shown = costs if revealed else costs.isel(variant=slice(0, 1))
        return {"costs": brief(cost_orders(shown, theme), "Time and memory of one update")}


def _last(costs: xr.Dataset, name: str) -> np.ndarray:
    return np.asarray(costs[name].transpose("variant", "size").values[:, -1], dtype=np.float64)
