"""Where and when a run was made."""

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import torch

BUSY = 0.5  # load for each core above which a machine is called so
ROOT = Path(__file__).resolve().parents[1]


def machine() -> tuple[str, ...]:
    """Facts for the head of the results, taken when the run begins."""
    cores = _cores()
    versions = ", ".join(f"{name} {_version(name)}" for name in ("torch", "jax", "numpy", "streamlit"))
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return (
        f"machine: {_processor()}, {cores} cores, {_memory()}{gpu}, {platform.system()} {platform.machine()}",
        f"versions: Python {platform.python_version()}, {versions}",
        f"run: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC at commit {_commit()}",
        f"load before the run: {_load()}",
    )


def _load() -> str:
    """Processes that wanted to run during the last minute, on average."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    waiting = os.getloadavg()[0]
    return f"{waiting:.1f}{' (busy with other work)' if waiting > BUSY * _cores() else ''}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    found: dict[str, str] = {}
    for key, _, value in (line.partition(":") for line in lines):
        found.setdefault(key.strip(), value.strip())
    family = f" (family {found['cpu family']}, model {found['model']})" if "cpu family" in found else ""
    return found.get("model name", platform.machine()) + family


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):
        return "unknown memory"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit, and whether the files differ from it; results of earlier runs do not count."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/RESULTS.md")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + (" with changes" if changed else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
