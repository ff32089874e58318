"""Many sequences of each task, and what can be answered without memory."""

from functools import cache
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor

from explorer.tasks import AnyTask, Batch, Task

LENGTHS = {"adding": 20, "copying": 5, "temporal_order": 20, "recall": 12}


def task_of(kind: str, **fields: Any) -> Task:
    task: Task = TypeAdapter(AnyTask).validate_python({"kind": kind, "length": LENGTHS[kind], **fields})
    return task


@cache
def many(kind: str, count: int = 20_000, **fields: Any) -> tuple[Task, Batch]:
    task = task_of(kind, **fields)
    return task, task.draw(count, torch.Generator().manual_seed(0))


def numbers(batch: Batch) -> Tensor:
    """[T, B]: symbol numbers of one-hot inputs."""
    assert ((batch.inputs == 0) | (batch.inputs == 1)).all() and (batch.inputs.sum(-1) == 1).all()
    return batch.inputs.argmax(-1)
