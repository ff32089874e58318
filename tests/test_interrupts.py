"""Interrupts where nothing is recorded yet, and handlers that cannot be put back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.interrupts import ending_at_once, interruptible

ROOT = Path(__file__).parents[1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where importing torch is interrupted."""
    (tmp_path / "torch.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(20)\n")
    return {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}


def run(*words: str, environment: dict[str, str], interrupts: signal.Handlers) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupts),
    )  # fmt: skip


def test_interrupted_while_it_loads(environment: dict[str, str]) -> None:
    plain = run("-c", "import torch", environment=environment, interrupts=signal.SIG_DFL)
    assert "KeyboardInterrupt" in plain.stderr, "the import is not interrupted"
    done = run("-m", "explorer", "train", environment=environment, interrupts=signal.SIG_DFL)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda number, frame: None])
def test_only_pythons_own_handler_is_replaced(handler: object) -> None:
    before = signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]
    try:
        with ending_at_once():
            assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_pythons_own_handler_comes_back() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ending_at_once():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_from_c_is_left_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    real, ours = signal.getsignal, list[int]()
    monkeypatch.setattr(signal, "getsignal", lambda n: None if n == signal.SIGINT else real(n))
    before = real(signal.SIGINT), real(signal.SIGTERM)
    with interruptible(lambda: ours.append(1)):
        assert real(signal.SIGINT) is before[0]
        assert real(signal.SIGTERM) is not before[1]
        signal.raise_signal(signal.SIGTERM)
    assert ours == [1]
    assert (real(signal.SIGINT), real(signal.SIGTERM)) == before
