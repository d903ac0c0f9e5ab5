"""What the project puts where a helper goes is found before anything is compiled."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.pipeline.project_check import check
from hatch_multiarch.plan import Switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "greeter"
version = "1.0.0"
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/amd64", "windows/amd64"]
[tool.multiarch.helpers.greet]
source = "go"
[tool.multiarch.helpers.tone]
source = "go"
install = "scripts"
[tool.hatch.build.targets.wheel]
packages = ["greeter"]
"""
GREET = 'the helper "greet" (tool.multiarch.helpers.greet)'
TONE = 'the helper "tone" (tool.multiarch.helpers.tone)'
FINDER = "the module _greeter_helpers, which finds the helpers,"
FORCED, SCRIPTS = "force-include", "shared-scripts"
BOM = "greeter-1.0.0.dist-info/sboms/hatch-multiarch.cdx.json"

# Of the wheel's target: a table, a source and its place; then the place that is said, and why.
MEET: list[tuple[str, str, str, str, str]] = [
    (FORCED, "a.txt", "_greeter_helpers/greet", "_greeter_helpers/greet", GREET),
    (FORCED, "a.txt", "./_greeter_helpers//greet.exe", "_greeter_helpers/greet.exe", GREET),
    (FORCED, "a.txt", "_greeter_helpers/__init__.py", "_greeter_helpers/__init__.py", FINDER),
    (FORCED, "a.txt", "_greeter_helpers/py.typed", "_greeter_helpers/py.typed", FINDER),
    (FORCED, "a.txt", "_greeter_helpers", "_greeter_helpers", FINDER),
    (FORCED, "a.txt", "_greeter_helpers.py", "_greeter_helpers.py", FINDER),
    (FORCED, "a.txt", "_greeter_helpers/greet/x", "_greeter_helpers/greet/x", GREET),
    (FORCED, "folder", "_greeter_helpers", "_greeter_helpers/greet", GREET),
    (FORCED, "a.txt", "greeter-1.0.0.data/scripts/tone", "greeter-1.0.0.data/scripts/tone", TONE),
    (FORCED, "a.txt", BOM, BOM, "the SBOM (tool.multiarch.sbom)"),
    (SCRIPTS, "a.txt", "tone", "greeter-1.0.0.data/scripts/tone", TONE),
    (SCRIPTS, "a.txt", "tone.exe", "greeter-1.0.0.data/scripts/tone.exe", TONE),
    (SCRIPTS, "folder", "tone", "greeter-1.0.0.data/scripts/tone/greet", TONE),
    (FORCED, "a.txt", "_Greeter_Helpers/Greet", "_Greeter_Helpers/Greet", GREET),
    (SCRIPTS, "a.txt", "Tone", "greeter-1.0.0.data/scripts/Tone", TONE),
]
"""A folder that holds the file ``greet`` is also given."""
APART = [
    (FORCED, "a.txt", "greeter/greet"),
    (FORCED, "a.txt", "_greeter_helpers/more.py"),
    (SCRIPTS, "a.txt", "greet"),
    ("shared-data", "a.txt", "scripts/tone"),
    ("extra-metadata", "folder", "sboms"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("greeter/__init__.py", "a.txt", "folder/greet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "go").mkdir()
    (tmp_path / "go/go.mod").write_text("module example.com/greet\n\ngo 1.21\n")
    (tmp_path / "go/main.go").write_text("package main\n\nfunc main() {}\n")
    return tmp_path


def problems(root: Path, more: str = "") -> list[str]:
    (root / "pyproject.toml").write_text(PYPROJECT + more)
    return [each.message for each in check(root, Switches(), {}).problems]


@pytest.mark.parametrize(("table", "source", "target", "path", "owner"), MEET)
def test_what_meets(
    root: Path, table: str, source: str, target: str, path: str, owner: str
) -> None:
    key = f"tool.hatch.build.targets.wheel.{table}"
    shown = f"{source}/greet" if source == "folder" else source
    said = problems(root, f'[{key}]\n"{source}" = "{target}"\n')
    assert said == [f"{key}: puts {shown} at {path} in the wheel, where {owner} is"]


@pytest.mark.parametrize(("table", "source", "target"), APART)
def test_what_does_not(root: Path, table: str, source: str, target: str) -> None:
    assert (
        problems(root, f'[tool.hatch.build.targets.wheel.{table}]\n"{source}" = "{target}"\n') == []
    )


def test_names_that_differ_in_case_are_two_files_on_linux(root: Path) -> None:
    table = "tool.hatch.build.targets.wheel.shared-scripts"
    (root / "pyproject.toml").write_text(
        PYPROJECT.replace(', "windows/amd64"', "") + f'[{table}]\n"a.txt" = "Tone"\n'
    )
    assert check(root, Switches(), {}).problems == ()


def test_a_forced_file_that_is_not_there(root: Path) -> None:
    """Unless a hook that comes later may make it."""
    table = "tool.hatch.build.targets.wheel.force-include"
    gone = f'[{table}]\n"gone.txt" = "greeter/x"\n'
    assert problems(root, gone) == [f"{table}: there is no gone.txt"]
    (root / "hatch_build.py").write_text(HOOK)
    assert problems(root, f"{gone}[tool.hatch.build.targets.wheel.hooks.custom]\n") == []


@pytest.mark.parametrize("name", ["_greeter_helpers/__init__.py", "_greeter_helpers.py"])
@pytest.mark.parametrize("src", ["", "src/"])
def test_a_module_of_the_same_name(root: Path, src: str, name: str) -> None:
    path = root / src / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    chosen = f'only-include = ["greeter", "{src}{name}"]\n' + ('sources = ["src"]\n' if src else "")
    (root / "pyproject.toml").write_text(PYPROJECT.replace('packages = ["greeter"]\n', chosen))
    said = [each.message for each in check(root, Switches(), {}).problems]
    key = "tool.hatch.build.targets.wheel"
    assert said == [f"{key}: puts {src}{name} at {name} in the wheel, where {FINDER} is"]


HOOK = """
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Custom(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["force_include"]["a.txt"] = "_greeter_helpers/greet"
"""


def test_a_build_says_it_before_it_compiles(root: Path, run: Callable[..., Any]) -> None:
    (root / "hatch_build.py").write_text(HOOK)
    (root / "pyproject.toml").write_text(
        PYPROJECT.replace(
            "[tool.hatch.build.targets.wheel.hooks.multiarch]",
            "[tool.hatch.build.hooks.custom]\n[tool.hatch.build.hooks.multiarch]",
        )
        + '[tool.hatch.build.targets.wheel.shared-scripts]\n"a.txt" = "tone"\n'
    )
    said = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, code=3).out
    found = re.findall(r"(\S.*): puts a\.txt at", said)
    assert [each.rpartition(" ")[2] for each in found] == [
        "hook",
        "tool.hatch.build.targets.wheel.shared-scripts",
    ]
    assert "Traceback" not in said
    assert not (root / "build").exists()
    assert not list((root / "dist").glob("*"))
