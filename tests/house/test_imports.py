"""What starts often imports what it needs: a build, and the command line before it does a thing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    *(f"hatch_multiarch.{name}" for name in ("buildx", "cli", "daemon", "inspect", "registry")),
    *(f"hatch_multiarch.{name}" for name in ("engine.buildkit", "engine.stage", "verify")),
    *(f"hatch_multiarch.image.{name}" for name in ("base", "build", "buildkit", "load", "layers")),
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
    assert "hatch_multiarch.pipeline.build" in modules
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
    *(f"hatch_multiarch.cli.parsers.{name}" for name in ("builds", "common", "files", "machines")),
    *(f"hatch_multiarch.cli.parsers.{name}" for name in ("outputs", "values")),
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
