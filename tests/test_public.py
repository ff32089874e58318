"""The public names: there when they are asked for, and nothing heavy before."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from imports import modules

import explorer

ROOT = Path(__file__).parents[1]


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ASKS = """
import sys
def loaded():
    return [name for name in ("torch", "xarray", "pydantic") if name in sys.modules]
import explorer
print(loaded())
import explorer.findings
print("torch" in sys.modules)
explorer.train
print(loaded())
from explorer import *
print(sweep.__name__, watch.__name__)
"""


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    bare, findings, all_of_it, names = python(ASKS).splitlines()
    assert (bare, findings, all_of_it) == ("[]", "False", "['torch', 'xarray', 'pydantic']")
    assert names == "sweep watch"


def test_every_name_is_there() -> None:
    for name in explorer.__all__:
        assert callable(getattr(explorer, name)), name
        assert name in dir(explorer)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        explorer.nothing  # noqa: B018


def test_names_for_readers_of_the_source_are_those_at_run_time() -> None:
    tree = ast.parse(modules()["explorer"])
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    homes = {str(node.module).removeprefix("explorer."): tuple(alias.name for alias in node.names) for node in found}
    assert explorer._HOMES.items() <= homes.items()
    assert sorted(name for names in explorer._HOMES.values() for name in names) == sorted(explorer.__all__)


def test_no_module_takes_the_place_of_a_public_name() -> None:
    assert not {f"explorer.{name}" for name in explorer.__all__} & modules().keys()
