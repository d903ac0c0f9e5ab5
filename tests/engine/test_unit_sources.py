"""What a build asks Go about the sources of its helpers, and how often."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.cache.cache_dir import cache_home
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture
def asked(tmp_path: Path, project: Path, run: Callable[..., Ran]) -> Callable[[], list[str]]:
    """Return a function that builds the example, and returns what Go was asked about sources."""
    pyproject = project / "pyproject.toml"
    without_tone = pyproject.read_text("utf-8").partition("[tool.multiarch.helpers.tone]")
    assert without_tone[1]
    pyproject.write_text(without_tone[0], "utf-8")
    log, go = tmp_path / "log", tmp_path / "bin/go"
    go.parent.mkdir()
    go.write_text(
        f'#!/bin/sh\necho "$GOOS/$GOARCH $*" >>"{log}"\nexec "{find_go("", "1.21").path}" "$@"\n'
    )
    go.chmod(0o755)

    def asked() -> list[str]:
        log.write_text("")
        env = {
            "PATH": f"{go.parent}:/usr/bin:/bin",
            "HATCH_MULTIARCH_PLATFORMS": " ".join(PLATFORMS),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "GOCACHE": os.environ.get("GOCACHE") or str(cache_home(os.environ) / "go-build"),
        }
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=project, **env)
        lines = [line.split() for line in log.read_text().splitlines()]
        return sorted(platform for platform, verb, *_ in lines if verb == "list")

    return asked


def test_go_is_asked_once_for_each_binary_that_it_compiled(
    asked: Callable[[], list[str]], project: Path
) -> None:
    assert asked() == sorted(PLATFORMS)
    assert asked() == []
    with (project / "helpers/greet/main.go").open("a") as file:
        file.write("\nvar added = 1\n")
    assert asked() == sorted(PLATFORMS)
