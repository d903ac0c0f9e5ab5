"""`hatch-multiarch builder` in the terminal."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

CLI = (sys.executable, "-m", "hatch_multiarch", "builder")
REFUSED = EngineError.exit_code
PROJECT = """\
[project]
name = "Greeter"
version = "1.0.0"
[tool.multiarch.helpers.greet]
"""
BUILDER = """\
[tool.multiarch.builder]
name = "NAME"
driver = "remote"
[[tool.multiarch.builder.nodes]]
endpoint = "tcp://127.0.0.1:9"
platforms = ["linux/amd64"]
[[tool.multiarch.builder.nodes]]
name = "arm"
endpoint = "tcp://127.0.0.1:8"
platforms = ["linux/arm64"]
driver-options = { cacert = "/etc/my ca,1.pem" }
"""


@pytest.fixture
def name(engine: Engine) -> Generator[str]:
    made = f"terminal-{os.urandom(4).hex()}"
    yield made
    words = ["docker", "buildx", "rm", made]
    subprocess.run(words, env=engine.env, capture_output=True, check=False)


@pytest.fixture
def builder(run: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Run the command in a project without a builder of its own; the tests write one to it."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return lambda *words, **more: run(*CLI, *words, cwd=tmp_path, **more)


def test_dry_run_prints_commands_and_needs_no_docker(builder: Callable[..., Ran], tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(PROJECT + BUILDER.replace("NAME", "fleet"))
    said = builder("create", "--dry-run", PATH="").out.splitlines()
    start = "docker buildx create --name=fleet --driver=remote"
    arm = "'--driver-opt=\"cacert=/etc/my ca,1.pem\"' -- tcp://127.0.0.1:8"
    assert said == [
        f"{start} --node=fleet0 --platform=linux/amd64 -- tcp://127.0.0.1:9",
        f"{start} --node=arm --append --platform=linux/arm64 {arm}",
    ]
    assert '--driver-opt="cacert=/etc/my ca,1.pem"' in shlex.split(said[1])


def test_dry_run_of_one_node(builder: Callable[..., Ran], tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(PROJECT + BUILDER.replace("NAME", "fleet"))
    said = builder("create", "--append", "arm", "--dry-run", PATH="").out
    assert said.startswith("docker buildx create --append --name=fleet --driver=remote --node=arm ")
    said = builder("create", "--leave", "arm", "--dry-run", PATH="").out
    assert said == "docker buildx create --name=fleet --leave --node=arm\n"
    said = builder("create", "--append", "arn", "--dry-run", code=REFUSED, PATH="")
    assert "unknown node 'arn'; did you mean 'arm'?" in said


def test_a_builder_that_stands_still_is_no_error_before_the_build_that_starts_it(
    engine: Engine, name: str, builder: Callable[..., Ran], run: Callable[..., Ran], tmp_path: Path
):
    lines = f'[tool.multiarch.builder]\nname = "{name}"\n'
    (tmp_path / "pyproject.toml").write_text(PROJECT + lines)
    (tmp_path / "helpers/greet").mkdir(parents=True)
    (tmp_path / "helpers/greet/go.mod").write_text("module greet\n\ngo 1.21\n")
    builder("create", **engine.env)
    env = {"HATCH_MULTIARCH_ENGINE": "buildkit", "HATCH_MULTIARCH_PLATFORMS": "linux/amd64"}
    said = run(*CLI[:-1], "plan", cwd=tmp_path, **env)
    assert f"node {name}0, which is stopped; the build starts it\n" in said


@pytest.mark.usefixtures("engine")
def test_a_project_without_a_builder(builder: Callable[..., Ran]):
    for action in ("create", "use", "stop", "rm"):
        said = builder(action, code=REFUSED)
        assert "error: the project has no [tool.multiarch.builder]" in said


def test_the_whole_life_of_a_builder(
    engine: Engine, name: str, builder: Callable[..., Ran], tmp_path: Path
):
    (tmp_path / "pyproject.toml").write_text(PROJECT + BUILDER.replace("NAME", name))
    assert f"the builder {name} was created, with 2 nodes" in builder("create", **engine.env)
    assert "already exists, as configured" in builder("create")
    assert "no longer has the node arm" in builder("create", "--leave", "arm")
    assert "has the node arm now" in builder("create", "--append", "arm")

    table = builder("inspect").out
    assert f"{name}, driver remote" in table
    assert ["arm", "tcp://127.0.0.1:8", "inactive", "-", "linux/arm64", "-", "-"] in [
        line.split() for line in table.splitlines()
    ]
    shown = json.loads(builder("inspect", "--json", name).out)
    assert [node["created_for"] for node in shown["nodes"]] == [["linux/amd64"], ["linux/arm64"]]

    rows = [line.split() for line in builder("ls").out.splitlines()]
    assert [name, "remote", "arm", "tcp://127.0.0.1:8", "inactive", "linux/arm64"] in rows
    listed = json.loads(builder("ls", "--json", BUILDX_BUILDER=name).out)
    assert [each["name"] for each in listed if each["in_use"]] == [name]
    [mine] = [each for each in listed if each["name"] == name]
    assert [node["platforms"] for node in mine["nodes"]] == [["linux/amd64"], ["linux/arm64"]]

    assert f"the builder {name} is stopped" in builder("stop")
    assert f"the builder {name} is removed" in builder("rm")
    assert f"there is no builder '{name}'" in builder("inspect", code=REFUSED)


def test_inspect_says_what_would_be_emulated(engine: Engine, builder: Callable[..., Ran]):
    said = builder("inspect", "--json", "default", **engine.env).out
    [node] = json.loads(said)["nodes"]
    assert node["platform"] in node["native"]
    assert not set(node["native"]) & set(node["emulated"])
    assert "linux/riscv64" in node["emulated"]
    [row] = [line for line in builder("inspect", "default").out.splitlines() if " running " in line]
    assert "linux/riscv64" in row


@pytest.mark.usefixtures("engine")
def test_only_the_named_builder_is_touched(builder: Callable[..., Ran]):
    said = builder("rm", "default", code=REFUSED)
    assert "context builder cannot be removed" in said
    assert "there is no builder '--all-inactive'" in builder(
        "rm", "--", "--all-inactive", code=REFUSED
    )
    builder("rm", code=REFUSED)
    builder("rm", "--all-inactive", code=2)
