"""What a worker process does: trains as the commands on its input say. `explorer.workers` describes the messages."""

import os
import pickle
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import torch

from explorer.answers import QUESTIONS, Question, answer
from explorer.experiment import Experiment
from explorer.groups import updates
from explorer.recording import Row
from explorer.schemes import truncation_of
from explorer.training import Training

SEND_EVERY = 0.04  # seconds of rows sent together

SEND_GROUP_EVERY = 0.2  # the same for groups, which nobody watches update by update


class Worker:
    """Runs one experiment after another, as told."""

    def __init__(self, output: BinaryIO, commands: "queue.Queue[tuple[Any, ...]]") -> None:
        self._output, self._commands = output, commands
        self._rows: list[Row] = []
        self._sent = 0.0
        self._paused, self._steps = False, 0

    def serve(self) -> None:
        """Wait for experiments, for ever; other commands that come too late are passed over."""
        while True:
            command, *arguments = self._commands.get()
            if command == "start":
                self._run(*arguments)
            elif command in QUESTIONS:
                self._answer(command, *arguments)
            elif command == "group":
                self._group(*arguments)

    def _run(self, experiment: str, paused: bool, beside: Sequence[Mapping[str, Any]] = ()) -> None:
        self._paused, self._steps = paused, 0
        try:
            config = Experiment.model_validate_json(experiment)
            training = Training(config, [truncation_of(config, given) for given in beside])
            self._wait(training)
            for row in training:
                self._rows.append(row)
                self._steps = max(0, self._steps - 1)
                self._wait(training)
            self._send_rows()
            self._send("end", training.status)
        except Exception as error:  # whatever it is, the page says it in one sentence
            self._send_rows()
            self._fail(error)

    def _answer(self, question: Question, experiment: str) -> None:
        told = time.monotonic()

        def tell(share: float) -> None:
            nonlocal told
            if time.monotonic() - told > SEND_GROUP_EVERY:
                told = time.monotonic()
                self._send("progress", share)

        try:
            self._send("measured", answer(question, Experiment.model_validate_json(experiment), tell))
        except Exception as error:
            self._fail(error)

    def _group(self, experiments: list[str]) -> None:
        """Train a group to its end; to stop it, end the process."""
        found: list[tuple[int, Row]] = []
        sent = time.monotonic()
        try:
            for rows in updates([Experiment.model_validate_json(text) for text in experiments]):
                found += rows.items()
                if time.monotonic() - sent > SEND_GROUP_EVERY:
                    self._send("rows", found)
                    found, sent = [], time.monotonic()
            self._send("rows", found)
            self._send("end", "finished")
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._send("failed", str(error).partition("\n")[0] or type(error).__name__)

    def _wait(self, training: Training) -> None:
        """Take commands; while paused, wait for the next."""
        resting = self._paused and not self._steps
        if resting or time.monotonic() - self._sent > SEND_EVERY:
            self._send_rows()
        while not self._commands.empty() or resting:
            (command, *_) = self._commands.get()
            if command == "stop":
                training.stop()
                return
            self._paused = command != "resume"
            self._steps += command == "step"
            resting = self._paused and not self._steps

    def _send_rows(self) -> None:
        if self._rows:
            self._send("rows", self._rows)
            self._rows = []
        self._sent = time.monotonic()

    def _send(self, *message: object) -> None:
        pickle.dump(message, self._output)
        self._output.flush()


def _listen(commands: "queue.Queue[tuple[Any, ...]]") -> None:
    """Pass commands on; the end of input means that nobody is there any more."""
    while True:
        try:
            commands.put(pickle.load(sys.stdin.buffer))
        except Exception:  # whatever is wrong with the pipe, nobody can stop this process any more but itself
            os._exit(0)


def serve(output: BinaryIO) -> None:
    """Serve the process's own input, for ever."""
    if hasattr(os, "nice"):
        os.nice(5)  # where cores are few, pages answer first
    torch.set_num_threads(1)  # at these sizes one thread is faster than two
    commands: queue.Queue[tuple[Any, ...]] = queue.Queue()
    threading.Thread(target=_listen, args=(commands,), daemon=True).start()
    Worker(output, commands).serve()
