"""The docs are true: generated pages are current, examples are read by the reader, links lead."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from support import REPOSITORY, load_docs_generator

from hatch_multiarch.cli import BROKEN_PIPE, parser
from hatch_multiarch.config import read_table
from hatch_multiarch.errors import MultiarchError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [
    *REPOSITORY.glob("*.md"),
    *REPOSITORY.glob("docs/**/*.md"),
    *REPOSITORY.glob("example_project/*.md"),
]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text("utf-8")) if name == language]


def test_the_generated_pages_are_current() -> None:
    for name, text in load_docs_generator().pages().items():
        stored = (REPOSITORY / "docs/reference" / name).read_text("utf-8")
        assert stored == text, f"{name}: run python docs/generate.py"


def test_every_exit_code_is_documented() -> None:
    page = (REPOSITORY / "docs/reference/exit-codes.md").read_text("utf-8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    kinds = {kind.exit_code for kind in MultiarchError.__subclasses__()}
    assert told == kinds | {1, BROKEN_PIPE, 128 + signal.SIGTERM}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_toml_example_is_a_config_that_the_reader_takes(page: Path) -> None:
    for text in blocks(page, "toml"):
        table = tomllib.loads(text).get("tool", {}).get("multiarch")
        if table is not None:
            # A snippet may lean on helpers that another one on the page defines.
            helpers = {"greet": {}, "tone": {"cgo": True}}
            table["helpers"] = {**helpers, **table.get("helpers", {})}
            read_table(table, project_name="greeter")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_python_example_compiles(page: Path) -> None:
    for text in blocks(page, "python"):
        compile(text, page.name, "exec")


def test_every_command_of_ours_that_a_page_shows_is_one() -> None:
    count = 0
    for page in PAGES:
        for text in blocks(page, "console"):
            for line in re.findall(r"^\$ hatch-multiarch (.*)$", text, re.MULTILINE):
                words = shlex.split(line.partition(" | ")[0], comments=True)
                try:
                    parser().parse_args(words)
                except MultiarchError:
                    pytest.fail(f"{page.name}: hatch-multiarch {line}")
                count += 1
    assert count


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_the_readme_has_exactly_two_commands_for_newcomers() -> None:
    text = (REPOSITORY / "README.md").read_text("utf-8")
    [commands] = re.findall(r"^```sh newcomer\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(commands.splitlines()) == 2
