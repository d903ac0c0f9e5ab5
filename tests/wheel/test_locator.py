"""The modules that come with helpers: when the locator is there, and `python -m NAME`."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from hatch_multiarch.config import Helper, read_table
from hatch_multiarch.platforms import host
from hatch_multiarch.toolchain import find_go
from hatch_multiarch.wheel import locator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran, Venv

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts, links and venv/bin")
SCRIPT: dict[str, Any] = {"install": "scripts"}
BYPASS = {"bypass-selection": True}


@pytest.mark.parametrize(
    ("helper", "selection", "key", "there"),
    [
        ({}, BYPASS, None, True),
        (SCRIPT, BYPASS, None, False),
        (SCRIPT, BYPASS, True, True),
        (SCRIPT, {}, None, True),
        (SCRIPT, {}, False, False),
        (SCRIPT, {**BYPASS, "packages": ["lib/other"]}, None, True),
        (SCRIPT, {"force-include": {"a.py": "a.py"}}, None, True),
        ({**SCRIPT, "module": True}, BYPASS, None, True),
        ({"kind": "library"}, BYPASS, None, True),
    ],
)
def test_when_the_locator_is_there(
    tmp_path: Path, helper: dict[str, Any], selection: Any, key: bool | None, there: bool
) -> None:
    if not selection:
        (tmp_path / "shout").mkdir()
        (tmp_path / "shout/__init__.py").touch()
    document = {
        "project": {"name": "shout", "version": "1"},
        "tool": {"hatch": {"build": {"targets": {"wheel": selection}}}},
    }
    table = {"helpers": {"shout": helper}, **({} if key is None else {"locator": key})}
    builder = WheelBuilder(str(tmp_path), config=document)
    assert locator.wanted(read_table(table), builder.config) is there


PROGRAM = """#!/bin/sh
echo "$$ $*"
exit 7
"""


@posix
@pytest.mark.parametrize("system", [sys.platform, "win32"])
def test_the_module_becomes_the_program(tmp_path: Path, system: str) -> None:
    """The branch of Windows runs here too: what it calls is not of Windows."""
    helper = Helper("my.tool", module=True)
    assert helper.module_name == "my_tool"
    folder = tmp_path / locator.module_name("tools")
    folder.mkdir()
    table = {"my.tool": ("package", "my.tool")}
    (folder / "__init__.py").write_text(locator.source("tools", table))
    (tmp_path / "my_tool.py").write_text(locator.launcher("tools", helper))
    program = folder / "my.tool"
    code = f"import sys; sys.platform = {system!r}; sys.argv[:] = ['x', 'a b', '-c', '*']; "
    code += "import runpy; runpy.run_module('my_tool', run_name='__main__')"
    command = [sys.executable, "-c", code]

    def start() -> tuple[subprocess.Popen[str], str, str]:
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as ran:
            return (ran, *ran.communicate())

    ran, out, err = start()
    assert (ran.returncode, out) == (1, "")
    assert err == f"my_tool: the file of helper 'my.tool' is not installed: {program}\n"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    ran, out, err = start()
    assert (ran.returncode, err) == (7, "")
    number, _, words = out.partition(" ")
    assert words == "a b -c *\n"
    assert (int(number) == ran.pid) is (system != "win32")


PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "my-tools"
version = "1.0.0"
[tool.hatch.build]
dev-mode-dirs = ["src"]
[tool.hatch.build.targets.wheel]
bypass-selection = true
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["PLATFORM", "windows/amd64"]
[tool.multiarch.helpers.shout]
install = "INSTALL"
KEYS
[[tool.multiarch.overrides]]
platforms = "PLATFORM"
helpers.shout.prebuilt = "bin/{file}"
[[tool.multiarch.overrides]]
platforms = "windows/*"
helpers.shout.prebuilt = "bin/{file}"
"""
MAIN = """package main

import (
\t"fmt"
\t"os"
)

func main() { fmt.Println("shout", os.Args[1:]) }
"""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of one program, compiled already."""
    root = tmp_path_factory.mktemp("tools")
    (root / "go.mod").write_text("module shout\n\ngo 1.21\n")
    (root / "main.go").write_text(MAIN)
    for row, name in ((host(), "shout"), (None, "shout.exe")):
        target = row.go_env if row else {"GOOS": "windows", "GOARCH": "amd64"}
        env = {**os.environ, **target, "CGO_ENABLED": "0"}
        words = [find_go("", "1.21").path, "build", "-trimpath", "-o", root / "bin" / name, "."]
        subprocess.run(words, cwd=root, env=env, check=True)
    return root


CLI = (sys.executable, "-m", "hatch_multiarch")


@posix
@pytest.mark.parametrize(
    ("install", "keys", "modules"),
    [
        ("scripts", "", []),
        ("scripts", "module = true", ["_my_tools_helpers/__init__.py", "shout.py"]),
        ("package", "module = true", ["_my_tools_helpers/__init__.py", "shout.py"]),
    ],
)
def test_wheels_and_editable_installs(
    tools: Path, run: Callable[..., Ran], venv: Venv, install: str, keys: str, modules: list[str]
) -> None:
    text = PYPROJECT.replace("PLATFORM", host().name).replace("INSTALL", install)
    (tools / "pyproject.toml").write_text(text.replace("KEYS", keys))
    build = (sys.executable, "-m", "hatchling", "build", "-c", "-t")
    run(*build, "wheel", cwd=tools)
    run(*CLI, "verify", tools)
    wheels = sorted(tools.glob("dist/*.whl"))
    assert len(wheels) == 2
    for each in wheels:
        names = zipfile.ZipFile(each).namelist()
        assert sorted(name for name in names if name.endswith(".py")) == modules
    [mine] = [each for each in wheels if "win" not in each.name]
    run(*build, "wheel:editable", "-d", tools / "editable", cwd=tools)
    for each in (mine, *(tools / "editable").glob("*.whl")):
        venv.install("uv", "--reinstall", each)
        if install == "scripts":
            assert venv.script("shout", "a") == "shout [a]\n"
        if modules:
            said = run(venv.python, "-m", "shout", "a b", "-x", cwd=venv.root).out
            assert said == "shout [a b -x]\n"


@posix
@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("shout/__init__.py", "puts src/shout/__init__.py at shout/__init__.py in the wheel, "),
        ("shout/data.txt", "puts src/shout/data.txt at shout/data.txt in the wheel, "),
        ("shout.py", "puts src/shout.py at shout.py in the wheel, "),
    ],
)
def test_a_file_of_the_project_that_meets_the_module(
    tools: Path, tmp_path: Path, run: Callable[..., Ran], file: str, says: str
) -> None:
    text = PYPROJECT.replace("PLATFORM", host().name).replace("INSTALL", "scripts")
    text = text.replace("bypass-selection = true", 'only-include = ["src"]\nsources = ["src"]')
    (tmp_path / "pyproject.toml").write_text(text.replace("KEYS", "module = true"))
    (tmp_path / "bin").symlink_to(tools / "bin")
    path = tmp_path / "src" / file
    path.parent.mkdir(parents=True)
    path.touch()
    said = run(*CLI, "check", tmp_path, code=3).out
    assert f"{says}where the module of tool.multiarch.helpers.shout.module is" in said


@posix
def test_verify_asks_for_the_modules(tools: Path, tmp_path: Path, run: Callable[..., Ran]) -> None:
    text = PYPROJECT.replace("PLATFORM", host().name).replace("INSTALL", "scripts")
    (tools / "pyproject.toml").write_text(text.replace("KEYS", ""))
    run(sys.executable, "-m", "hatchling", "build", "-c", "-t", "wheel", cwd=tools)
    for old, new, says in (
        ("KEYS", "module = true", "shout.py is not in it, and tool.multiarch.helpers.shout.module"),
        ("[tool.multiarch]", "[tool.multiarch]\nlocator = true", "_my_tools_helpers is not in it"),
    ):
        (tools / "pyproject.toml").write_text(text.replace(old, new).replace("KEYS", ""))
        assert says in run(*CLI, "verify", tools, code=6).out
