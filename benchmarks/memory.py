"""Peak memory of a training step, each contestant in a process of its own.

The peak of the resident memory during the first steps, less what was resident before them, when imports, weights, a
first batch and a tiny run of the same code were done, and JAX had compiled. Linux only: the peak can be set back there.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import jax_scan
from benchmarks.contestants import Contestant, Fused, Loop, Recorded, Unrecorded, experiment
from benchmarks.machine import ROOT
from benchmarks.report import Line, Section
from explorer import Experiment

MAKERS: dict[str, Callable[[Experiment], Contestant]] = {
    "recorded": Recorded, "off": Unrecorded, "loop": Loop, "fused": Fused, "scan": jax_scan.Scan,
}  # fmt: skip
NAMES = {
    "loop": "recorded step ÷ loop with retain_grad", "fused": "recorded step ÷ fused torch.nn, unrecorded",
    "off": "recording on ÷ off", "scan": "recorded step ÷ JAX scan with recording",
}  # fmt: skip
LENGTH, STEPS, ROUNDS = 1000, 3, 3
TITLE = f"peak memory of a training step (LSTM, T={LENGTH}, B=32, H=64, float32; a process each)"
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def run() -> Section:
    """All contestants in turns."""
    if not CLEAR.exists():
        return Section(TITLE, (), ("Peak memory is measured on Linux only, so its rows are left out.",))
    names = [name for name in MAKERS if name != "scan" or jax_scan.HERE]
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            found[name].append(_elsewhere(name))
    own = found["recorded"]
    lines = [Line("recorded step", [bytes_ / 1e6 for bytes_ in own], "MB")]
    for name in names[1:]:
        lines.append(Line(f"memory, {NAMES[name]}", [a / b for a, b in zip(own, found[name], strict=True)]))
    return Section(TITLE, lines, () if jax_scan.HERE else (jax_scan.MISSING,))


def _elsewhere(name: str) -> float:
    """Bytes, found by a new process."""
    command = [sys.executable, "-m", "benchmarks.memory", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def peak(name: str, length: int = LENGTH) -> int:
    """Bytes that the first steps need at most, in this process."""
    tiny = MAKERS[name](experiment("lstm", length=10, hidden_size=4))
    tiny.step()
    contestant = MAKERS[name](experiment("lstm", length=length, steps=2 * STEPS))
    if isinstance(contestant, jax_scan.Scan):
        contestant.compile()
    CLEAR.write_text("5")  # sets the peak back to what is resident now
    before = _status("VmRSS")
    for _ in range(STEPS):
        contestant.step()
    return _status("VmHWM") - before


def _status(key: str) -> int:
    """A figure of this process, in bytes."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(peak(sys.argv[1]))
