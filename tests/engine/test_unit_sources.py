"""How often a build asks Go for the sources of its helpers: ``go list`` loads all packages anew."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.cache.cache_dir import cache_home
from hatch_multiarch.engine.source_digest import head
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

MAIN = 'package main\n\nimport "example.com/greet/words"\n\nfunc main() { println(words.Hello) }\n'
FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "greeter"
version = "1"
[tool.hatch.build.targets.wheel]
bypass-selection = true
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch.helpers.greet]
""",
    ".gitignore": "/build/\n/dist/\nhidden/\n",
    "helpers/greet/go.mod": "module example.com/greet\n\ngo 1.21\n",
    "helpers/greet/main.go": MAIN,
    "helpers/greet/words/words.go": 'package words\n\nconst Hello = "hello"\n',
}


class Site:
    """A project, a Go that notes what it is asked, and a cache of its own."""

    def __init__(self, root: Path, run: Callable[..., Ran]) -> None:
        self.root = root / "greeter"
        self._run = run
        self._log = root / "log"
        go = root / "bin/go"
        go.parent.mkdir()
        go.write_text(
            f'#!/bin/sh\necho "$*" >>"{self._log}"\nexec "{find_go("", "1.21").path}" "$@"\n'
        )
        go.chmod(0o755)
        self._env = {
            "PATH": f"{go.parent}:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(root / "cache"),
            "GOCACHE": os.environ.get("GOCACHE") or str(cache_home(os.environ) / "go-build"),
        }
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def build(self, platforms: str = "linux/amd64") -> tuple[int, str]:
        """Build the wheels; return how often Go listed packages, and what the build printed."""
        self._log.write_text("")
        words = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
        said = self._run(*words, cwd=self.root, **self._env, HATCH_MULTIARCH_PLATFORMS=platforms)
        return self._log.read_text().count("list -e"), said.out


@pytest.fixture
def site(tmp_path: Path, run: Callable[..., Ran]) -> Site:
    return Site(tmp_path, run)


def test_once_for_each_binary_and_not_again_for_what_functions_do(site: Site) -> None:
    both = "linux/amd64 linux/arm64"
    assert site.build(both)[0] == 2
    assert site.build(both)[0] == 0
    site.write({"helpers/greet/main.go": MAIN.replace("println(", 'println("more", ')})
    assert site.build(both)[0] == 0
    (site.root / "build/multiarch/bin/linux-amd64/greet").unlink()
    assert site.build(both)[0] == 0


CHANGES = {
    "an import": {"helpers/greet/main.go": MAIN.replace("import ", 'import _ "fmt"\nimport ')},
    "a constraint": {
        "helpers/greet/words/words.go": "//go:build linux\n\n"
        + FILES["helpers/greet/words/words.go"]
    },
    "a file": {"helpers/greet/more.go": "package main\n\nvar more = 1\n"},
    "a module": {"helpers/greet/go.mod": "module example.com/greet\n\ngo 1.22\n"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_again_after_a_change_of(change: str, site: Site) -> None:
    assert site.build()[0] == 1
    site.write(CHANGES[change])
    assert site.build()[0] == 1
    assert site.build()[0] == 0


def test_what_comes_in_is_missed_in_the_sdist(site: Site) -> None:
    assert "hidden" not in site.build()[1]
    hidden = {"helpers/greet/hidden/hidden.go": "package hidden\n\nconst Word = 1\n"}
    more = 'import "example.com/greet/hidden"\n\nvar _ = hidden.Word\n'
    site.write({**hidden, "helpers/greet/more.go": f"package main\n\n{more}"})
    for _ in range(2):
        assert "leaves out helpers/greet/hidden/hidden.go" in site.build()[1]


def test_always_where_files_are_embedded(site: Site) -> None:
    """Their patterns match files of any folder."""
    site.write({"helpers/greet/text": "1", "helpers/greet/embed.go": EMBED})
    for number in range(2):
        site.write({"helpers/greet/text": str(number)})
        assert site.build()[0] == 1


def test_always_where_a_package_has_another_way_without_cgo(site: Site) -> None:
    """Whether it has, its declarations decide."""
    with_c = 'package words\n\nimport "C"\n\nfunc Extra() {}\n'
    without = "//go:build !cgo\n\npackage words\n\nfunc Extra() {}\n"
    site.write({"helpers/greet/words/c.go": with_c, "helpers/greet/words/plain.go": without})
    assert "does not work without cgo" not in site.build()[1]
    site.write({"helpers/greet/words/plain.go": without.replace("Extra", "Other")})
    assert "words does not work without cgo" in site.build()[1]


EMBED = 'package main\n\nimport _ "embed"\n\n//go:embed text\nvar text string\n'
HEADS = {
    "imports": (b'package a\n\nimport "fmt"\n\n', b"func f() {}\n"),
    "a group": (b'//go:build linux\n\npackage a\n\nimport (\n\t"fmt"\n)\n\n', b"type T int\n"),
    "no declaration": (b'package a\n\nimport _ "fmt"\n', b""),
    "the word in a text": (b"package a\n\n", b'const A = "an important import of goods"\n'),
    "a declaration in a comment": (b'/*\nvar x\n*/\npackage a\n\nimport "fmt"\n\nvar X = 1\n', b""),
    "a preamble in C": (b'package a\n\n/*\nconst int x;\n*/\nimport "C"\n\nvar X = C.x\n', b""),
    "an import behind a comment": (b"package a\n/*\ntype\n*/import/**/`fmt`\nvar X = 1\n", b""),
    "a directive to embed": (b"package a\n\nvar a int\n\n//go:embed b\nvar b string\n", b""),
}


@pytest.mark.parametrize("name", HEADS)
def test_the_head_of_a_file_has_all_its_imports(name: str) -> None:
    above, below = HEADS[name]
    assert head(above + below) == above
