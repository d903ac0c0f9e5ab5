"""How often a build asks Go for the sources of its helpers: ``go list`` loads all packages anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.engine import unit_sources
from hatch_multiarch.engine.compile_plan import compile_plan
from hatch_multiarch.engine.go_inputs import unit_packages
from hatch_multiarch.engine.source_digest import head
from hatch_multiarch.plan import Switches, choose, make_plan
from hatch_multiarch.project import read_project
from hatch_multiarch.report.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.engine.unit_sources import UnitSources

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
    """A project, a cache of its own, and a count of how often Go is asked."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root / "greeter"
        self._cache = BuildCache(root / "cache")
        self._asked = 0
        monkeypatch.setattr(unit_sources, "unit_packages", self._ask)
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def build(self, platforms: str = "linux/amd64") -> tuple[int, UnitSources]:
        """Compile; return how often Go listed packages, and what is known then."""
        self._asked = 0
        switches = Switches.read({"HATCH_MULTIARCH_PLATFORMS": platforms})
        project, config = read_project(self.root)
        choice = choose(config, project.name, "all", switches, os.environ)
        plan = make_plan(project, config, "all", switches, choice)
        with Console().build(plan.units) as progress:
            compiled = compile_plan(plan, progress, 0, self._cache)
        return self._asked, compiled.sources

    def _ask(self, *arguments: Any, **keys: Any) -> Any:
        self._asked += 1
        return unit_packages(*arguments, **keys)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


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
    "a vendor folder": {"helpers/greet/vendor/modules.txt": ""},
    "a module": {"helpers/greet/go.mod": "module example.com/greet\n\ngo 1.22\n"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_again_after_a_change_of(change: str, site: Site) -> None:
    assert site.build()[0] == 1
    site.write(CHANGES[change])
    assert site.build()[0] == 1
    assert site.build()[0] == 0


def test_a_file_that_comes_in_is_known(site: Site) -> None:
    hidden = site.root / "helpers/greet/hidden/hidden.go"
    assert hidden not in site.build()[1].by_helper()["greet"][1]
    more = 'import "example.com/greet/hidden"\n\nvar _ = hidden.Word\n'
    site.write({"helpers/greet/hidden/hidden.go": "package hidden\n\nconst Word = 1\n"})
    site.write({"helpers/greet/more.go": f"package main\n\n{more}"})
    for _ in range(2):
        assert hidden in site.build()[1].by_helper()["greet"][1]


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
    assert site.build()[1].cgo_warnings() == []
    site.write({"helpers/greet/words/plain.go": without.replace("Extra", "Other")})
    [said] = site.build()[1].cgo_warnings()
    assert "example.com/greet/words does not work without cgo" in said


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
