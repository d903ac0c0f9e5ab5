"""The drivers run: docker, docker-container and remote, and two nodes that share the platforms."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from buildkitd import SETTINGS, VERSION, buildkit_image, node  # noqa: F401
from engine_fixture import docker

from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.docker.builders import inspect_builder
from hatch_multiarch.docker.buildx_outputs import output
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.manage import create
from hatch_multiarch.docker.node_selection import places
from hatch_multiarch.docker.solve import Request, solve
from hatch_multiarch.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from engine_fixture import Engine

    from hatch_multiarch.docker.locate_buildx import Buildx

pytestmark = pytest.mark.slow

PLATFORMS = ("linux/amd64", "linux/arm64")

DOCKERFILE = """
FROM --platform=$BUILDPLATFORM {base} AS make
ARG BUILDPLATFORM TARGETPLATFORM
RUN echo "made on $BUILDPLATFORM $(python3 -c 'import os; print(os.uname().machine)')" \
    "for $TARGETPLATFORM" > /made
FROM scratch
COPY --from=make /made /
"""


@pytest.fixture
def buildx(engine: Engine) -> Buildx:
    return find_buildx(engine.env)


@pytest.fixture
def builder(engine: Engine) -> Generator[str]:
    """Return the name of a builder to make; it is removed afterwards."""
    name = f"hm-{os.urandom(4).hex()}"
    yield name
    command = ["docker", "buildx", "rm", "--force", name]
    subprocess.run(command, env=engine.env, capture_output=True, check=False)


def made(buildx: Buildx, engine: Engine, builder: str, folder: Path) -> dict[str, str]:
    """Build for both platforms, push; return what each platform's file says."""
    (folder / "context").mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE.format(base=engine.python_image))
    name = f"{engine.registry}/drivers-{os.urandom(4).hex()}:1"
    request = Request(
        folder / "context",
        folder / "Dockerfile",
        platforms=PLATFORMS,
        builder=builder,
        network=engine.network,
        outputs=(output("local", dest=folder / "out", names=(), compression="gzip"),),
    )
    solve(buildx, request)
    pushed = output("registry", dest=None, names=(name,), compression="gzip")
    solved = solve(buildx, Request(**{**vars(request), "outputs": (pushed,)}))
    shown = docker(engine, "buildx", "imagetools", "inspect", name)
    assert solved.digest in shown
    assert tuple(sorted(re.findall(r"Platform:\s+(\S+)", shown))) == PLATFORMS
    assert len(list((folder / "out").iterdir())) == len(PLATFORMS)
    return {
        each: (folder / "out" / each.replace("/", "_") / "made").read_text().strip()
        for each in PLATFORMS
    }


HERE = {
    "linux/amd64": "made on linux/amd64 x86_64 for linux/amd64",
    "linux/arm64": "made on linux/amd64 x86_64 for linux/arm64",
}


@pytest.mark.containerd_store
def test_docker(engine: Engine, buildx: Buildx, tmp_path: Path):
    found = inspect_builder(buildx, "default")
    assert (found.driver, found.containerd) == ("docker", True)
    assert made(buildx, engine, "default", tmp_path) == HERE


def test_docker_container(
    engine: Engine,
    buildx: Buildx,
    builder: str,
    buildkit_image: str,  # noqa: F811
    tmp_path: Path,
):
    (tmp_path / "buildkitd.toml").write_text(SETTINGS.format(registry=engine.registry))
    config = BuilderConfig(
        builder,
        "docker-container",
        driver_options={"image": buildkit_image, "network": "host"},
        config="buildkitd.toml",
    )
    create(buildx, config, "greeter", tmp_path, bootstrap=True)
    found = inspect_builder(buildx, builder)
    assert found.driver == "docker-container"
    assert [(each.status, each.version) for each in found.nodes] == [("running", VERSION)]
    assert made(buildx, engine, builder, tmp_path) == HERE


def test_remote(
    engine: Engine,
    buildx: Buildx,
    builder: str,
    buildkit_image: str,  # noqa: F811
    tmp_path: Path,
):
    with node(engine, buildkit_image) as there:
        config = BuilderConfig(builder, "remote", nodes=(NodeConfig(endpoint=there.endpoint),))
        create(buildx, config, "greeter", bootstrap=True)
        found = inspect_builder(buildx, builder)
        assert [each.version for each in found.nodes] == [VERSION]
        assert made(buildx, engine, builder, tmp_path) == HERE
        built = {record["FrontendAttrs"]["platform"] for record in there.records()}
        assert ",".join(PLATFORMS) in built


def test_two_nodes_compile_each_its_own_platform(
    engine: Engine,
    buildx: Buildx,
    builder: str,
    buildkit_image: str,  # noqa: F811
    tmp_path: Path,
):
    """Each node's own records tell: one build, of its own platform, and all steps on it."""
    with (
        node(engine, buildkit_image, "--oci-worker-platform=linux/arm64") as arm,
        node(engine, buildkit_image, "--oci-worker-platform=linux/amd64") as amd,
    ):
        nodes = (
            NodeConfig("arm", arm.endpoint, ("linux/arm64",)),
            NodeConfig("amd", amd.endpoint, ("linux/amd64",)),
        )
        create(buildx, BuilderConfig(builder, "remote", nodes=nodes), "greeter", bootstrap=True)
        found = inspect_builder(buildx, builder)
        where = {each.platform: each for each in places(found, PLATFORMS, "native")}
        assert {each: place.node for each, place in where.items()} == {
            "linux/amd64": "amd",
            "linux/arm64": "arm",
        }
        assert not any(place.emulated for place in where.values())

        assert made(buildx, engine, builder, tmp_path) == {
            "linux/amd64": "made on linux/amd64 x86_64 for linux/amd64",
            "linux/arm64": "made on linux/arm64 aarch64 for linux/arm64",
        }
        for there, platform in ((amd, "linux/amd64"), (arm, "linux/arm64")):
            records = there.records()
            assert {each["FrontendAttrs"]["platform"] for each in records} == {platform}
            logs = "".join(there.log(each) for each in records)
            # BuildKit writes [linux/arm64->amd64 make 2/2] where it compiles across.
            assert set(re.findall(r"^#\d+ (\[.*\]) RUN", logs, re.MULTILINE)) == {
                f"[{platform} make 2/2]"
            }


def test_a_node_that_would_emulate_is_refused(
    engine: Engine,
    buildx: Buildx,
    builder: str,
    buildkit_image: str,  # noqa: F811
):
    with node(engine, buildkit_image, "--oci-worker-platform=linux/arm64") as arm:
        config = BuilderConfig(builder, "remote", nodes=(NodeConfig("arm", arm.endpoint),))
        create(buildx, config, "greeter", bootstrap=True)
        found = inspect_builder(buildx, builder)
        with pytest.raises(PlanError, match="linux/amd64 would be emulated on the node 'arm'"):
            places(found, PLATFORMS, "native")
        assert not arm.records()
