"""The states of a training run at some of its updates, ready to be measured."""

from collections.abc import Iterator, Sequence

from explorer.building import build
from explorer.experiment import Experiment
from explorer.instruments.asked import InstrumentError
from explorer.instruments.unrolled import Progress, Unrolled, unroll_on
from explorer.training import Training


def along(
    config: Experiment, updates: Sequence[int], progress: Progress | None
) -> Iterator[tuple[int, Unrolled, Progress | None]]:
    """Repeat the run that `train` would make, and stop at some of its updates.

    Args:
        config: the experiment.
        updates: how many updates have been made where to stop, each from 0 to `steps`.
        progress: told the share of the updates done.

    Yields:
        The number of updates made; the network as it then is, run from the state of zero over the whole sequences of
        the next update's batch; whom to tell of progress while measuring there.

    Raises:
        InstrumentError: where the run diverges before.
    """
    whole = max(updates)
    if whole == 0:
        built = build(config)
        yield 0, unroll_on(config, built.model, built.batch), progress
        return

    def told(_: float = 0.0) -> None:
        if progress is not None:
            progress(made / whole)

    made, training, batches = 0, Training(config), enumerate(build(config).batches)
    rows = iter(training)
    pieces = len(config.truncation.plan(config.task.steps)) if config.truncation.updates_per_segment else 1
    number, batch = next(batches)
    for update in sorted(updates):
        while made < update:
            told()
            row = next(rows)
            if not row.finite:
                why = f"the run diverges in its update {made}, counted from 0"
                raise InstrumentError(f"at: {update} is not allowed; {why}.")
            made += 1
        while number < update // pieces:
            number, batch = next(batches)
        yield update, unroll_on(config, training.model, batch), told
