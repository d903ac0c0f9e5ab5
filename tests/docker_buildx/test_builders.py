"""What `docker buildx inspect` says, of several versions, and which platform a node is itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from hatch_multiarch.docker.builders import in_use, inspect_builder, list_builders
from hatch_multiarch.docker.inspect_output import Builder, parse
from hatch_multiarch.docker.locate_buildx import Buildx, find_buildx
from hatch_multiarch.errors import EngineError

if TYPE_CHECKING:
    from engine_fixture import Engine

TEXTS = Path(__file__).parent / "inspect"
NETWORK_HOST = "--allow-insecure-entitlement=network.host"


def read(name: str) -> Builder:
    return parse((TEXTS / f"{name}.txt").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "driver", "build_platforms", "containerd"),
    [
        ("0.13-docker-containerd", "docker", ["linux/amd64"], True),
        ("0.13-docker-classic", "docker", ["linux/arm64"], False),
        # A container's own snapshotter is not the store of docker's images.
        ("0.29-container", "docker-container", ["linux/arm64"], False),
        ("0.13-container-inactive", "docker-container", [""], False),
        # The first place is what the node was created for, which proves nothing...
        ("0.13-remote-tls-error", "remote", ["", ""], False),
        ("0.29-kubernetes", "kubernetes", ["", ""], False),
        # ... unless it is the only one.
        ("0.13-one-platform", "remote", ["linux/arm64"], False),
    ],
)
def test_driver_and_own_platform(
    name: str, driver: str, build_platforms: list[str], containerd: bool
):
    found = read(name)
    assert (found.driver, found.containerd, found.error) == (driver, containerd, "")
    assert [node.build_platform for node in found.nodes] == build_platforms


def test_a_node_of_a_new_buildx_with_all_its_sections():
    [node] = read("0.29-container").nodes
    assert (node.name, node.endpoint, node.status) == ("fleet0", "desktop-linux", "running")
    assert node.version == "v0.25.1"
    assert node.platforms[0] == "linux/arm64"
    assert node.platforms[-2:] == ("linux/arm/v7", "linux/arm/v6")
    assert node.driver_options == {"default-load": "true", "network": "host"}
    assert node.flags == (NETWORK_HOST,)
    assert node.labels["org.mobyproject.buildkit.worker.executor"] == "oci"
    assert "Reserved Space" not in node.labels


def test_an_inactive_node_shows_what_it_was_created_for():
    [node] = read("0.13-container-inactive").nodes
    assert (node.status, node.version) == ("inactive", "")
    assert node.platforms == node.configured == ("linux/arm64", "linux/arm/v7")
    assert node.driver_options == {"env.X": 'a,b "q"', "image": "example.com/buildkit:v0.13.1"}
    assert node.flags == ("--oci-worker-gc=false", "--debug", NETWORK_HOST)


def test_an_error_of_several_lines_stays_with_its_node():
    amd, arm = read("0.13-remote-tls-error").nodes
    assert amd.error.endswith('error reading server preface: remote error: tls: bad certificate"')
    assert (amd.status, amd.platforms) == ("", ())
    assert (arm.error, arm.status) == ("", "running")
    assert arm.configured == ("linux/arm64",)
    assert arm.platforms == ("linux/arm64", "linux/arm/v7", "linux/arm/v6")


def test_an_error_of_the_whole_builder():
    found = read("0.13-daemon-down")
    assert (found.name, found.driver, found.nodes) == ("default", "", ())
    assert found.error.startswith("Cannot connect to the Docker daemon at unix:///var/run/")


def test_a_shortened_list_of_platforms():
    assert read("0.29-kubernetes").nodes[1].platforms == ("linux/amd64", "linux/amd64/v2")


def test_values_that_only_look_like_options(tmp_path: Path):
    """A name goes behind `--`; the program gets it as it is."""
    said = tmp_path / "said"
    docker = script(tmp_path, f'printf "%s\\n" "$@" >>{said}; exit 1')
    with pytest.raises(EngineError):
        inspect_builder(docker, "--help")
    assert said.read_text().splitlines()[:4] == ["buildx", "inspect", "--", "--help"]


def test_a_builder_whose_docker_is_down(tmp_path: Path):
    docker = script(tmp_path, f"cat {TEXTS / '0.13-daemon-down.txt'}")
    with pytest.raises(EngineError, match=r"'default' can't be queried:  Cannot connect") as caught:
        inspect_builder(docker)
    assert "check that its docker is running" in str(caught.value)


def test_docker_that_hangs_or_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hatch_multiarch.docker.builders.ask.__kwdefaults__", {"timeout": 0.2})
    with pytest.raises(EngineError, match="docker buildx ls did not end within 0 s"):
        list_builders(script(tmp_path, "sleep 30"))
    with pytest.raises(EngineError, match="docker cannot be started"):
        list_builders(Buildx(str(tmp_path / "none"), Version("0.13"), {}))


def test_a_node_is_here_only_under_this_kernel(tmp_path: Path):
    docker = script(tmp_path, f"cat {TEXTS / '0.13-docker-containerd.txt'}")
    here = {
        address: inspect_builder(
            Buildx(docker.docker, docker.version, {**docker.environ, "DOCKER_HOST": address})
        )
        .nodes[0]
        .here
        for address in ("", "unix:///run/docker.sock", "tcp://box:2375", "ssh://box")
    }
    assert list(here.values()) == [True, True, False, False]


def script(folder: Path, body: str) -> Buildx:
    """Return a docker that is a shell script."""
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return Buildx(str(path), Version("0.13.1"), dict(os.environ))


def test_docker_s_own_builder(engine: Engine):
    buildx = find_buildx(engine.env)
    found = inspect_builder(buildx, "default")
    assert (found.name, found.driver) == ("default", "docker")
    [node] = found.nodes
    assert (node.status, node.error) == ("running", "")
    assert node.build_platform == node.platforms[0]
    assert "default" in [row["Name"] for row in list_builders(buildx)]


def test_a_builder_that_does_not_exist(engine: Engine):
    with pytest.raises(EngineError, match=r"there is no builder 'defaul'\n") as caught:
        inspect_builder(find_buildx(engine.env), "defaul")
    assert "did you mean 'default'?" in caught.value.advice


def test_buildx_builder_is_respected(engine: Engine):
    buildx = Buildx("docker", Version("0.13.1"), {**engine.env, "BUILDX_BUILDER": "no-such"})
    assert in_use(buildx) == "no-such"
    with pytest.raises(EngineError, match="no builder 'no-such', which BUILDX_BUILDER names"):
        inspect_builder(buildx)
