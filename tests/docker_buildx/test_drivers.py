"""What a builder cannot do is known before the build, with who can."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import pytest

from hatch_multiarch.config import Output
from hatch_multiarch.docker.drivers import EXECUTOR, check_compiling, check_outputs
from hatch_multiarch.docker.inspect_output import Builder, Node
from hatch_multiarch.errors import PlanError

BOTH = ("linux/amd64", "linux/arm64")
ONE = ("linux/amd64",)


def node(name: str = "one", *configured: str, executor: str = "oci") -> Node:
    platforms = configured or BOTH
    own = platforms[0]
    labels = {EXECUTOR: executor}
    return Node(name, "", "running", platforms, own, "", "", configured, labels=labels)


CLASSIC = Builder("default", "docker", (node(),), containerd=False)
CONTAINERD = Builder("default", "docker", (node(),), containerd=True)
CONTAINER = Builder("box", "docker-container", (node(),), containerd=True)
NO_STORE = Builder("box", "docker-container", (node(),), containerd=False)
REMOTE = Builder("far", "remote", (node(executor="containerd"),), containerd=False)
FLEET = Builder(
    "fleet",
    "docker-container",
    (node("amd", "linux/amd64"), node("arm", "linux/arm64")),
    containerd=True,
)

Kind = Literal["oci", "layout", "local", "tar", "docker", "image", "registry"]
ALL: list[Kind] = list(get_args(Kind))

ZSTD = Output("docker", compression="zstd")
"""Without options docker gets its image from us, whatever the driver."""


def can_compile(builder: Builder, platforms: tuple[str, ...], **more: bool) -> bool:
    try:
        check_compiling(builder, platforms, **more)
    except PlanError:
        return False
    return True


def test_who_compiles_for_several_platforms_at_once():
    both = [CLASSIC, CONTAINERD, CONTAINER, NO_STORE, REMOTE, FLEET]
    assert [can_compile(each, BOTH) for each in both] == [False, True, True, True, True, True]
    assert all(can_compile(each, ONE) for each in both)
    cached = [can_compile(each, ONE, cache_to=True) for each in both]
    assert cached == [False, True, True, True, True, True]


@pytest.mark.parametrize(
    ("builder", "platforms", "works"),
    [
        (CLASSIC, ONE, ["local", "tar", "docker", "image", "registry"]),
        (CLASSIC, BOTH, []),
        (CONTAINERD, ONE, ALL),
        (CONTAINERD, BOTH, ALL),
        (CONTAINER, BOTH, ["oci", "layout", "local", "tar", "docker", "registry"]),
        (NO_STORE, ONE, ["oci", "layout", "local", "tar", "docker", "registry"]),
        (NO_STORE, BOTH, ["oci", "layout", "local", "tar", "registry"]),
        (REMOTE, BOTH, ["oci", "layout", "local", "tar", "image", "registry"]),
        (FLEET, BOTH, ["local", "registry"]),
        (FLEET, ONE, ["oci", "layout", "local", "tar", "docker", "registry"]),
    ],
)
def test_which_outputs_work(builder: Builder, platforms: tuple[str, ...], works: list[str]):
    """The table of docs/reference/builders.md."""

    def can(kind: Kind) -> bool:
        try:
            check_outputs(builder, platforms, {0: Output(kind)})
        except PlanError:
            return False
        return True

    assert [each for each in ALL if can(each)] == works


def refused(builder: Builder, platforms: tuple[str, ...], *outputs: Output, **more: bool) -> str:
    with pytest.raises(PlanError) as caught:
        check_outputs(builder, platforms, dict(enumerate(outputs)), **more)
    return str(caught.value)


def test_the_message_names_key_driver_and_the_one_that_can():
    with pytest.raises(PlanError) as caught:
        check_compiling(CLASSIC, BOTH)
    said = str(caught.value)
    assert "tool.multiarch.platforms: linux/amd64, linux/arm64: the docker driver" in said
    assert 'tool.multiarch.builder.driver = "docker-container" can' in said

    said = refused(NO_STORE, BOTH, Output("oci"), ZSTD)
    assert (
        "tool.multiarch.image.outputs[1]: docker can't store an image with several platforms"
        in said
    )
    assert "docker-container" in said
    assert 'tool.multiarch.image.outputs[1].platforms = "linux/amd64"' in said

    said = refused(CONTAINER, BOTH, Output("image"))
    assert "the image would be lost" in said
    assert "'registry'" in said

    said = refused(FLEET, BOTH, Output("oci"))
    assert "'oci' can't be combined from the nodes amd, arm of the builder 'fleet'" in said


def test_platforms_of_an_output_are_those_that_count():
    check_outputs(NO_STORE, BOTH, {0: replace(ZSTD, platforms=("linux/arm64",))})
    check_outputs(FLEET, BOTH, {0: Output("oci", platforms=("linux/arm64",))})
    check_outputs(NO_STORE, BOTH, {0: replace(ZSTD, platforms=("linux/s390x",))})
    check_outputs(CLASSIC, BOTH, {0: Output("tar", platforms=("linux/arm64",))})
    said = refused(CLASSIC, BOTH, Output("oci", platforms=("linux/arm64",)), Output("tar"))
    assert said.startswith("tool.multiarch.image.outputs[0]: the docker driver writes no 'oci'")


def test_attestations_cache_and_compression_need_the_containerd_store():
    assert "doesn't attach attestations" in refused(CLASSIC, ONE, attested=True)
    assert "attestations" in refused(NO_STORE, ONE, ZSTD, attested=True)
    assert "only supports gzip" in refused(CLASSIC, ONE, Output("registry", compression="zstd"))
    check_outputs(CONTAINERD, BOTH, {0: ZSTD}, attested=True)
    check_outputs(NO_STORE, BOTH, {0: Output("registry")}, attested=True)
