"""`hatch-multiarch dockerfile`: what it prints is what the engine builds, and builds by hand."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from buildkit.small import BOTH, greet_of, small
from engine_fixture import docker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [pytest.mark.slow, pytest.mark.network]

COMMAND = (sys.executable, "-m", "hatch_multiarch", "dockerfile")
IMAGE = (
    'env = { GREETING = "a \\"quoted\\" $word" }\nworkdir = "/srv"\n'
    'ports = ["8080"]\nvolumes = ["/data"]\nstop-signal = "SIGINT"\n'
    'healthcheck = { command = ["greet", "a b"], interval = "1m30s", retries = 2 }'
)


def test_it_needs_no_docker_and_writes_nothing(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, platforms=BOTH, image=IMAGE)
    before = sorted(root.rglob("*"))
    said = run(*COMMAND, root, PATH="/nonexistent", DOCKER_HOST="tcp://127.0.0.1:1").out
    assert sorted(root.rglob("*")) == before
    comments = [line for line in said.splitlines()[:4] if line.startswith("# ")]
    assert comments[0].startswith("# docker buildx build --platform linux/amd64,linux/arm64 ")
    assert "--build-arg HATCH_MULTIARCH_TEXT_0, HATCH_MULTIARCH_TEXT_1" in comments[2]
    assert "quoted" not in said
    for stage in (
        "toolchain",
        "compile-greet-linux-arm64",
        "helpers",
        "image-linux-arm64",
        "image",
    ):
        assert f" AS {stage}\n" in said


def test_its_first_line_builds_what_hatch_builds(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, image=IMAGE)
    context = tmp_path / "context"
    run(*COMMAND, root, "--context", context)
    written = (context / "Dockerfile").read_text("utf-8").splitlines()
    words = shlex.split(written[0].removeprefix("# docker "))
    assert words[-1] == str(context)
    words[words.index("out")] = str(tmp_path / "out")
    docker(engine, *words)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=root,
        HATCH_MULTIARCH_ENGINE="")  # fmt: skip
    [wheel] = (root / "dist").glob("*.whl")
    made = hashlib.sha256((tmp_path / "out" / "greet").read_bytes()).hexdigest()
    assert made == greet_of(wheel)
    # The image, with the texts that are not in the file.
    name = f"hm-by-hand:{os.urandom(4).hex()}"
    words = ["buildx", "build", "--target=image", "--load", f"--tag={name}"]
    words += [f"--network={engine.network}"] if engine.network else []
    words += ["--build-arg=HATCH_MULTIARCH_TEXT_0=hello", "--build-arg=HATCH_MULTIARCH_TEXT_1=/srv"]
    docker(engine, *words, context)
    try:
        assert "Hello world!" in docker(engine, "run", "--rm", name)
        shown = docker(engine, "image", "inspect", "--format={{json .Config}}", name)
        assert '"GREETING=hello"' in shown
        assert '"WorkingDir":"/srv"' in shown
        assert '"ExposedPorts":{"8080/tcp":{}}' in shown
        assert '"Volumes":{"/data":{}}' in shown
        assert '"StopSignal":"SIGINT"' in shown
        check = {"Test": ["CMD", "/usr/local/bin/greet", "a b"], "Interval": 90 * 10**9}
        assert json.loads(shown)["Healthcheck"] == {**check, "Retries": 2}
    finally:
        docker(engine, "image", "rm", name)


def test_it_writes_to_an_empty_folder_only(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine)
    said = run(*COMMAND, root, "--context", root, code=1).out
    assert said == f"error: --context {root}: expected a new or an empty folder\n"
    assert not (root / "Dockerfile").exists()
    said = run(*COMMAND, root, "--context", root / "pyproject.toml", code=1).out
    assert said == f"error: --context {root / 'pyproject.toml'}: File exists\n"


def test_a_dockerfile_of_the_project_is_named_instead(
    engine: Engine, tmp_path: Path, run: Callable[..., Ran]
) -> None:
    root = small(tmp_path / "greeter", engine, builder="", stage='dockerfile = "Dockerfile"')
    assert "there is no file Dockerfile\n" in run(*COMMAND, root, code=3)
    (root / "Dockerfile").touch()
    assert "with your own Dockerfile: Dockerfile\n" in run(*COMMAND, root, code=3)
