"""A build imports what it needs, and nothing that only images, registries or BuildKit need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support import Ran

BUILD = """
import sys
from hatchling.cli import hatchling

sys.argv = ["hatchling", "build", "-t", "wheel"]
hatchling()
print("imported:", *sys.modules)
"""
UNWANTED = {
    *("docker", "elftools", "installer", "requests", "urllib3"),
    *(f"hatch_multiarch.{name}" for name in ("buildx", "cli", "daemon", "inspect", "registry")),
    *(f"hatch_multiarch.{name}" for name in ("engine.buildkit", "engine.stage", "verify")),
    *(
        f"hatch_multiarch.image.{name}"
        for name in ("base", "builder", "buildkit", "docker_load", "layer_writer")
    ),
}


@pytest.mark.slow
def test_wheels_that_did_not_change_need_little(
    project: Path, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    pyproject = project / "pyproject.toml"
    without_tone = pyproject.read_text("utf-8").partition("[tool.multiarch.helpers.tone]")[0]
    pyproject.write_text(without_tone, "utf-8")
    build = (sys.executable, "-c", BUILD)
    for _ in range(2):
        said = run(*build, cwd=project, HATCH_MULTIARCH_PLATFORMS="linux/amd64 windows/amd64")
    modules = set(said.out.partition("imported: ")[2].split())
    assert "hatch_multiarch.pipeline.build" in modules
    assert modules & UNWANTED == set()
