"""`hatch-multiarch init` in a Go repository without pyproject.toml: what it reads, and the tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from projects import write
from support import clean_env, need

from hatch_multiarch.engine.go_source import read_package
from hatch_multiarch.init import configured, find_programs, new_target
from hatch_multiarch.init.license_files import read_license
from hatch_multiarch.init.new_project import read_repository
from hatch_multiarch.init.version_flags import version_flags

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch")
EMPTY = "package main\n\nfunc main() {}\n"
SHOUT = """package main

import "fmt"

var (
\tversion = "dev" // set by the linker
\tcommit  = "none"
)

func main() { fmt.Println("shout", version) }
"""
MIT = """MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software ...
The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.
"""
REPOSITORY = {
    "go.mod": "module github.com/me/shout/v2\n\ngo 1.21\n",
    "cmd/shout/main.go": SHOUT,
    "README.md": "# shout\n\n[![ci](a.svg)](b)\n\n`shout` prints **words**, see [docs](c). More.\n",
    "LICENSE": MIT,
}
RELEASER = """
  - -s -w -X example.com/x/cmd.V={{.Version}} -X main.tag={{ .Tag }} -X a.b={{.Commit}}
  - -X 'c.d=v{{ .Version }}'
"""
BSD = "Redistribution and use in source and binary forms, with or without\nmodification, ...\n"
USE = "Permission to use, copy, modify, and/or distribute this software for any\npurpose with or "
USE += "without fee is hereby granted"


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([need("git"), *who, *words], cwd=root, check=True, capture_output=True)


def test_what_the_files_say(tmp_path: Path) -> None:
    root = write(tmp_path / "folder", REPOSITORY)
    found = read_repository(root)
    assert (found.name, found.version, found.license) == ("shout", "0.1.0", "MIT")
    assert found.description == "shout prints words, see docs."
    assert (found.readme, found.url) == ("README.md", "https://github.com/me/shout")
    assert new_target(root).document["project"]["version"] == "0.1.0"
    (root / "README.md").unlink()
    (root / "go.mod").write_text("module shout\n")
    found = read_repository(root)
    assert (found.name, found.description, found.readme, found.url) == ("shout", "", "", "")


@pytest.mark.witness
def test_tags_give_the_version(tmp_path: Path) -> None:
    root = write(tmp_path / "shout", REPOSITORY)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "a")
    git(root, "tag", "other")
    git(root, "tag", "sub/v1.0.0")
    assert read_repository(root).version == "0.1.0"
    git(root, "tag", "v2.1.0")
    document = new_target(root).document
    assert document["project"]["dynamic"] == ["version"]
    assert document["build-system"]["requires"] == ["hatchling", "hatch-vcs", "hatch-multiarch"]


@pytest.mark.parametrize(
    ("readme", "says"),
    [
        ("Title\n=====\n\nIt does things. Well.\n", "It does things."),
        (
            "<p align=center><img src=x></p>\n\n## A\n\n- one two\n\n> a b\n\nIt does things\nhere",
            0,
        ),
        ("<!-- it is\n\nhidden -->\n```sh\nit runs\n\nit does\n```\nIt does things\nhere", 0),
        ('It says "a\\b" to you.\n', 'It says "a\\b" to you.'),
        ("word\n\n", ""),
    ],
)
def test_the_first_sentence_describes(tmp_path: Path, readme: str, says: str | int) -> None:
    root = write(tmp_path / "x", {**REPOSITORY, "README.md": readme})
    told = new_target(root).document["project"].get("description", "")
    assert told == (says if isinstance(says, str) else "It does things here")


def test_a_long_description_is_cut_between_words(tmp_path: Path) -> None:
    root = write(tmp_path / "x", {**REPOSITORY, "README.md": "many words " * 60})
    told = read_repository(root).description
    assert told.endswith(("many...", "words..."))
    assert 280 < len(told) <= 300


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        ([MIT], "MIT"),
        (["Apache License\n   Version 2.0, January 2004\n"], "Apache-2.0"),
        (["Mozilla Public License Version 2.0\n"], "MPL-2.0"),
        ([BSD], "BSD-2-Clause"),
        ([f"{BSD} may be used to endorse or\n promote products derived from"], "BSD-3-Clause"),
        ([f"{BSD} All advertising materials ... endorse or promote products"], "BSD-4-Clause"),
        ([f"{USE}, provided\nthat the above copyright notice ..."], "ISC"),
        ([f"{USE}.\n\nTHE SOFTWARE IS PROVIDED ..."], "0BSD"),
        (["This is free and unencumbered software released into the public domain."], "Unlicense"),
        (["GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"], ""),
        ([MIT, MIT], "MIT"),
        ([MIT, "Apache License\nVersion 2.0, January 2004"], ""),
        ([MIT, "mine"], ""),
        ([], ""),
    ],
)
def test_licenses_that_are_plain(tmp_path: Path, texts: list[str], name: str) -> None:
    for file, text in zip(("LICENSE", "COPYING.txt"), texts, strict=False):
        (tmp_path / file).write_text(text)
    assert read_license(tmp_path) == name


@pytest.mark.parametrize(
    ("go", "releaser", "flags"),
    [
        (SHOUT, "", ["-X main.version={version}"]),
        (EMPTY + 'var Version string = "x"\n', "", ["-X main.Version={version}"]),
        (EMPTY + "var version string\n", "", ["-X main.version={version}"]),
        (EMPTY + "var version = read()\n", "", []),
        (EMPTY + 'const version = "1"\n', "", []),
        (EMPTY + 'func f() {\n\tvar version = "1"\n\t_ = version\n}\n', "", []),
        (EMPTY + '// var version = "1"\n', "", []),
        (SHOUT, "builds:\n- main: .\n", ["-X main.version={version}"]),
        (
            SHOUT,
            RELEASER,
            ["-X example.com/x/cmd.V={version}", "-X main.tag=v{version}", "-X c.d=v{version}"],
        ),
    ],
)
def test_the_variable_of_the_version(
    tmp_path: Path, go: str, releaser: str, flags: list[str]
) -> None:
    write(tmp_path, {"main.go": go, **({".goreleaser.yaml": releaser} if releaser else {})})
    assert list(version_flags(tmp_path, read_package(tmp_path))) == flags


STAMPED = """
  - -X main.version={{.Version}} -X 'main.commit={{ .ShortCommit }}' -X main.date={{.Date}}
  - -X main.builtBy=goreleaser -X a.b={{.CommitDate}}
