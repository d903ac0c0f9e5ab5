"""The shell scripts are clean, and say how they are used."""

from __future__ import annotations

import shutil
import subprocess
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
