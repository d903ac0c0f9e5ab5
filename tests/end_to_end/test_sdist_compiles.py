"""The sdist compiles to the same helper, or `check` and the build say which line is missing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from support import need

from hatch_multiarch.pipeline.project_check import check
from hatch_multiarch.plan import Switches
from hatch_multiarch.plan.commit import RECORD
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"

[project]
name = "carrier"
version = "1.0"

[tool.hatch.build.targets.wheel.hooks.multiarch]

[tool.multiarch.helpers.greet]
"""
SDIST = "\n[tool.hatch.build.targets.sdist]\n"
GREET = "helpers/greet"
PLAIN = {
    "pyproject.toml": PYPROJECT,
    "carrier/__init__.py": "",
    f"{GREET}/go.mod": "module example.com/greet\n\ngo 1.21\n",
    f"{GREET}/main.go": "package main\n\nfunc main() { println(text()) }\n",
    f"{GREET}/text.go": 'package main\n\nfunc text() string { return "hi" }\n',
}
EMBED = """\
package main

import (
	"embed"
	"io/fs"
)

//go:embed PATTERN
var files embed.FS

func text() string {
	all := ""
	_ = fs.WalkDir(files, ".", func(path string, _ fs.DirEntry, err error) error {
		all += path + ";"
		return err
	})
	return all
}
"""
LIB = 'package lib\n\nfunc Text() string { return "from lib" }\n'
CALL = 'package main\n\nimport "example.com/lib"\n\nfunc text() string { return lib.Text() }\n'
REQUIRE = "module example.com/greet\n\ngo 1.21\n\nrequire example.com/lib v0.0.0\n\n"
WORK = "go 1.21\n\nuse (\n\t./helpers/greet\n\t./lib\n)\n"
MODULE = {"lib/go.mod": "module example.com/lib\n\ngo 1.21\n", "lib/lib.go": LIB}
PAGES = {f"{GREET}/web/dist/{number}.html": "hello" for number in range(9)}
KINDS: dict[str, tuple[dict[str, str], str, str]] = {
    # what the project holds, what is said to be left out, and the key of the line that adds it
    "nothing is missing": ({}, "", ""),
    "a generated file": (
        {".gitignore": "*.pb.go\n", f"{GREET}/text.go": "package main\n"}
        | {f"{GREET}/text.pb.go": PLAIN[f"{GREET}/text.go"]},
        f"{GREET}/text.pb.go",
        f'artifacts = ["/{GREET}/text.pb.go"]',
    ),
    "web pages that are built": (
        {
            **PAGES,
            ".gitignore": "dist/\n",
            f"{GREET}/text.go": EMBED.replace("PATTERN", "web/dist"),
        },
        f"{GREET}/web/",
        f'artifacts = ["/{GREET}/web/"]',
    ),
    "all of a folder": (
        {f"{GREET}/text.go": EMBED.replace("PATTERN", "all:data"), f"{GREET}/data/a.txt": "a"}
        | {f"{GREET}/data/{name}": "x" for name in (".venv/cfg", "__pycache__/b", "c.pyc")},
        f"{GREET}/data/.venv/cfg, {GREET}/data/__pycache__/b, {GREET}/data/c.pyc",
        "force-include = {",
    ),
    "include lists too little": (
        {f"{GREET}/text.go": EMBED.replace("PATTERN", "a.txt"), f"{GREET}/a.txt": "a"}
        | {"pyproject.toml": f'{PYPROJECT}{SDIST}include = ["carrier", "*.go", "go.mod"]\n'},
        f"{GREET}/a.txt",
        f'include = ["/{GREET}/a.txt"]',
    ),
    "only-include lists too little": (
        {**MODULE, f"{GREET}/text.go": CALL, f"{GREET}/go.mod": f"{REQUIRE}replace "}
        | {f"{GREET}/go.mod": f"{REQUIRE}replace example.com/lib => ../../lib\n"}
        | {"pyproject.toml": f'{PYPROJECT}{SDIST}only-include = ["carrier", "helpers"]\n'},
        "lib/go.mod, lib/lib.go",
        "force-include = {",
    ),
    "a module outside the project": (
        {f"../{name}": text for name, text in MODULE.items()}
        | {f"{GREET}/text.go": CALL}
        | {f"{GREET}/go.mod": f"{REQUIRE}replace example.com/lib => ../../../lib\n"},
        "it is compiled from ",
        "run `go mod vendor`",
    ),
    "a workspace": ({**MODULE, f"{GREET}/text.go": CALL, "go.work": WORK}, "", ""),
    "a workspace that git ignores": (
        {**MODULE, f"{GREET}/text.go": CALL, "go.work": WORK, ".gitignore": "go.work\n"},
        "go.work",
        'artifacts = ["/go.work"]',
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_sdist_gives_the_same_helper(
    kind: str, tmp_path: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATCH_MULTIARCH_ENGINE", "host")
    monkeypatch.setenv("HATCH_MULTIARCH_PLATFORMS", "host")
    more, left_out, line = KINDS[kind]
    root = tmp_path / "project"
    write(root, {**PLAIN, **more})
    problems = said(root)
    assert len(problems) == bool(left_out), problems
    if left_out:
        assert left_out in problems[0]
        assert line in problems[0]
        lacks = build(run, root, code=3)
        assert problems[0].rpartition("; ")[0] in lacks
        assert "hint: then build carrier-1.0.tar.gz again, or remove it" in lacks
        assert [path.name for path in (root / "dist").iterdir()] == ["carrier-1.0.tar.gz"]
        mend(root, problems[0])
        assert said(root) == []
    assert "warning: tool." not in build(run, root)
    aside = unpacked(root, tmp_path / "aside")
    build(run, aside, "-t", "wheel")
    assert helper(aside) == helper(root)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def said(root: Path) -> list[str]:
    return list(map(str, check(root, Switches.read(os.environ), os.environ).problems))


def build(run: Callable[..., Ran], root: Path, *words: str, code: int = 0) -> str:
    only = {"HATCH_MULTIARCH_PLATFORMS": "host"}
    return run(sys.executable, "-m", "hatchling", "build", *words, cwd=root, code=code, **only).out


def mend(root: Path, problem: str) -> None:
    """Do what the advice says."""
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text()
    line = re.search(r"add to \[tool.hatch.build.targets.sdist\]: (.*)", problem)
    if line is None:
        subprocess.run([find_go("", "1.21").path, "mod", "vendor"], cwd=root / GREET, check=True)
        return
    key, _, value = line[1].partition(" = ")
    own = re.search(rf"^{key} = \[(.*)\]$", text, re.MULTILINE)
    if own:
        text = text.replace(own[0], f"{key} = [{own[1]}, {value[1:]}")
    else:
        text += f"{'' if SDIST in text else SDIST}{line[1]}\n"
    pyproject.write_text(text)


def helper(root: Path) -> str:
    [wheel] = (root / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [each for each in archive.namelist() if each.split("/")[-1].startswith("greet")]
        return hashlib.sha256(archive.read(name)).hexdigest()


HOOKED = f"{PYPROJECT}ldflags = ['-X main.c={{commit}} -X main.d={{date}}']\n"
HOOKED += f"{SDIST}hooks.multiarch = {{}}\n"
STAMPED = 'package main\n\nvar c, d string\n\nfunc text() string { return c + " " + d }\n'


@pytest.mark.slow
@pytest.mark.witness
def test_the_sdist_knows_the_commit(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """Its helper is the same as the checkout's, though git knows another commit there."""
    root = tmp_path / "project"
    write(root, {**PLAIN, "pyproject.toml": HOOKED, f"{GREET}/text.go": STAMPED})
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init"], ["add", "."], ["commit", "-m", "a"]):
        run(need("git"), *who, *words, cwd=root)
    build(run, root)
    aside = unpacked(root, root / "aside")
    run(need("git"), *who, "commit", "-m", "b", "--allow-empty", cwd=root)
    build(run, aside, "-t", "wheel")
    assert helper(aside) == helper(root)
    # An sdist of an sdist keeps the record.
    build(run, aside, "-t", "sdist")
    assert json.loads((unpacked(aside, root / "again") / RECORD).read_text())["date"][-1] == "Z"
    build(run, root, "-t", "wheel")
    assert helper(aside) != helper(root)
    write(root, {"pyproject.toml": HOOKED.partition(SDIST)[0]})
    lacks = "tool.multiarch.helpers.greet.ldflags: names {commit} and {date}, which a build from"
    hint = "add the table [tool.hatch.build.targets.sdist.hooks.multiarch]"
    assert any(each.startswith(lacks) and hint in each for each in said(root))
    assert f"error: {lacks}" in build(run, root, code=3)


def unpacked(root: Path, folder: Path) -> Path:
    with tarfile.open(root / "dist/carrier-1.0.tar.gz") as tar:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        tar.extractall(folder, **safe)  # noqa: S202 - ours, just made
    return folder / "carrier-1.0"


def test_the_sdist_itself_is_refused(tmp_path: Path, run: Callable[..., Ran]) -> None:
    """Where the hook is on for all targets."""
    more, left_out, line = KINDS["a generated file"]
    hooks = PYPROJECT.replace("targets.wheel.hooks", "hooks")
    write(tmp_path, {**PLAIN, **more, "pyproject.toml": hooks})
    refused = build(run, tmp_path, "-t", "sdist", code=3)
    assert f"error: tool.hatch.build.targets.sdist: leaves out {left_out}, which" in refused
    assert line in refused
    assert list((tmp_path / "dist").iterdir()) == []
    mend(tmp_path, said(tmp_path)[0])
    build(run, tmp_path, "-t", "sdist")


def test_a_wheel_alone_warns_and_a_hook_may_add_files(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    """Also where hatch.toml has the table."""
    more, left_out, line = KINDS["a generated file"]
    hook = "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
    hook += "class Hook(BuildHookInterface):\n    def initialize(self, version, build_data):\n"
    hook += f'        build_data["artifacts"].append("/{left_out}")\n'
    build_table = "[build.targets.wheel.hooks.multiarch]\n"
    write(tmp_path, {**PLAIN, **more, "hatch.toml": build_table})
    warned = build(run, tmp_path, "-t", "wheel")
    table = "hatch.toml: build.targets.sdist"
    assert f"warning: {table}: leaves out {left_out}, which greet is compiled from" in warned
    assert f"add to [build.targets.sdist]: {line}" in warned
    (tmp_path / "dist/carrier-1.0.tar.gz").write_text("cut short")
    assert "error: hatch.toml: build" in build(run, tmp_path, "-t", "wheel", code=3)
    (tmp_path / "hatch_build.py").write_text(hook)
    (tmp_path / "hatch.toml").write_text(f"{build_table}[build.targets.sdist.hooks.custom]\n")
    found = check(tmp_path, Switches.read({}), {**os.environ, "HATCH_MULTIARCH_ENGINE": "host"})
    assert found.problems == ()
    assert [each.rpartition(", ")[2] for each in found.warnings] == [
        "unless the build hook custom adds it"
    ]
    assert "leaves out" not in build(run, tmp_path)
