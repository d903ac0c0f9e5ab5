"""``hatch-multiarch report``: the page of a real build, and one line for what is no report."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.pipeline.clean import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support import Example, Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "report")
PAGE = "build/multiarch/greeter-1.0.0.html"


def digests(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from digests(each)
    elif isinstance(told, str) and len(told.removeprefix("sha256:")) == 64:
        yield told


@pytest.mark.slow
def test_the_page_of_what_hatch_build_made(
    example: Example, run: Callable[..., Ran], tmp_path: Path
) -> None:
    report = json.loads(example.report.read_text("utf-8"))
    assert run(*CLI, cwd=example.root).out == f"{PAGE}\n"
    html = (example.root / PAGE).read_text("utf-8")
    found = set(digests(report))
    assert len(found) >= 10 + 6 + 1 + 4 + 4 + 1  # units, wheels, index, manifests, layers, archive
    assert [each for each in found if each not in html] == []
    for each in report["wheels"]:
        assert each["file"] in html
    for unit in report["units"]:
        assert f"{unit['helper']} {unit['platform']} from " in html
        assert unit["worker"] is not None
        assert unit["start"] + unit["seconds"] <= report["timing"]["seconds"] + 0.02
    elsewhere = tmp_path / "pages/it.html"
    said = run(*CLI, example.report, "--output", elsewhere, "--json").out
    assert json.loads(said) == {"report": str(example.report), "page": str(elsewhere)}
    assert elsewhere.read_text("utf-8") == html


@pytest.fixture
def built(project: Path, finished_report: str) -> Path:
    folder = project / "build/multiarch"
    folder.mkdir(parents=True)
    (folder / "greeter-1.0.0.json").write_text(finished_report, encoding="utf-8")
    return project


@pytest.fixture
def finished_report() -> str:
    """Return the report of a build that made nothing."""
    tools = {"plugin": "1", "hatchling": "1", "python": "3", "engine": "host"}
    report = {
        "schema": 1,
        "project": {"name": "greeter", "version": "1.0.0"},
        "tools": {**tools, "go": None, "compilers": [], "compressor": "zlib 1.3"},
        "timing": {"started": "2026-11-25T12:00:00Z", "seconds": 1.5},
        "before": [],
        "sdist": None,
        "image": None,
    }
    nothing: dict[str, list[str]] = {key: [] for key in ("platforms", "units", "wheels", "proof")}
    return json.dumps({**report, **nothing})


def test_open_shows_it_in_the_browser(built: Path, run: Callable[..., Ran]) -> None:
    browser, seen = built / "browser", built / "seen"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n', encoding="ascii")
    browser.chmod(0o755)
    assert run(*CLI, "--open", cwd=built, BROWSER=str(browser)).out == f"{PAGE}\n"
    assert seen.read_text().strip() == (built / PAGE).resolve().as_uri()


def test_markdown_is_printed_and_no_page_written(built: Path, run: Callable[..., Ran]) -> None:
    said = run(*CLI, "--markdown", cwd=built).out
    assert said.startswith("### greeter 1.0.0\n\n| platform | helper |")
    assert "writes no page" in run(*CLI, "--markdown", "--open", cwd=built, code=2).out
    assert not (built / PAGE).exists()


def test_without_a_browser_the_page_is_named(built: Path, run: Callable[..., Ran]) -> None:
    env = {"BROWSER": "/nowhere/browser", "PATH": "/nowhere", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    said = run(*CLI, "--open", cwd=built, **env).out
    assert said.startswith(f"{PAGE}\nwarning: no browser was found here; open {PAGE} yourself")


def test_errors_are_one_line(built: Path, run: Callable[..., Ran], tmp_path: Path) -> None:
    folder = built / "build/multiarch"
    report = folder / "greeter-1.0.0.json"

    def error(*words: str | Path) -> str:
        said = run(*CLI, *words, cwd=built, code=10).out
        assert "Traceback" not in said
        return said.splitlines()[0]

    assert error(tmp_path) == f"error: {tmp_path}: neither a project nor a report"
    assert error("none.json") == "error: none.json: No such file or directory"
    assert error("pyproject.toml").startswith("error: pyproject.toml: not a report of hatch-mult")
    assert error(report, "--output", report).endswith(": the page would replace the report")
    assert error("--output", "pyproject.toml/x").startswith(
        "error: pyproject.toml/x: the page cannot be written: "
    )
    for name in ("greeter-0.8.0.json", "greeter-0.9.0.json"):
        shutil.copy(report, folder / name)
    assert run(*CLI, cwd=built).out == f"{PAGE}\n"
    report.unlink()
    assert error() == (
        "error: build/multiarch: several reports: greeter-0.8.0.json, greeter-0.9.0.json"
    )
    (folder / "greeter-0.8.0.json").unlink()
    assert run(*CLI, cwd=built).out == "build/multiarch/greeter-0.9.0.html\n"
    (folder / "greeter-0.9.0.json").write_text('{"schema": 7, "proof": []}')
    assert "a report of format 7, and this hatch-multiarch reads 1" in error()
    (folder / "greeter-0.9.0.json").unlink()
    assert error() == "error: build/multiarch: there is no report of this project"
    assert sorted(path.suffix for path in folder.iterdir()) == [".html", ".html"]


def test_cleaning_knows_the_page(built: Path, run: Callable[..., Ran]) -> None:
    run(*CLI, cwd=built)
    folder = built / "build/multiarch"
    clean("greeter-1.0.0", folder, folder, keep_outputs=True)
    assert (built / PAGE).is_file()
    clean("greeter-1.0.0", folder, folder, keep_outputs=False)
    assert not folder.exists()
