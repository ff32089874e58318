"""What each task's sequences look like: where the cues stand, and what the targets are."""

import pytest
import torch
from sequences import many, numbers, task_of
from torch import Tensor

T = 20


def covered(steps: Tensor) -> tuple[int, int]:
    """First and last step, counted from 1, at which a cue was seen."""
    return int(steps.min()) + 1, int(steps.max()) + 1


@pytest.mark.parametrize("length", [2, 7, 20])
def test_adding(length: int) -> None:
    task, batch = many("adding", length=length)
    values, markers = batch.inputs.unbind(-1)
    half = length // 2
    assert batch.inputs.shape == (length, 20_000, 2) and batch.targets.shape == (length, 20_000, 1)
    assert ((values >= 0) & (values < 1)).all() and abs(values.mean() - 0.5) < 0.005
    assert ((markers == 0) | (markers == 1)).all()
    assert (markers[:half].sum(0) == 1).all() and (markers[half:].sum(0) == 1).all()
    first, second = markers[:half].argmax(0), half + markers[half:].argmax(0)
    marked = values.gather(0, first[None])[0] + values.gather(0, second[None])[0]
    torch.testing.assert_close(batch.targets[-1, :, 0], marked)
    assert (batch.targets[:-1] == 0).all()
    assert task.signal == (covered(first), covered(second)) == ((1, half), (half + 1, length))
    assert task.question == task.asked == (length, length)


def test_adding_marks_every_step_equally_often() -> None:
    _, batch = many("adding")
    often = batch.inputs[..., 1].mean(1) * T / 2
    assert (often - 1).abs().max() < 5 * (T / 2 / 20_000) ** 0.5


@pytest.mark.parametrize("lag", [1, 5])
def test_copying(lag: int) -> None:
    task, batch = many("copying", length=lag)
    read, targets = numbers(batch), batch.targets
    assert task.steps == len(read) == lag + 20 and task.input_size == 10 and task.output_size == 9
    assert (read[:10] < 8).all() and read[:10].unique().tolist() == list(range(8))
    assert (read[10 : 10 + lag - 1] == 8).all()
    assert (read[10 + lag - 1] == 9).all()
    assert (read[10 + lag :] == 8).all() and len(read[10 + lag :]) == 10
    assert (targets[: lag + 10] == 8).all()
    assert torch.equal(targets[lag + 10 :], read[:10])
    assert task.signal == ((1, 10),)
    assert task.question == (lag + 11, lag + 20) and task.asked == (1, lag + 20)


@pytest.mark.parametrize("length", [10, 20, 37])
def test_temporal_order(length: int) -> None:
    task, batch = many("temporal_order", length=length)
    read = numbers(batch)
    cues = read < 2
    assert task.input_size == 6 and task.output_size == 4
    assert (cues.sum(0) == 2).all()
    first = cues.int().argmax(0)
    second = length - 1 - cues.flip(0).int().argmax(0)
    assert task.signal == (covered(first), covered(second))
    tenth, half = length // 10, length // 2
    assert task.signal == ((tenth + 1, 2 * tenth), (half + 1, half + tenth))
    symbols = read.gather(0, first[None])[0], read.gather(0, second[None])[0]
    assert torch.equal(batch.targets[-1], 2 * symbols[0] + symbols[1])
    assert (batch.targets[:-1] == 0).all() and batch.targets[-1].unique().tolist() == [0, 1, 2, 3]
    assert read[~cues].unique().tolist() == [2, 3, 4, 5]
    assert task.question == (length, length)


@pytest.mark.parametrize(("length", "symbols"), [(2, 2), (12, 2), (12, 7)])
def test_recall(length: int, symbols: int) -> None:
    task, batch = many("recall", length=length, symbols=symbols)
    read = numbers(batch)
    assert task.input_size == symbols + 4 and task.output_size == symbols
    assert read[0].unique().tolist() == list(range(symbols))
    assert read[1:].unique().tolist() == list(range(symbols, symbols + 4))
    assert torch.equal(batch.targets[-1], read[0]) and (batch.targets[:-1] == 0).all()
    assert task.signal == ((1, 1),) and task.question == (length, length)


@pytest.mark.parametrize("kind", ["adding", "copying", "temporal_order", "recall"])
def test_batches_follow_their_generator(kind: str) -> None:
    task = task_of(kind)

    def draw(seed: int) -> tuple[Tensor, Tensor]:
        batch = task.draw(5, torch.Generator().manual_seed(seed))
        return batch.inputs, batch.targets

    assert all(torch.equal(a, b) for a, b in zip(draw(1), draw(1), strict=True))
    assert not torch.equal(draw(1)[0], draw(2)[0]) and not torch.equal(draw(1)[1], draw(2)[1])
    generator = torch.Generator().manual_seed(1)
    first, second = task.draw(5, generator), task.draw(5, generator)
    assert not torch.equal(first.inputs, second.inputs)
    state = torch.get_rng_state()
    task.draw(5, generator)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("kind", ["adding", "copying", "temporal_order", "recall"])
def test_precisions_see_the_same_numbers(kind: str) -> None:
    task, device = task_of(kind), torch.device("cpu")
    batch = task.draw(5, torch.Generator().manual_seed(0))
    assert batch.inputs.dtype == torch.float64
    single, double = batch.to(device, torch.float32), batch.to(device, torch.float64)
    assert single.inputs.dtype == torch.float32 and double.inputs.dtype == torch.float64
    assert torch.equal(single.inputs, double.inputs.float()) and torch.equal(double.inputs, batch.inputs)
    assert torch.equal(single.targets.double(), double.targets.double().float().double())
    assert single.targets.dtype == (torch.float32 if kind == "adding" else torch.int64)
