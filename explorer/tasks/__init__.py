"""The tasks: long dependencies made on the spot. A new task is one file and one line here."""

from typing import Annotated

from pydantic import Field

from explorer.tasks.adding import Adding
from explorer.tasks.base import Batch, Task
from explorer.tasks.copying import Copying
from explorer.tasks.recall import Recall
from explorer.tasks.temporal_order import TemporalOrder

AnyTask = Annotated[Adding | Copying | TemporalOrder | Recall, Field(discriminator="kind")]

__all__ = ["Adding", "AnyTask", "Batch", "Copying", "Recall", "Task", "TemporalOrder"]
