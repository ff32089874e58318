"""One training step of the explorer, everything recorded, against every other way to make it."""

from benchmarks import agreement, jax_scan
from benchmarks.contestants import KINDS, Contestant, Fused, Loop, Recorded, Unrecorded, experiment
from benchmarks.products import products
from benchmarks.report import Line, Section
from benchmarks.timing import median, once, ratios, side_by_side

TITLE = "one training step: batch, forward, backward, clip, Adam (T=100, B=32, H=64, float32, one thread)"
MAKERS: dict[str, agreement.Maker] = {
    "the recorded step": Recorded,
    "loop with retain_grad": Loop,
    "fused torch.nn, unrecorded": Fused,
    "off": Unrecorded,
}
SCAN = "JAX scan with recording"
PRODUCTS = "the matrix products alone"
NOTES = (
    "Contestants were checked before they were timed: first gradient, losses, gradient norms, and norms by time of all "
    "who record, to 1e-8 in float64.",
    "Loop and fused layer update with `torch.optim.Adam` as it comes, the explorer with its own settings of it.",
    "The recorded step also finds, as nobody beside it does, each step's share of the weight gradient, the accuracy, "
    "the norm after clipping and the spectral radius. Recording off is the explorer's model in a plain training loop "
    "that finds none of these and no norms by time.",
)


def run() -> Section:
    """All cells."""
    lines = [line for kind in KINDS for line in _lines(kind)]
    lines.sort(key=lambda line: line.measure.partition(": ")[2])  # by opponent; the cells stay in their order
    return Section(TITLE, lines, NOTES if jax_scan.HERE else (*NOTES, jax_scan.MISSING))


def measure(kind: str, opponent: str) -> str:
    """The name of a line."""
    return f"{kind}: recording on ÷ off" if opponent == "off" else f"{kind}: recorded step ÷ {opponent}"


def _lines(kind: str) -> list[Line]:
    makers = {**MAKERS, **({SCAN: jax_scan.Scan} if jax_scan.HERE else {})}
    here = experiment(kind)
    agreement.check(here, makers)
    contestants: dict[str, Contestant] = {name: maker(here) for name, maker in makers.items()}
    scan = contestants.get(SCAN)
    compiled = once(scan.compile) if isinstance(scan, jax_scan.Scan) else None
    recorded, *others = contestants
    times = side_by_side({n: c.step for n, c in contestants.items()} | {PRODUCTS: products(here)})
    took = median(times[recorded])
    return [
        Line(
            measure(kind, name),
            ratios(times, recorded, name),
            took=took,
            compile=compiled if name == SCAN else None,
        )
        for name in (*others, PRODUCTS)
    ]
