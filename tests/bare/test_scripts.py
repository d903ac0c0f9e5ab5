"""The shell scripts are clean, and say how they are used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hatch_multiarch.engine.stage.dockerfile_text import script

SCRIPTS = ["bare", "engine", "foreign-root", "newcomer", "packages", "platforms", "run", "wine"]
CI = Path(__file__).parent.parent.parent / ".ci"


@pytest.mark.witness
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_is_content(name: str):
    done = subprocess.run(
        ["shellcheck", "-x", CI / name], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.witness
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("name", ["compile", "gcc", "go", "libraries", "zig"])
def test_shellcheck_is_content_with_what_the_dockerfile_runs(name: str):
    _, _, body = script(name, ["word"], ["type=tmpfs"]).partition("<<'EOF'\n")
    done = subprocess.run(
        ["shellcheck", "--shell=sh", "-"],
        input=body.removesuffix("EOF"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's cp and mv")
def test_another_set_of_libraries_begins_with_what_needs_none(tmp_path: Path):
    """Go's cache of helpers that gcc compiles, in the builder stage."""
    text = script("gcc", ["amd64", "x"], [])
    [program] = re.findall(r"<<'GO'\n(.*?)^GO$", text, re.DOTALL | re.MULTILINE)
    for name, said in (("go", 'echo "$GOCACHE"'), ("dpkg-query", "cat packages")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{said}\n")
        (tmp_path / name).chmod(0o755)
    common = tmp_path / "cache"
    (common / "0a").mkdir(parents=True)
    (common / "0a/package-d").touch()

    def cache(packages: str) -> Path:
        (tmp_path / "packages").write_text(packages)
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GOCACHE": str(common)}
        words = ["sh", "-c", program]
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, check=True)
        return Path(done.stdout.decode().strip())

    one = cache("libopus-dev 1")
    assert (one / "0a/package-d").samefile(common / "0a/package-d")
    (one / "0a/with-opus-d").touch()
    assert cache("libopus-dev 1") == one
    other = cache("libopus-dev 2")
    assert [path.name for path in other.rglob("*-d")] == ["package-d"]
    assert sorted(path.name for path in common.iterdir()) == sorted(["0a", one.name, other.name])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bare", "COMMAND..."),
        ("foreign-root", "ARCH as Debian names it"),
        ("platforms", ".ci/platforms fetch"),
    ],
)
def test_usage_is_told(name: str, told: str):
    done = subprocess.run([CI / name], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr
