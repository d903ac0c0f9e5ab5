"""What starts often imports what it needs: a build, and the command line before it does a thing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY

import hatch_multiarch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support import Ran

BUILD = """
import sys
from hatchling.cli import hatchling

sys.argv = ["hatchling", "build", "-t", "wheel"]
hatchling()
print("imported:", *sys.modules)
"""
UNWANTED = {
    *("docker", "elftools", "installer", "requests", "urllib3"),
    *(f"hatch_multiarch.{name}" for name in ("cli", "docker", "registry")),
    *(f"hatch_multiarch.{name}" for name in ("engine.buildkit_engine", "engine.stage", "verify")),
    *(
        f"hatch_multiarch.image.{name}"
        for name in (
            "base",
            "image_builder",
            "buildkit_image",
            "docker_load",
            "inspect",
            "layer_writer",
        )
    ),
}


@pytest.mark.slow
def test_wheels_that_did_not_change_need_little(
    project: Path, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    pyproject = project / "pyproject.toml"
    without_tone = pyproject.read_text("utf-8").partition("[tool.multiarch.helpers.tone]")[0]
    pyproject.write_text(without_tone, "utf-8")
    build = (sys.executable, "-c", BUILD)
    for _ in range(2):
        said = run(*build, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64 windows/amd64")
    modules = set(said.out.partition("imported: ")[2].split())
    assert "hatch_multiarch.pipeline.project_build" in modules
    assert modules & UNWANTED == set()


HELP = """
import sys
from hatch_multiarch import cli

try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print("imported:", *sys.modules)
"""
HELP_NEEDS = {
    "hatch_multiarch",
    "hatch_multiarch.errors",
    *(f"hatch_multiarch.cli{name}" for name in ("", ".arguments", ".parsers")),
    *(
        f"hatch_multiarch.cli.parsers.{name}"
        for name in ("builds", "common", "files", "machines", "outputs")
    ),
}
"""All of this package that ``--help`` may import: no command and nothing that one needs."""
HEAVY = {
    *("docker", "elftools", "hatchling", "installer", "packaging", "rich", "shtab"),
    *("dataclasses", "difflib", "http.client", "json", "ssl", "subprocess", "tomllib"),
}


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["plan", "--help"], ["verify", "--help"], ["builder", "--help"]],
    ids=" ".join,
)
def test_help_imports_no_command(run: Callable[..., Ran], words: list[str]) -> None:
    """It is fast because of what it leaves out (benchmarks/start.py measures it)."""
    said = run(sys.executable, "-S", "-c", HELP, *words, PYTHONPATH=str(REPOSITORY)).out
    modules = set(said.partition("imported: ")[2].split())
    assert modules & HEAVY == set()
    assert {name for name in modules if name.startswith("hatch_multiarch")} == HELP_NEEDS


def test_completion_imports_no_other_command(run: Callable[..., Ran]) -> None:
    said = run(sys.executable, "-c", HELP, "completion", "bash").out
    modules = set(said.partition("imported: ")[2].split())
    assert "shtab" in modules
    ours = {name for name in modules if name.startswith("hatch_multiarch")}
    assert ours == {*HELP_NEEDS, "hatch_multiarch.cli.completion"}


INSIDE = 55
"""Imports inside functions must be fewer; each is there for what most builds do not need."""


def inside_functions(path: Path) -> Iterator[str]:
    lines = path.read_text("utf-8").splitlines()
    functions = (
        node
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    found = {
        node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    for number in sorted(found):
        yield f"{path}:{number}: {lines[number - 1].strip()}"


def test_few_imports_are_inside_functions() -> None:
    modules = sorted(Path(hatch_multiarch.__file__).parent.rglob("*.py"))
    found = [line for path in modules for line in inside_functions(path)]
    assert len(found) < INSIDE, "\n".join(found)
    # locator_template.py is copied into packages; ruff asks for a reason elsewhere.
    bare = [
        line for line in found if "noqa: PLC0415 - " not in line and "locator_template" not in line
    ]
    assert bare == [], "say why in the comment: # noqa: PLC0415 - REASON"
