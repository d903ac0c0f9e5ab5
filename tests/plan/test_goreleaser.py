"""Binaries of GoReleaser, as its artifacts.json lists them, become helpers byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from hatch_multiarch.config import Helper
from hatch_multiarch.errors import PlanError
from hatch_multiarch.plan.goreleaser import find_artifact
from hatch_multiarch.platforms import lookup
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran


def entry(path: str, goos: str, goarch: str, binary: str = "shout", **more: Any) -> dict[str, Any]:
    """Return what GoReleaser 2.9 writes of a binary."""
    extra = {"Binary": binary, "Builder": "go", "Ext": "", "ID": more.pop("id", "default")}
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "goos": goos,
        "goarch": goarch,
        "internal_type": 4,
        "type": more.pop("type", "Binary"),
        "extra": extra,
        **more,
    }


ENTRIES = [
    {"name": "metadata.json", "path": "dist/metadata.json", "type": "Metadata"},
    entry("dist/v3/shout", "linux", "amd64", goamd64="v3"),
    entry("dist/v1/shout", "linux", "amd64", goamd64="v1"),
    entry("dist/arm6/shout", "linux", "arm", goarm="6"),
    entry("dist/arm7/shout", "linux", "arm", goarm="7"),
    entry("dist/win/shout.exe", "windows", "amd64", goamd64="v1"),
    entry("dist/other/other", "linux", "amd64", "other", id="tell"),
    entry("dist/archive.tar.gz", "linux", "arm64", type="Archive"),
    entry("../outside/shout", "linux", "arm64"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "shout"
    for each in ENTRIES:
        path = root / each["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (root / "dist/artifacts.json").write_text(json.dumps(ENTRIES))
    return root


def found(root: Path, platform: str, name: str = "shout") -> str:
    row = lookup(platform)
    assert row is not None
    return (
        find_artifact(root, Helper(name, prebuilt="goreleaser:dist"), row)
        .relative_to(root)
        .as_posix()
    )


@pytest.mark.parametrize(
    ("platform", "name", "path"),
    [
        ("linux/amd64", "shout", "dist/v1/shout"),
        ("linux/arm/v6", "shout", "dist/arm6/shout"),
        ("linux/arm/v7", "shout", "dist/arm7/shout"),
        ("windows/amd64", "shout", "dist/win/shout.exe"),
        ("linux/amd64", "tell", "dist/other/other"),
        ("linux/amd64", "other", "dist/other/other"),
    ],
)
def test_each_platform_gets_its_own(root: Path, platform: str, name: str, path: str) -> None:
    assert found(root, platform, name) == path


@pytest.mark.parametrize(
    ("platform", "name", "says"),
    [
        (
            *("darwin/arm64", "shout"),
            "artifacts.json has no shout for darwin/arm64; it has linux/amd64, linux/arm/v6, ",
        ),
        ("linux/amd64", "more", "has no more for linux/amd64; it has none at all"),
        ("linux/arm64", "shout", "names ../outside/shout, which is missing"),
    ],
)
def test_what_is_not_there(root: Path, platform: str, name: str, says: str) -> None:
    with pytest.raises(PlanError) as caught:
        found(root, platform, name)
    assert caught.value.message.startswith(f"tool.multiarch.helpers.{name}.prebuilt: ")
    assert says in caught.value.message


@pytest.mark.parametrize("text", [None, "{}", "[", "[" * 100000, "\udcff"])
def test_a_file_that_is_not_goreleasers(root: Path, text: str | None) -> None:
    file = root / "dist/artifacts.json"
    if text is None:
        file.unlink()
    else:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PlanError, match=r"dist/artifacts\.json (cannot be|is not)"):
        found(root, "linux/amd64")


PYPROJECT = """
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "shout"
version = "1.0.0"
[tool.hatch.build.targets.wheel]
bypass-selection = true
[tool.hatch.build.targets.wheel.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/arm64", "windows/amd64"]
[tool.multiarch.helpers.shout]
prebuilt = "goreleaser:dist"
install = "scripts"
"""


def test_wheels_hold_them_as_they_are(tmp_path: Path, run: Callable[..., Ran]) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "go.mod").write_text("module shout\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {}\n")
    entries = []
    for goos, goarch, name in (("linux", "arm64", "shout"), ("windows", "amd64", "shout.exe")):
        path = f"dist/shout_{goos}_{goarch}/{name}"
        entries.append(entry(path, goos, goarch))
        env = {**os.environ, "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"}
        words = [find_go("", "1.21").path, "build", "-trimpath", "-o", tmp_path / path, "."]
        subprocess.run(words, cwd=tmp_path, env=env, check=True)
    (tmp_path / "dist/artifacts.json").write_text(json.dumps(entries[:1]))
    cli = (sys.executable, "-m", "hatch_multiarch")
    said = run(*cli, "check", tmp_path, code=3).out
    assert "has no shout for windows/amd64; it has linux/arm64; add the platform to" in said
    (tmp_path / "dist/artifacts.json").write_text(json.dumps(entries))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=tmp_path)
    run(*cli, "verify", tmp_path)
    digests = set()
    for wheel in (tmp_path / "dist").glob("*.whl"):
        with zipfile.ZipFile(wheel) as opened:
            [member] = [each for each in opened.namelist() if "/scripts/" in each]
            digests.add(hashlib.sha256(opened.read(member)).hexdigest())
    assert digests == {
        hashlib.sha256((tmp_path / each["path"]).read_bytes()).hexdigest() for each in entries
    }
