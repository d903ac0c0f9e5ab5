"""Every command of the tutorial, the how-tos and their like runs, in the page's order."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from buildkit.image_with_go import push_image_with_go
from pages import DOCS, Page, Walk, first_missing, joined, read_page
from support import clean_env, need

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from engine_fixture import Engine

NAMES = sorted(
    path.relative_to(DOCS).as_posix()
    for pattern in ("tutorial/*.md", "howto/*.md", "coming-from/*.md", "compared-with.md")
    for path in DOCS.glob(pattern)
)
HERE = [name for name in NAMES if "engine" not in read_page(name).needs]
WITH_ENGINE = [name for name in NAMES if name not in HERE]
NOT_RUN = {
    "coming-from/dockerfile.md": 1,  # Docker Hub
    "coming-from/go-to-wheel.md": 1,  # the other tool
    "coming-from/goreleaser.md": 2,  # GoReleaser
    "howto/go-tool.md": 2,  # GoReleaser, and the Go module proxy
    "howto/fleet.md": 1,  # a second machine
    "howto/macos-windows.md": 1,  # a Mac
    "howto/private-modules.md": 1,  # a private repository
    "howto/push.md": 1,  # docker login
    "howto/release.md": 1,  # an upload to the package index
    "howto/sbom.md": 1,  # grype's list of vulnerabilities
}
"""How many blocks of a page cannot run in the tests; the page says why of each."""


def marked(name: str) -> Any:
    marks = {"containerd store": pytest.mark.containerd_store, "git": pytest.mark.witness}
    needs = read_page(name).needs
    return pytest.param(name, marks=[mark for what, mark in marks.items() if what in needs])


PYTHON3 = """\
#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    shift 2
    set -- -m virtualenv --quiet --app-data '{data}' --symlink-app-data "$@"
fi
exec '{python}' "$@"
"""


@pytest.fixture(scope="session")
def quick_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a python3 whose venv does not compile pip for each environment."""
    folder = tmp_path_factory.mktemp("python3")
    script = folder / "python3"
    script.write_text(PYTHON3.format(data=folder / "data", python=sys.executable), "utf-8")
    script.chmod(0o755)
    return folder


@pytest.fixture
def walk(tmp_path: Path, links: dict[str, str], quick_venv: Path) -> Walk:
    folder = tmp_path / "greeter"
    folder.mkdir()
    # hatch and hatch-multiarch are those of the tests, until a page makes an environment.
    first = [str(quick_venv), str(Path(sys.executable).parent)]
    path = os.pathsep.join([*first, links["PATH"]])
    return Walk(folder, clean_env(**{**links, "PATH": path}), {})


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", [marked(name) for name in HERE])
def test_the_commands_of_a_page_run(name: str, walk: Walk) -> None:
    page = read_page(name)
    if "git" in page.needs:
        need("git")
    assert walk.go(page)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("name", [marked(name) for name in WITH_ENGINE])
def test_the_commands_of_a_page_about_docker_run(
    name: str, walk: Walk, engine: Engine, tmp_path: Path
) -> None:
    page = read_page(name)
    walk.fields = {
        "registry": engine.registry,
        "builder_image": engine.builder_image,
        "network": engine.network or "default",
    }
    if "{golang}" in page.replace.values():
        walk.fields["golang"] = push_image_with_go(engine, tmp_path)
    assert walk.go(page)


def test_blocks_that_cannot_run_are_few_and_known() -> None:
    counted = {name: sum(bool(each.not_run) for each in read_page(name).blocks) for name in NAMES}
    assert {name: count for name, count in counted.items() if count} == NOT_RUN


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_block_that_nobody_checks(name: str) -> None:
    for block in read_page(name).blocks:
        run = block.kind == "console" and block.text.startswith("$ ")
        assert run or block.title or block.not_run, block.text


def test_a_page_may_replace_keys_and_add_tables() -> None:
    text = "[a]\nx = 1\ny = 2\n\n[b]\nx = 3\n"
    told = tomllib.loads(joined(text, "[a]  # more\nx = 4\n\n[c]\nz = 5\n"))
    assert told == {"a": {"x": 4, "y": 2}, "b": {"x": 3}, "c": {"z": 5}}


@pytest.mark.parametrize(
    ("shown", "missing"),
    [(["one  two"], None), (["one ... three", "four"], None), (["four", "one"], "one")],
)
def test_output_is_compared_line_by_line(shown: list[str], missing: str | None) -> None:
    assert first_missing(shown, "one   two three\nfour\n") == missing


def test_a_page_that_lies_fails(walk: Walk) -> None:
    page = Page("page.md")
    page.blocks = read_page("tutorial/wheels.md").blocks[:1]
    page.blocks[0].kind, page.blocks[0].title = "console", ""
    page.blocks[0].text = "$ echo here\nthere\n"
    with pytest.raises(AssertionError, match="the page shows: there"):
        walk.go(page)
