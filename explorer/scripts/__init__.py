"""An experiment as a script of its own, in one framework or another. A new framework is one file and one line here.

A script imports nothing of this project, and is written to be read, changed and handed in. It carries no weights and
no batches: on the CPU PyTorch draws by the Mersenne Twister, and so does NumPy's `RandomState`, so that every script
draws the same from the seed, up to the rounding of logarithm, sine and QR. It is therefore as short for large networks
as for small ones, trains on the batches that the engine trains on, and still runs when its sizes are changed. The
weights of an LSTM of 64 units, carried along, would be a line of 180 000 characters.
"""

from explorer.experiment import Experiment
from explorer.problems import ExperimentError, Problem, shown
from explorer.scripts import jax, keras, pytorch
from explorer.scripts.base import Writer, check

WRITERS: dict[str, Writer] = {writer.kind: writer for writer in (pytorch.WRITER, keras.WRITER, jax.WRITER)}

__all__ = ["WRITERS", "Writer", "script"]


def script(experiment: Experiment, framework: str = "pytorch") -> str:
    """The experiment as a Python script that needs one framework and nothing of this project.

    Its constant `STEPS` is the number of updates that it trains. The last line that it prints is the JSON list of
    `grad_h` at the start: Σ over the batch of ‖∂L/∂h_{b,t}‖₂ for t = 1…T, as `measure` gives it.

    Args:
        experiment: what the script does; it does so on whatever device the framework takes.
        framework: `pytorch`, `keras` (Keras 3, on JAX) or `jax`.

    Raises:
        ExperimentError: where there is no such framework, or a part of the experiment that no script can do.
    """
    if framework not in WRITERS:
        allowed = ", ".join(WRITERS)
        raise ExperimentError(
            [Problem(("framework",), f"framework: {shown(framework)} is not allowed; give one of {allowed}.")]
        )
    check(experiment)
    return WRITERS[framework].write(experiment)
