"""The commands of the generated pipelines, run as their runners would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hatch_multiarch.cache.cache_dir import cache_home
from hatch_multiarch.cli import main
from hatch_multiarch.toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

ELSEWHERE = {"Install emulators"}
"""Steps that change the machine."""
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""GitHub's own words for `shell: bash`; GitLab's runner sets the same options."""


@pytest.fixture
def venv(
    tmp_path: Path, run: Callable[..., Ran], links: dict[str, str]
) -> Callable[..., dict[str, str]]:
    """Return the environment of a job, with a Python of its own in front."""
    run(sys.executable, "-m", "uv", "venv", "--seed", "--python", sys.executable, tmp_path / "venv")
    env = {**links, "PATH": f"{tmp_path / 'venv/bin'}:{links['PATH']}", "PYTHONPATH": ""}
    temp = {"RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    return lambda **more: {**env, **temp, **more}


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    """Yield the steps of the build job that are commands."""
    data = yaml.safe_load(workflow.read_text("utf-8"))
    for step in data["jobs"]["build"]["steps"]:
        if "run" in step and step["name"] not in ELSEWHERE:
            yield step


@pytest.mark.slow
@pytest.mark.network
def test_the_build_job_does_what_its_steps_say(
    project: Path,
    tmp_path: Path,
    run: Callable[..., Ran],
    venv: Callable[..., dict[str, str]],
    engine: Engine,
) -> None:
    config = project / "pyproject.toml"
    text = config.read_text("utf-8").replace(
        "[tool.multiarch.image]", '[tool.multiarch.image]\nname = "ghcr.io/team/greeter"'
    )
    text = text.replace("[tool.multiarch]", '[tool.multiarch]\noutput = "made $(touch pwned) here"')
    config.write_text(text, "utf-8")
    assert main(["ci", "github", str(project)]) == 0
    done = []
    for step in steps(project / ".github/workflows/multiarch.yml"):
        run(*BASH, step["run"], cwd=project, **venv(**step.get("env", {})))
        done.append(step["name"])
    assert done == ["Install", "Build", "Check", "Verify", "Summary", "Copy the image"]
    assert len(list(project.glob("dist/*.whl"))) == 6
    assert len(list(project.glob("dist/*.tar.gz"))) == 1
    assert [each.name for each in tmp_path.glob("temp/image/*")] == ["greeter-1.0.0.oci.tar"]
    assert "### greeter 1.0.0\n" in (tmp_path / "summary").read_text("utf-8")
    assert not (project / "pwned").exists()


TOOL = """\
[build-system]
requires = ["hatchling", "hatch-multiarch"]
build-backend = "hatchling.build"
[project]
name = "shout"
version = "1.0.0"
readme = "README.md"
[tool.hatch.build.targets.wheel]
bypass-selection = true
[tool.hatch.build.hooks.multiarch]
[tool.multiarch]
platforms = ["linux/amd64", "windows/amd64"]
[tool.multiarch.helpers.shout]
prebuilt = "goreleaser:dist"
install = "scripts"
[tool.multiarch.helpers.whisper]
source = "."
package = "./whisper"
install = "scripts"
[tool.multiarch.image]
name = "ghcr.io/me/shout"
"""


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Return a Go tool with what GoReleaser built of it, as an artifact brings it to a job.

    Artifacts of GitHub keep no permissions; beside the binaries are archives of the release.
    """
    root = tmp_path / "shout"
    for name, text in {
        "pyproject.toml": TOOL,
        ".gitignore": "/build/\n",
        "README.md": "# shout\n",
        "go.mod": "module shout\n\ngo 1.21\n",
        "main.go": 'package main\n\nfunc main() { println("shout") }\n',
        "whisper/main.go": 'package main\n\nfunc main() { println("whisper") }\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    entries = []
    for goos, name in (("linux", "shout"), ("windows", "shout.exe")):
        path = f"dist/shout_{goos}_amd64_v1/{name}"
        env = {**os.environ, "GOOS": goos, "GOARCH": "amd64", "CGO_ENABLED": "0"}
        go = find_go("", "1.21").path
        subprocess.run([go, "build", "-trimpath", "-o", path, "."], cwd=root, env=env, check=True)
        (root / path).chmod(0o644)
        extra = {"ID": "shout", "Binary": "shout"}
        about = {"name": name, "path": path, "goos": goos, "goarch": "amd64", "goamd64": "v1"}
        entries.append({**about, "type": "Binary", "extra": extra})
    (root / "dist/artifacts.json").write_text(json.dumps(entries), "utf-8")
    (root / "dist/shout_1.0.0_linux_amd64.tar.gz").write_bytes(b"GoReleaser's")
    return root


@pytest.mark.slow
@pytest.mark.network
def test_both_build_jobs_of_a_go_tool(
    tool: Path, tmp_path: Path, run: Callable[..., Ran], venv: Callable[..., dict[str, str]]
) -> None:
    """Their commands one after the other on this machine, GitLab's with its cache moved about."""
    for kind in ("github", "gitlab"):
        assert main(["ci", kind, str(tool)]) == 0
    names = []
    for step in steps(tool / ".github/workflows/multiarch.yml"):
        if step["name"] != "Verify the image":  # by docker: the test above
            run(*BASH, step["run"], cwd=tool, **venv(**step.get("env", {})))
            names.append(step["name"])
    assert names == ["Install", "Build", "Check", "Verify", "Summary", "Copy the image"]
    packages = sorted(each.name for each in (tool / "packages").iterdir())
    assert [each.rpartition("-")[2] for each in packages][1:] == ["win_amd64.whl", "1.0.0.tar.gz"]
    for each in ("shout", "whisper"):
        assert f"| {each} | static |" in (tmp_path / "summary").read_text("utf-8")
    made = {each.name: each.read_bytes() for each in (tool / "packages").iterdir()}

    job = yaml.safe_load((tool / ".gitlab-ci.yml").read_text("utf-8"))["build"]
    [folder] = {path for cache in job["cache"] for path in cache["paths"]}
    # What GitLab has restored: of this machine, so that Go's library is not compiled anew.
    (tool / folder).mkdir()
    for name in ("go-build", "hatch-multiarch", "pip"):
        (tool / folder / name).symlink_to(cache_home(os.environ) / name)
    variables = {"CI_PROJECT_DIR": str(tool)}
    for name, value in job["variables"].items():
        plain = value["value"] if isinstance(value, dict) else value
        expand = not isinstance(value, dict)
        variables[name] = plain.replace("$CI_PROJECT_DIR", str(tool)) if expand else plain
    for each in (tool / "packages").iterdir():
        each.unlink()
    run(*BASH, "\n".join(job["script"]), cwd=tool, **venv(**variables))
    assert {each.name: each.read_bytes() for each in (tool / "packages").iterdir()} == made
    assert (tool / folder / "go-build").is_dir()
    assert not (tool.parent / "shout.cache").exists()
    kept = [path for path in job["artifacts"]["paths"] if list((tool / path).iterdir())]
    assert kept == ["packages/", "multiarch-image/"]
