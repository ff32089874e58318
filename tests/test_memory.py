"""Memory that is used again is never memory that somebody still looks at."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer import Experiment, build
from explorer.bptt import Flow, Pass
from explorer.memory import SMALL, by_time, empty, empty_like

SHAPE = (7, SMALL // 4)
LIKE = torch.zeros((), dtype=torch.float32)
HOLDS: dict[str, Callable[[Tensor], Any]] = {
    "the tensor": lambda t: t,
    "a view": lambda t: t[3, 5:9],
    "a view of a view": lambda t: t.T[10:].unbind(1)[2],
    "an array": lambda t: t.numpy()[2:],
    "another tensor there": lambda t: t.detach(),
    "a graph": lambda t: t.requires_grad_().exp(),
    "an entry": lambda t: t.unbind(0)[1],
}


def test_what_nobody_holds_is_used_again() -> None:
    first = empty(LIKE, SHAPE)
    address = first.data_ptr()
    entries = by_time(first)
    assert [e.data_ptr() for e in entries] == [e.data_ptr() for e in first]
    del first
    second = empty(LIKE, SHAPE)
    assert second.data_ptr() == address and by_time(second) is entries


@pytest.mark.parametrize("hold", HOLDS)
def test_what_somebody_holds_is_not(hold: str) -> None:
    first = empty(LIKE, SHAPE).fill_(1.0)
    address = first.data_ptr()
    by_time(first)
    held = HOLDS[hold](first)
    del first
    second = empty(LIKE, SHAPE).zero_()
    assert second.data_ptr() != address
    assert float(np.asarray(held.detach() if isinstance(held, Tensor) else held).min()) >= 1.0
    del held
    assert empty(LIKE, SHAPE).data_ptr() == address


def test_threads_do_not_share() -> None:
    held, found = empty(LIKE, SHAPE), []
    free = empty(LIKE, SHAPE).data_ptr()
    thread = threading.Thread(target=lambda: found.append(empty(LIKE, SHAPE)))
    thread.start()
    thread.join()
    assert found[0].data_ptr() not in (free, held.data_ptr())
    found[0].fill_(2.0)
    assert float(found[0].sum()) == 2.0 * found[0].numel()


def test_order_in_memory() -> None:
    found = empty(LIKE, (3, 4, SMALL), order=(1, 2, 0))
    assert found.stride() == (1, 3 * SMALL, 3) == empty_like(found).stride()
    assert not found._is_view()


def test_what_one_pass_leaves_is_not_changed_by_the_next() -> None:
    built = build(Experiment.model_validate({"cell": {"kind": "lstm"}, "device": "cpu"}))
    model, cell = built.model, built.experiment.cell
    flows: list[Flow] = []

    def run(scale: float) -> Tensor:
        h: Tensor = model.rnn(scale * built.batch.inputs, Pass(cell, on_flow=flows.append))
        return h

    first, second = run(1.0), run(2.0)  # two forward passes before the first backward pass
    copy = first.detach().clone()
    first.sum().backward()
    kept = [t.clone() for t in (*flows[0].states, flows[0].u, flows[0].read)]
    second.sum().backward()
    for _ in range(3):
        run(0.5).sum().backward()
    assert torch.equal(first.detach(), copy) and copy.abs().max() > 1e-3
    for now, before in zip((*flows[0].states, flows[0].u, flows[0].read), kept, strict=True):
        assert torch.equal(now, before) and before.abs().max() > 1e-6
    assert not torch.equal(flows[0].u, flows[1].u)
