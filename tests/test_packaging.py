"""What an installation holds, and what a clean machine needs."""

import os
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_file_of_the_package_is_installed() -> None:
    kept = {name for name in (ROOT / "explorer").rglob("*") if name.is_file() and "__pycache__" not in name.parts}
    data = {path for path in kept if path.suffix != ".py"}
    assert {path.suffix for path in data} == {".css", ".js"}
    listed = SETTINGS["tool"]["setuptools"]["package-data"]
    found = {p for package, globs in listed.items() for g in globs for p in ROOT.joinpath(*package.split(".")).glob(g)}
    assert found == data
    assert {path.parent / "__init__.py" for path in kept} <= kept, "a folder without __init__.py is left out"


def test_continuous_integration_says_what_it_needs_root_for(tmp_path: Path) -> None:
    """Neither root nor able to become it, on a machine without chromium."""
    for name, body in {"id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 9", "make": "exit 9"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "sh", "dirname"):
        (found,) = [p for p in ("/usr/bin", "/bin") if os.path.exists(f"{p}/{name}")][:1]
        (tmp_path / name).symlink_to(f"{found}/{name}")
    done = subprocess.run(
        [ROOT / ".ci" / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "chromium is missing" in sentence and "as root" in sentence
