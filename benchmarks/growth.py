"""How the time grows with the length, the hidden size and the number of models."""

from functools import partial

from benchmarks.contestants import KINDS, Loop, Recorded, experiment
from benchmarks.products import products
from benchmarks.report import Line, Section
from benchmarks.timing import median, ratios, side_by_side
from explorer import sweep, train

LENGTHS = (100, 200, 400, 800, 1600, 3200)
HIDDEN = (16, 32, 64, 128, 256)
MODELS = (4, 16, 64)
ROUNDS = 7
UPDATES, MODEL_ROUNDS = 20, 3


def lengths() -> Section:
    """Time for each time step of a recorded training step, against T = 100."""
    lines = []
    for kind in KINDS:
        runs = {str(n): Recorded(experiment(kind, length=n, steps=200)).step for n in LENGTHS[1:]}
        runs[str(LENGTHS[0])] = Recorded(experiment(kind, length=LENGTHS[0])).step
        times = side_by_side(runs, ROUNDS)
        for length in LENGTHS[1:]:
            share = length / LENGTHS[0]
            values = tuple(r / share for r in ratios(times, str(length), str(LENGTHS[0])))
            lines.append(Line(measure(kind, length), values, took=median(times[str(length)]) / length))
    return Section("growth with T: a recorded training step (B=32, H=64, float32, one thread)", lines)


def measure(kind: str, length: int) -> str:
    """The name of a line about lengths."""
    return f"{kind}: time per step at T={length} ÷ at T={LENGTHS[0]}"


def hidden_sizes() -> Section:
    """A recorded training step against the loop and against its matrix products."""
    lines = []
    for size in HIDDEN:
        here = experiment("lstm", hidden_size=size)
        ways = {"recorded": Recorded(here).step, "loop": Loop(here).step, "products": products(here)}
        times = side_by_side(ways, ROUNDS)
        took = median(times["recorded"])
        for name, way in (("loop with retain_grad", "loop"), ("the matrix products alone", "products")):
            lines.append(Line(f"H={size}: recorded step ÷ {name}", ratios(times, "recorded", way), took=took))
    return Section("growth with the hidden size (LSTM, T=100, B=32, float32, one thread)", lines)


def models() -> Section:
    """One sweep over seeds, for each model, against a run alone."""
    alone = experiment("lstm", hidden_size=32, batch_size=16, steps=UPDATES)
    ways = {str(n): partial(sweep, alone, {"seed": range(n)}) for n in MODELS}
    times = side_by_side({"alone": partial(train, alone), **ways}, MODEL_ROUNDS, block=0.0)
    lines = []
    for number in MODELS:
        values = tuple(r / number for r in ratios(times, str(number), "alone"))
        name = f"sweep over {number} seeds, time for each ÷ one run alone"
        lines.append(Line(name, values, took=median(times[str(number)]) / number))
    title = f"growth with the number of models (LSTM, T=100, H=32, B=16, {UPDATES} updates, float32)"
    return Section(title, lines)
