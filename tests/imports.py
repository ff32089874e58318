"""Which module imports which, read from the source."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


def modules() -> dict[str, str]:
    """Module name → source, of the package and the front door."""
    files = [*sorted((ROOT / "explorer").rglob("*.py")), ROOT / "app.py"]
    return {_name(path): path.read_text(encoding="utf-8") for path in files if path.exists()}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def imported(source: str, name: str, sources: Mapping[str, str]) -> set[str]:
    """All modules that a source names in an import anywhere in it; a name from a package counts as its own module."""
    found: set[str] = set()
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = name if _is_package(name, sources) else name.rpartition(".")[0]
            for _ in range(node.level - 1):
                package = package.rpartition(".")[0]
            base = ".".join(filter(None, [package, node.module or ""])) if node.level else node.module or ""
            for alias in node.names:
                found.add(_origin(base, alias.name, sources))
    return found


def _is_package(name: str, sources: Mapping[str, str]) -> bool:
    return any(other.startswith(name + ".") for other in sources)


def _origin(base: str, name: str, sources: Mapping[str, str]) -> str:
    """The module that `from base import name` is about: a submodule, or for a re-export where it comes from."""
    if f"{base}.{name}" in sources:
        return f"{base}.{name}"
    if base == "explorer":
        for node in ast.walk(_parsed(sources[base])):
            if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
                return node.module or base
    return base


def graph(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Module → all modules that it imports."""
    return {name: imported(source, name, sources) for name, source in sources.items()}


def reached(start: str, arrows: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Every chain of imports from a module, shortest first: (start, …, imported), each module once."""
    chains, seen = [(start,)], {start}
    while chains:
        chain = chains.pop(0)
        for name in sorted(arrows[chain[-1]] - seen):
            seen.add(name)
            yield (*chain, name)
            if name in arrows:
                chains.append((*chain, name))