"""


@pytest.mark.witness
def test_commit_and_date_where_git_knows_them(tmp_path: Path) -> None:
    root = write(tmp_path / "shout", {**REPOSITORY, "cmd/shout/main.go": SHOUT})
    plain = ["-X main.version={version}", "-X main.commit={commit}"]
    package = read_package(root / "cmd/shout")
    assert list(version_flags(root, package)) == plain[:1]
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "a")
    assert list(version_flags(root, package)) == plain
    # Another project's program has another commit.
    assert list(version_flags(root, package, own=False)) == plain[:1]
    write(root, {".goreleaser.yaml": STAMPED})
    dates = ["-X main.date={date}", "-X a.b={date}"]
    assert list(version_flags(root, package)) == [*plain, *dates]
    target = new_target(root)
    build = tomllib.loads(configured(target, find_programs(root, {}), image=False))["tool"]["hatch"]
    assert build["build"]["hooks"] == {"multiarch": {}}
    # One that has the hook for its wheels gets it for the sdist, which records the commit.
    text = target.text.replace("build.hooks.multiarch", "build.targets.wheel.hooks.multiarch")
    target = replace(target, text=text, document=tomllib.loads(text))
    build = tomllib.loads(configured(target, find_programs(root, {}), image=False))["tool"]["hatch"]
    assert "hooks" not in build["build"]
    assert build["build"]["targets"]["sdist"]["hooks"] == {"multiarch": {}}


def test_programs_for_developers_are_left_out_and_named(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    more = {
        "cmd/gen-docs/main.go": EMPTY,
        "cmd/tell/main.go": EMPTY,
        "examples/x/go.mod": "module x\n\ngo 1.21\n",
        "examples/x/main.go": EMPTY,
    }
    root = write(tmp_path / "shout", {**REPOSITORY, **more})
    assert [each.name for each in find_programs(root, {}) if each.aside] == ["gen-docs", "x"]
    said = run(*CLI, "init", "--diff", root).out
    assert "[tool.multiarch.helpers.gen-docs]" not in said
    told = json.loads(run(*CLI, "init", "--diff", "--json", root).out)
    assert [each["name"] for each in told["programs"]] == ["shout", "tell"]
    assert [each["name"] for each in told["left_out"]] == ["gen-docs", "x"]
    assert told["left_out"][1] == {
        "name": "x",
        "folder": "examples/x",
        "source": "examples/x",
        "package": ".",
        "why": "examples/ usually has no programs for users",
    }
    assert not (root / "pyproject.toml").exists()
    said = run(*CLI, "init", root).out
    assert said.startswith("created pyproject.toml: shout, version 0.1.0, license MIT\n")
    assert "left out gen-docs, in cmd/gen-docs: gen-docs looks like a generator; to ship " in said
    assert 'add [tool.multiarch.helpers.x] with source = "examples/x", package = "."' in said
    assert "ok: shout 0.1.0: 2 helpers, 5 wheels" in said
    assert said.endswith("after you publish it: uvx shout, uvx --from shout tell\n")
    # Where nothing else is there, it is what there is to ship.
    alone = write(tmp_path / "alone", {f"tools/x/{n}": more[f"examples/x/{n}"] for n in FILES})
    assert "added x: Go, in tools/x" in run(*CLI, "init", alone).out


def test_programs_elsewhere_in_a_module_without_cmd(tmp_path: Path) -> None:
    files = {
        "go.mod": "module example.com/dogs\n\ngo 1.21\n",
        "dogs.go": "package dogs\n",
        "app/bark/main.go": EMPTY,
        "examples/howl/main.go": EMPTY,
        "testdata/no/main.go": EMPTY,
        "other/go.mod": "module example.com/dogs/other\n\ngo 1.21\n",
        "other/wag/main.go": EMPTY,
    }
    found = find_programs(write(tmp_path / "dogs", files), {})
    assert [(each.name, each.source, each.package, bool(each.aside)) for each in found] == [
        ("bark", ".", "./app/bark", False),
        ("howl", ".", "./examples/howl", True),
        ("wag", "other", "./wag", False),
    ]
    found = find_programs(write(tmp_path / "dogs", {"cmd/woof/main.go": EMPTY}), {})
    assert [each.name for each in found] == ["woof", "wag"]


FILES = ("go.mod", "main.go")


def test_a_project_without_a_package_gets_what_hatchling_asks_for(
    tmp_path: Path, run: Callable[..., Ran]
) -> None:
    bare = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
    bare += '[project]\nname = "hounds"\nversion = "1.0.0"\n'
    root = write(tmp_path / "shout", {**REPOSITORY, "pyproject.toml": bare})
    said = run(*CLI, "init", root).out
    assert said.endswith("\nafter you publish it: uvx --from hounds shout\n")
    text = (root / "pyproject.toml").read_text("utf-8")
    assert "[tool.hatch.build.targets.wheel]\nbypass-selection = true\n" in text
    assert 'install = "scripts"' in text
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root)
    without = text.replace("bypass-selection = true\n", "")
    (root / "pyproject.toml").write_text(without)
    said = run(*CLI, "check", root, code=3).out
    assert "there is no Python package of the project's name; set its folder: packages" in said
    # A table that is there already gets one line more.
    table = bare + '[tool.hatch.build.targets.wheel]\nexclude = ["x"]\n'
    (root / "pyproject.toml").write_text(table)
    run(*CLI, "init", root)
    assert "\n[tool.hatch.build.targets.wheel]\nbypass-selection = true\nexclude" in (
        root / "pyproject.toml"
    ).read_text("utf-8")


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.witness
def test_a_tool_with_tags_is_built_and_installed(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str]
) -> None:
    """As its maintainer would: init, hatch build; and as its users would: uv tool, pip."""
    root = write(tmp_path / "shout", REPOSITORY)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "a")
    git(root, "tag", "v2.1.0")
    said = run(*CLI, "init", root).out
    assert "created pyproject.toml: shout, version from git tags, license MIT" in said
    env = clean_env(**links)
    git(root, "add", ".")
    git(root, "commit", "-m", "b")
    git(root, "tag", "v2.2.0")
    run("hatch", "build", cwd=root, **env)
    assert len(list(root.glob("dist/shout-2.2.0-*.whl"))) == 5
    home = {**env, "UV_TOOL_DIR": str(tmp_path / "t"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    run("uv", "tool", "install", "--find-links", root / "dist", "shout", **home)
    tool = tmp_path / "bin/shout"
    assert run(tool).out == "shout 2.2.0\n"
    assert tool.resolve().read_bytes()[:4] == b"\x7fELF"  # no Python is started
    assert shutil.which("uvx")
    ran = run("uvx", "--from", next(root.glob("dist/*musllinux*x86_64.whl")), "shout", **home)
    assert re.search("shout 2.2.0\n", ran.out)
    assert os.path.lexists(root / "build/multiarch/shout-2.2.0.json")
