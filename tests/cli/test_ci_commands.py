"""The commands of the workflow that `hatch-multiarch ci github` writes, run as its runner would."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from hatch_multiarch.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

ELSEWHERE = {"Install emulators"}
"""Steps that change the machine."""


@pytest.mark.slow
@pytest.mark.network
def test_the_build_job_does_what_its_steps_say(
    project: Path, tmp_path: Path, run: Callable[..., Ran], links: dict[str, str], engine: Engine
) -> None:
    config = project / "pyproject.toml"
    text = config.read_text("utf-8").replace(
        "[tool.multiarch.image]", '[tool.multiarch.image]\nname = "ghcr.io/team/greeter"'
    )
    text = text.replace("[tool.multiarch]", '[tool.multiarch]\noutput = "made $(touch pwned) here"')
    config.write_text(text, "utf-8")
    assert main(["ci", "github", str(project)]) == 0
    workflow = yaml.safe_load((project / ".github/workflows/multiarch.yml").read_text("utf-8"))
    run(sys.executable, "-m", "uv", "venv", "--seed", "--python", sys.executable, tmp_path / "venv")
    env = {**links, "PATH": f"{tmp_path / 'venv/bin'}:{links['PATH']}"}
    env |= {"RUNNER_TEMP": str(tmp_path / "temp"), "PYTHONPATH": ""}
    done = []
    for step in workflow["jobs"]["build"]["steps"]:
        if "run" in step and step["name"] not in ELSEWHERE:
            # GitHub's own words for `shell: bash`.
            words = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
            run(*words, cwd=project, **env, **step.get("env", {}))
            done.append(step["name"])
    assert done == ["Install", "Build", "Check", "Verify", "Keep the image"]
    assert len(list(project.glob("dist/*.whl"))) == 6
    assert len(list(project.glob("dist/*.tar.gz"))) == 1
    assert [each.name for each in tmp_path.glob("temp/image/*")] == ["greeter-1.0.0.oci.tar"]
    assert not (project / "pwned").exists()
