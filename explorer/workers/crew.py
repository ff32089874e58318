"""Groups of experiments trained in worker processes side by side; their rows come as they are made."""

import pickle
import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from explorer.experiment import Experiment
from explorer.recording import Row
from explorer.workers.processes import AWAIT, PROCESSES


class CrewError(Exception):
    """A group could not be trained to its end.

    Attributes:
        group: its number.
    """

    def __init__(self, group: int, sentence: str) -> None:
        self.group = group
        super().__init__(sentence)


@dataclass
class _Crew:
    """What the threads share, one for each process: groups still to train, events, and the processes at work."""

    groups: Sequence[Sequence[Experiment]]
    waiting: "queue.Queue[int]" = field(default_factory=queue.Queue)
    events: "queue.Queue[tuple[int, list[tuple[int, Row]]] | CrewError | None]" = field(default_factory=queue.Queue)
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Train groups in one process until there is none left; None is the last event of each thread."""
        try:
            while not self.over.is_set():
                try:
                    number = self.waiting.get_nowait()
                except queue.Empty:
                    return
                self._train(number)
        finally:
            self.events.put(None)

    def _train(self, number: int) -> None:
        process = PROCESSES.take(lambda: not self.over.is_set())
        if process is None:
            return
        done = threading.Event()
        threading.Thread(target=self._end, args=(process, done), daemon=True).start()
        try:
            self._listen(process, number)
        except Exception:  # the process is gone, or what it sends cannot be read
            done.set()
            code = PROCESSES.drop(process)
            if not self.over.is_set():
                self.events.put(CrewError(number, f"the training process ended unexpectedly (exit status {code})"))
        else:
            done.set()
            PROCESSES.give_back(process)

    def _end(self, process: subprocess.Popen[bytes], done: threading.Event) -> None:
        """Once all is over, end a process that is at work: what it would still send, nobody wants."""
        while not done.wait(AWAIT):
            if self.over.is_set():
                process.kill()
                return

    def _listen(self, process: subprocess.Popen[bytes], number: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump(("group", [e.model_dump_json() for e in self.groups[number]]), process.stdin)
        process.stdin.flush()
        while True:
            kind, content = pickle.load(process.stdout)
            if kind == "rows":
                self.events.put((number, content))
            elif kind == "failed":
                self.events.put(CrewError(number, content))
                return
            else:
                return


def rows_from_processes(
    groups: Sequence[Sequence[Experiment]], places: int
) -> Iterator[tuple[int, list[tuple[int, Row]]]]:
    """Train groups in so many processes at once.

    Yields:
        Number of the group, and (place in the group, row) pairs, as they come; no pairs now and then while none come,
        as where others have all processes, so that whoever reads this can end it. Closing the iterator ends everything.

    Raises:
        CrewError: where a group fails; the others are ended.
    """
    crew = _Crew(groups)
    for number in range(len(groups)):
        crew.waiting.put(number)
    places = min(places, len(groups))
    for _ in range(places):
        threading.Thread(target=crew.work, daemon=True).start()
    try:
        while places:
            try:
                event = crew.events.get(timeout=AWAIT)
            except queue.Empty:
                yield 0, []
                continue
            if event is None:
                places -= 1
            elif isinstance(event, CrewError):
                raise event
            else:
                yield event
    finally:
        crew.over.set()
