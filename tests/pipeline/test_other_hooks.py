"""A project's old hook, which tags the wheel or compiles the same program, is named in time."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from cli.projects import PLAIN, write

from hatch_multiarch.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

BUILD = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
HOOK = """
import subprocess
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class OldHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name == "wheel":
            self._wheel(build_data)
    def _wheel(self, build_data):
        build_data["tag"] = f"py3-none-{'linux'}_x86_64"
    def _go(self):
        subprocess.run(["go", "build", "-o", "greeter/greet", "./helpers/greet"], check=True)
"""
"""A hook whose tag depends on what it calls, as that of dask-gateway does."""
SURE = HOOK.replace("self._wheel(build_data)\n", 'build_data["infer_tag"] = True\n')
MAY = "hatch_build.py can set the wheel's tag (line 10) and runs `go build` for greet (line 12)"
DOES = "hatch_build.py sets the wheel's tag (line 8) and runs `go build` for greet (line 12)"
MORE = ", which hatch-multiarch does itself; remove that hook if it compiles nothing but helpers"


@pytest.fixture
def old(tmp_path: Path) -> Callable[..., Path]:
    """Return a project with an old hook; in hatch.toml there are its and our tables."""

    def old(hook: str, *, hatch: str = "", first: bool = False) -> Path:
        root = write(tmp_path / "greeter", {**PLAIN, "hatch_build.py": hook})
        if hatch:
            write(root, {"hatch.toml": hatch})
            return root
        pyproject = root / "pyproject.toml"
        ours = "[tool.hatch.build.hooks.multiarch]\n" if first else ""
        pyproject.write_text(f"{pyproject.read_text()}{ours}[tool.hatch.build.hooks.custom]\n")
        return root

    return old


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(list(words))
    return "".join(capsys.readouterr())


def test_init_check_and_plan_name_it(
    old: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = old(HOOK)
    line = f"tool.hatch.build.hooks.custom: {MAY}{MORE}"
    for command in ("init", "check"):
        assert f"warning: {line}\nok: " in said(capsys, command, str(root))
    assert f"  {line}\n" in said(capsys, "plan", str(root))
    told = json.loads(said(capsys, "check", "--json", str(root)))
    assert (told["ok"], told["warnings"]) == (True, [line])
    (root / "hatch_build.py").write_text(SURE)
    assert main(["check", str(root)]) == 3
    assert capsys.readouterr().out == f"error: tool.hatch.build.hooks.custom: {DOES}{MORE}\n"


def test_it_is_named_by_the_file_that_has_its_table(
    old: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    hatch = "[build.targets.wheel.hooks.custom]\n[build.targets.wheel.hooks.multiarch]\n"
    root = old(SURE, hatch=hatch)
    key = "hatch.toml: build.targets.wheel.hooks.custom"
    assert f"error: {key}: {DOES}" in said(capsys, "init", str(root))
    told = json.loads(said(capsys, "check", "--json", str(root)))
    assert told["error"]["key"] == key
    off = hatch.replace("custom]\n", "custom]\nenable-by-default = false\n")
    (root / "hatch.toml").write_text(off)
    assert main(["check", str(root)]) == 0


@pytest.mark.parametrize("first", [False, True], ids=["theirs first", "ours first"])
@pytest.mark.parametrize("hook", [HOOK, SURE], ids=["may", "does"])
def test_a_build_stops_before_it_compiles(
    old: Callable[..., Path],
    run: Callable[..., Ran],
    hook: str,
    first: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A hook after ours that only may set the tag is warned of, and refused when it did."""
    root = old(hook, first=first)
    main(["init", str(root)])
    built = run(*BUILD, cwd=root, code=3, HATCH_MULTIARCH_PLATFORMS="host").out
    known = hook == SURE or not first
    assert ("Compiling" not in built) == known
    assert "tool.hatch.build.hooks.custom: hatch_build.py" in built.partition("Compiling")[0]
    assert "error: tool.hatch.build.hooks.custom: hatch_build.py" in built
    assert list(root.glob("dist/*")) == []


PLUGIN = """
from hatchling.plugin import hookimpl
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    PLUGIN_NAME = "compiles"
    def initialize(self, version, build_data):
        build_data["infer_tag"] = True

@hookimpl
def hatch_register_build_hook():
    return Hook
"""


def test_the_hook_of_an_installed_package_is_read(
    old: Callable[..., Path], run: Callable[..., Ran], tmp_path: Path
) -> None:
    site = {
        "hatch_compiles/plugin.py": PLUGIN,
        "hatch_compiles-1.dist-info/METADATA": "Name: hatch-compiles\nVersion: 1\n",
        "hatch_compiles-1.dist-info/entry_points.txt": "[hatch]\nx = hatch_compiles.plugin\n",
    }
    path = os.pathsep.join([str(write(tmp_path / "site", site)), os.environ.get("PYTHONPATH", "")])
    hatch = "[build.hooks.compiles]\n[build.targets.wheel.hooks.multiarch]\n"
    root = old("", hatch=hatch)
    said = run(sys.executable, "-m", "hatch_multiarch", "init", root, code=3, PYTHONPATH=path).out
    assert said.splitlines()[-1] == (
        "error: hatch.toml: build.hooks.compiles: hatch_compiles/plugin.py sets the wheel's tag "
        "(line 8), which hatch-multiarch does itself; ship what needs that tag in a separate "
        "distribution"
    )


def test_a_hook_that_cannot_be_read_is_left_to_hatchling(
    old: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = old("def\n")
    assert "ok: greeter" in said(capsys, "init", str(root))
    (root / "hatch_build.py").unlink()
    assert "ok: greeter" in said(capsys, "check", str(root))
    pyproject = root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("hooks.custom]", "hooks.no-such]"))
    assert said(capsys, "check", str(root)).startswith(
        "warning: tool.hatch.build.hooks.no-such: this hook is not installed here, so its source "
        "was not checked; install it next to hatch-multiarch to check it\nok: greeter"
    )
    pyproject.write_text(pyproject.read_text().replace("hooks.no-such]", "hooks]"))
    assert said(capsys, "check", str(root)).startswith("ok: greeter")
