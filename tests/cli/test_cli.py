"""The terminal's face: what `python -m hatch_multiarch` prints and how it exits."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
PLAN = """\
greeter 1.0.0, compiled on: host

compile
  helper  platform       libc        compiler
  greet   linux/amd64    static      none
  tone    linux/amd64    glibc:2.17  zig
  greet   linux/riscv64  static      none
  tone    linux/riscv64  glibc:2.27  zig
  greet   windows/amd64  -           none

wheels (3); each tag is read from the binaries
  linux/amd64: greet, tone
  linux/riscv64: greet, tone
  windows/amd64: greet

image greeter (1.0.0) from scratch
  linux/amd64: greet
  linux/riscv64: greet

notes
  tone on linux/riscv64: needs glibc 2.27, the oldest that zig can compile for there, \
instead of 2.17
"""


def test_plan_prints_what_a_build_would_do_and_does_nothing(
    project: Path, run: Callable[..., Ran]
) -> None:
    env = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64 linux/riscv64 windows/amd64"}
    before = sorted(project.rglob("*"))
    assert run(*CLI, "plan", project, **env).out == PLAN
    assert sorted(project.rglob("*")) == before


def test_plan_as_json_holds_the_same(project: Path, run: Callable[..., Ran]) -> None:
    plan = json.loads(run(*CLI, "plan", "--json", cwd=project).out)
    assert len(plan["units"]) == 10
    assert plan["units"][1] == {
        "helper": "tone",
        "kind": "program",
        "platform": "linux/amd64",
        "libc": "glibc:2.17",
        "compiler": "zig",
        "source": "helpers/tone",
        "member": "",
        "output": "build/multiarch/bin/linux-amd64/tone",
        "parts": [],
    }
    assert plan["image"]["platforms"]["linux/arm/v7"] == ["greet"]


def test_plan_for_a_front_end(project: Path, run: Callable[..., Ran]) -> None:
    assert "wheels (1)" in run(*CLI, "plan", "--mode", "one", project).out


def test_errors_are_lines_with_an_exit_code(project: Path, run: Callable[..., Ran]) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("cgo = true", 'cgo = "yes"'))
    said = run(*CLI, "plan", project, code=2).out
    assert said == (
        "error: tool.multiarch.helpers.tone.cgo: expected true or false, found the string 'yes'\n"
    )
    shutil.rmtree(project / "helpers/greet")
    pyproject.write_text(pyproject.read_text().replace('cgo = "yes"', "cgo = true"))
    assert "tool.multiarch.helpers.greet.source: " in run(*CLI, "plan", project, code=3)
    pyproject.unlink()
    assert "pyproject.toml" in run(*CLI, "plan", project, code=2)


def test_metadata_that_cannot_be_read_is_one_line(project: Path, run: Callable[..., Ran]) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('version = "1.0.0"', "version = 1"))
    said = run(*CLI, "plan", project, code=3).out
    assert said.startswith("error: the project's metadata cannot be read: ")
    assert "Traceback" not in said


def test_the_hook_is_cheap_to_import(run: Callable[..., Ran]) -> None:
    """Hatchling imports it in every project of an environment that has the plugin."""
    hook = "hatch_multiarch.hatch_plugin"
    code = f"import sys, {hook}.register, {hook}.build_hook; print(*sys.modules)"
    modules = set(run(sys.executable, "-c", code).out.split())
    assert not {"rich", "elftools", "hatch_multiarch.config", "hatch_multiarch.pipeline"} & modules
