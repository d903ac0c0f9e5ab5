"""Imports run one way: from what people call down to what starts nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hatch_multiarch

ROOT = Path(hatch_multiarch.__file__).parent
ORDER = [
    "__init__",
    "errors",
    "process",
    "files",
    "cache",
    "platforms",
    "oci",
    "config",
    "registry",
    "docker",
    "plan",
    "toolchain",
    "audit",
    "engine",
    "sbom",
    "wheel",
    "image",
    "report",
    "project",
    "init",
    "pipeline",
    "verify",
    "doctor",
    "ci",
    # what people call
    "hatch_plugin",
    "sessions",
    "cli",
    "__main__",
]
CALLED = ORDER[ORDER.index("hatch_plugin") :]


def top(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the found that a module imports, also for types and inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "hatch_multiarch" and len(parts) > 1:
                known = (ROOT / parts[1]).exists() or (ROOT / f"{parts[1]}.py").exists()
                found.add(parts[1] if known else "__init__")
    return found


MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_folder_imports_only_those_before_it(path: Path) -> None:
    if path.name == "locator_template.py":
        assert imported(path) == set(), "it runs where hatch_multiarch is not installed"
        return
    mine = ORDER.index(top(path))
    later = {name for name in imported(path) if ORDER.index(name) > mine}
    assert later == set()
    if top(path) not in CALLED:
        assert not imported(path) & set(CALLED)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_gate_starts_processes(path: Path) -> None:
    """And the locator and the hook's callers, which start none, import no subprocess."""
    words = path.read_text("utf-8")
    if path.parent.name != "process":
        assert "import subprocess" not in words.replace("    import subprocess\n", "")
        assert "os.system" not in words
    assert "shell=True" not in words
