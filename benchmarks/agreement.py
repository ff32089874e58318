"""Whether contestants compute the same, asked before anything is timed."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.contestants import Contestant
from explorer import Experiment

# dtype → updates compared, and what each quantity may be off by, as a share of its largest entry. In float32 one only:
# Adam turns the rounding of a gradient that is nearly zero into a whole step of either sign.
CHECKS = {"float64": (3, 1e-8), "float32": (1, 1e-3)}
Maker = Callable[[Experiment], Contestant]


class DisagreementError(Exception):
    """Two contestants do not compute the same; the sentence says in what."""


def check(experiment: Experiment, makers: Mapping[str, Maker]) -> None:
    """Compare the first updates of all contestants, at a learning rate that matters.

    In float64 three updates to 1e-8, and again the first in the experiment's own precision to its rounding. Compared
    are the first gradient of every parameter, and for each update loss, gradient norm, and the norms by time that both
    record.

    Raises:
        DisagreementError: naming the first quantity that differs, or that is zero everywhere and so proves nothing.
    """
    for dtype in ("float64", experiment.dtype):
        updates, tolerance = CHECKS[dtype]
        same = experiment.changed(dtype=dtype, learning_rate=0.01, steps=updates)
        first, *others = makers
        reference = _found(makers[first](same), updates)
        for name in others:
            _compare(first, reference, name, _found(makers[name](same), updates), tolerance)


def _found(contestant: Contestant, updates: int) -> dict[str, ArrayLike]:
    """Every quantity of a contestant, by its name in words."""
    found: dict[str, ArrayLike] = {}
    for number in range(1, updates + 1):
        update = contestant.step()
        found |= {f"loss of update {number}": update.loss, f"gradient norm of update {number}": update.grad_norm}
        found |= {f"{name} of update {number}": norms for name, norms in update.by_time.items()}
        if number == 1:
            found |= {
                f"gradient of {name}": gradient.cpu().numpy() for name, gradient in contestant.gradients().items()
            }
    return found


def _compare(
    one: str, expected: Mapping[str, ArrayLike], other: str, found: Mapping[str, ArrayLike], tolerance: float
) -> None:
    shared = [name for name in expected if name in found]
    missing = [name for name in expected if name not in found and not name.startswith("grad_")]
    if missing:
        raise DisagreementError(f"{other} does not say the {missing[0]}, which {one} does; nothing was timed.")
    for name in shared:
        a, b = np.asarray(expected[name], np.float64), np.asarray(found[name], np.float64)
        largest = float(np.abs(a).max())
        if not largest > 0:
            raise DisagreementError(f"{one}: the {name} is zero everywhere, which proves nothing; nothing was timed.")
        error = float(np.abs(a - b).max()) / largest if a.shape == b.shape else float("inf")
        if not error <= tolerance:
            raise DisagreementError(
                f"{one} and {other} disagree: the {name} is off by {error:.1e} of its largest entry, "
                f"allowed is {tolerance:.0e}; nothing was timed."
            )
