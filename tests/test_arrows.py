"""The arrows between folders: who may import whom, directly and through others."""

import ast

import pytest
from imports import graph, imported, modules, reached

SOURCES = modules()
ARROWS = graph(SOURCES)
# Folder or module → what nothing in it may reach, not even through others.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "explorer.figures": ("torch", "streamlit", "explorer.bptt", "explorer.training", "explorer.cells", "explorer.ui"),
    "explorer.findings": ("torch", "streamlit", "explorer.bptt", "explorer.training", "explorer.cells", "explorer.ui"),
    "explorer.boards": ("torch", "streamlit", "explorer.bptt", "explorer.training", "explorer.cells", "explorer.ui"),
    "explorer.cells": ("explorer.bptt", "explorer.training", "explorer.tasks", "explorer.figures", "explorer.ui"),
    "explorer.tasks": ("explorer.bptt", "explorer.training", "explorer.cells", "explorer.figures", "explorer.ui"),
    "explorer.truncation": ("torch", "explorer.bptt", "explorer.training", "explorer.figures", "explorer.ui"),
    "explorer.clipping": ("explorer.bptt", "explorer.training", "explorer.cells", "explorer.figures", "explorer.ui"),
    "explorer.bptt": ("explorer.training", "explorer.ui", "explorer.figures", "explorer.tasks", "explorer.experiment"),
    "explorer.dataset": ("torch", "streamlit", "explorer.training", "explorer.bptt"),
    "explorer.settings": ("torch", "streamlit", "explorer.experiment"),
    "explorer.training": ("explorer.figures", "explorer.ui", "explorer.findings", "plotly"),
    "explorer.recording": ("explorer.training", "explorer.figures", "explorer.ui", "explorer.findings", "plotly"),
    "explorer.instruments": ("explorer.figures", "explorer.ui", "explorer.findings", "plotly", "streamlit"),
    "explorer.scripts": (
        "explorer.bptt",
        "explorer.training",
        "explorer.figures",
        "explorer.ui",
        "explorer.findings",
        "plotly",
        "streamlit",
        "jax",
        "keras",
    ),
    "explorer.interrupts": ("torch", "xarray", "click", "explorer.experiment"),
    "explorer.lessons": ("streamlit", "explorer.ui", "explorer.workers"),
    "explorer.watching": ("explorer.figures", "explorer.ui", "explorer.findings", "explorer.training", "plotly"),
    "explorer": ("streamlit", "explorer.ui", "explorer.figures", "plotly"),
}


def inside(name: str, folder: str) -> bool:
    return name == folder or name.startswith(folder + ".")


def violations(folder: str, arrows: dict[str, set[str]]) -> list[str]:
    """Chains of imports from a folder to what is forbidden it; for the package itself, from its public names."""
    starts = [folder] if folder == "explorer" else [name for name in arrows if inside(name, folder)]
    return [
        " -> ".join(chain)
        for start in starts
        for chain in reached(start, arrows)
        if any(inside(chain[-1], bad) for bad in FORBIDDEN[folder])
    ]


def users(arrows: dict[str, set[str]], *libraries: str) -> set[str]:
    """The modules that import one of the libraries."""
    return {name for name, found in arrows.items() if any(inside(i, library) for i in found for library in libraries)}


def planted(module: str, line: str) -> dict[str, set[str]]:
    """The arrows with one more line in a module."""
    return {**ARROWS, module: imported(SOURCES[module] + "\n" + line + "\n", module, SOURCES)}


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_arrows_point_one_way(folder: str) -> None:
    assert any(inside(name, folder) for name in SOURCES)
    assert violations(folder, ARROWS) == []


def test_only_pages_import_streamlit() -> None:
    found = users(ARROWS, "streamlit")
    assert [name for name in found if name != "app" and not inside(name, "explorer.ui")] == []
    assert "app" in found


def test_only_clusters_know_dask() -> None:
    found = users(ARROWS, "dask", "distributed")
    assert found
    assert all(inside(name, "explorer.clusters") for name in found)
    for name in found:  # and only while they use it: it is optional
        at_once = [node for node in ast.parse(SOURCES[name]).body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert at_once
        whole = imported("\n".join(map(ast.unparse, at_once)), name, SOURCES)
        assert not any(inside(i, library) for i in whole for library in ("dask", "distributed"))


def test_tests_of_the_engine_do_not_use_it_as_their_reference() -> None:
    from pathlib import Path

    for name in ("reference.py", "torch_loop.py"):
        source = (Path(__file__).parent / name).read_text(encoding="utf-8")
        assert not any(inside(i, "explorer") for i in imported(source, name, SOURCES))


@pytest.mark.parametrize(
    ("module", "line", "folder"),
    [
        ("explorer.figures.theme", "import torch.nn as nn", "explorer.figures"),
        ("explorer.figures.theme", "from explorer import train", "explorer.figures"),
        ("explorer.figures.theme", "def late():\n    from explorer import bptt", "explorer.figures"),
        ("explorer.findings", "from explorer.tasks import Adding", "explorer.findings"),
        ("explorer.cells.tanh", "from ..bptt import unroll", "explorer.cells"),
        ("explorer.cells.tanh", "from explorer import measure", "explorer.cells"),
        ("explorer.tasks.base", "import explorer.training", "explorer.tasks"),
        ("explorer.truncation.plan", "from torch import Tensor", "explorer.truncation"),
        ("explorer.bptt.network", "from explorer.tasks.adding import Adding", "explorer.bptt"),
        ("explorer.settings", "from explorer.experiment import Experiment", "explorer.settings"),
        ("explorer.training", "import streamlit as st", "explorer"),
        ("explorer.parts", "from explorer.ui import board", "explorer"),
    ],
)
def test_a_planted_violation_is_found(module: str, line: str, folder: str) -> None:
    assert violations(folder, planted(module, line))


def test_a_planted_page_is_found() -> None:
    assert "explorer.training" in users(planted("explorer.training", "from streamlit import cache_data"), "streamlit")
