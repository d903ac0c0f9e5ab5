"""Where each platform compiles: the rule of buildx, told before it runs and checked against it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from buildkitd import buildkit_image, node  # noqa: F401
from engine_fixture import docker

from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.docker.builders import ask, inspect_builder
from hatch_multiarch.docker.inspect_output import Builder, Node
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.manage import create
from hatch_multiarch.docker.node_selection import Place, choose, places, runs, runs_natively
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.platforms import binfmt

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from engine_fixture import Engine

AMD, ARM, ARM7 = "linux/amd64", "linux/arm64", "linux/arm/v7"


def made(name: str, own: str, *lists: str, configured: tuple[str, ...] = (), **more: str) -> Node:
    """Return a running node that is *own*; what it was created for comes first, as buildx says."""
    platforms = tuple(dict.fromkeys(filter(None, (*configured, own, *lists))))
    about = {"status": "running", "error": "", **more}
    return Node(
        name, "tcp://far:1", about["status"], platforms, own, "", about["error"], configured
    )


def builder(*nodes: Node) -> Builder:
    return Builder("box", "remote", nodes, containerd=False)


def names(found: Builder, *platforms: str) -> list[str]:
    return [each.name for each in choose(found, platforms)]


LAPTOP = made("laptop", AMD, ARM, "linux/riscv64")
ARM_BOX = made("arm", ARM, configured=(ARM,))


def test_one_node_serves_all_and_cross_never_emulates():
    found = places(builder(LAPTOP), [AMD, ARM, "linux/s390x", "darwin/arm64"], "cross")
    assert [(each.node, each.node_platform, each.emulated) for each in found] == [
        ("laptop", AMD, False)
    ] * 4


def test_emulate_says_what_is_emulated():
    assert places(builder(LAPTOP), [AMD, ARM], "emulate") == (
        Place(AMD, "laptop", AMD, emulated=False),
        Place(ARM, "laptop", AMD, emulated=True),
    )


def test_a_node_that_stands_still_is_started_by_the_build():
    for driver, status, error in (
        ("docker-container", "stopped", ""),
        ("docker-container", "inactive", ""),
        ("kubernetes", "inactive", ""),
        ("remote", "inactive", ""),
        ("docker-container", "", "no such host"),
    ):
        still = made("still", "", configured=(AMD, ARM), status=status, error=error)
        found = replace(builder(still), driver=driver)
        with pytest.raises(EngineError):
            places(found, [AMD], "native")
        if driver == "remote" or error:  # which buildx cannot start
            with pytest.raises(EngineError):
                places(found, [AMD], "native", starts=True)
        else:
            both = places(found, [AMD, ARM], "native", starts=True)
            assert both == tuple(Place(each, "still", "", emulated=False) for each in (AMD, ARM))


def test_a_platform_goes_to_the_node_that_was_created_for_it():
    found = builder(made("laptop", AMD, ARM, configured=(AMD,)), ARM_BOX)
    assert names(found, ARM, AMD) == ["arm", "laptop"]
    assert not any(each.emulated for each in places(found, [AMD, ARM], "native"))


def test_one_platform_that_no_node_was_created_for_sends_all_to_the_first_that_lists_it():
    """The surprise in buildx: alone arm64 goes to its node, with amd64 it is emulated elsewhere."""
    found = builder(LAPTOP, ARM_BOX)
    assert names(found, ARM) == ["arm"]
    assert names(found, AMD, ARM) == ["laptop", "laptop"]
    with pytest.raises(PlanError, match="linux/arm64 would be emulated on the node 'laptop'") as e:
        places(found, [AMD, ARM], "native")
    assert "'arm' is linux/arm64" in e.value.advice
    assert f"no node was created for {AMD}: list every platform of the build" in e.value.advice


@pytest.mark.parametrize("strategy", ["cross", "native", "emulate"])
def test_other_systems_are_compiled_across(strategy: str):
    found = places(builder(LAPTOP), [AMD, "darwin/arm64", "windows/amd64"], strategy)
    assert [(each.node, each.emulated) for each in found] == [("laptop", False)] * 3


def test_another_system_that_no_node_was_created_for_sends_linux_astray_too():
    """One build is for all platforms, so that macOS decides where linux/arm64 compiles."""
    laptop = made("laptop", AMD, ARM, configured=(AMD,))
    with pytest.raises(PlanError, match="linux/arm64 would be emulated on the node 'laptop'") as e:
        places(builder(laptop, ARM_BOX), [AMD, ARM, "darwin/arm64"], "native")
    assert "no node was created for darwin/arm64: " in e.value.advice
    both = made("laptop", AMD, ARM, configured=(AMD, "darwin/arm64"))
    found = places(builder(both, ARM_BOX), [AMD, ARM, "darwin/arm64"], "native")
    assert [each.node for each in found] == ["laptop", "arm", "laptop"]


def test_the_nearest_platform_wins_and_the_first_node_takes_the_rest():
    found = builder(made("a64", ARM), made("a7", ARM7), made("pc", AMD))
    # containerd: an arm64 may run arm, but an arm/v7 is nearer; an amd64 may run 386.
    assert names(found, ARM7, "linux/386", "linux/s390x") == ["a7", "pc", "a64"]
    assert runs(ARM) == (ARM, "linux/arm/v8", ARM7, "linux/arm/v6", "linux/arm/v5")
    assert runs("linux/amd64/v3") == ("linux/amd64/v3", "linux/amd64/v2", AMD, "linux/386")


@pytest.mark.parametrize(
    ("of", "platform", "native"),
    [
        (made("n", AMD, "linux/386"), "linux/386", True),
        (made("n", AMD), "linux/386", False),  # a kernel without 32-bit programs
        (made("n", AMD, "linux/amd64/v3"), "linux/amd64/v3", True),
        (made("n", ARM7), "linux/arm/v6", True),
        (made("n", "linux/arm/v6"), ARM7, False),
        (made("n", ARM, ARM7), ARM7, False),  # may well be QEMU
        (made("n", ARM, configured=(ARM, ARM7)), ARM7, True),
        (made("n", AMD, configured=(ARM,)), ARM, False),  # created for what it is not
        (made("n", AMD, ARM), ARM, False),
        (made("n", ""), AMD, False),
    ],
)
def test_what_a_node_runs_itself(of: Node, platform: str, native: bool):
    assert runs_natively(of, platform) is native


def test_native_without_such_a_node():
    with pytest.raises(PlanError, match=r"on the node 'laptop', which is linux/amd64\n") as caught:
        places(builder(LAPTOP), [ARM], "native")
    assert "add a node that is that platform" in str(caught.value)
    with pytest.raises(PlanError, match="its processor runs those programs itself"):
        places(builder(made("n", ARM, ARM7)), [ARM7], "native")


def test_emulate_without_an_emulator():
    with pytest.raises(PlanError, match="'laptop', which is linux/amd64, has no emulator for") as e:
        places(builder(LAPTOP), ["linux/s390x"], "emulate")
    assert "hatch-multiarch emulators install" in e.value.advice


@pytest.mark.parametrize("strategy", ["cross", "native", "emulate"])
def test_a_node_that_does_not_run(strategy: str):
    down = made("arm", "", configured=(ARM,), status="inactive")
    with pytest.raises(EngineError, match="'arm' of the builder 'box' cannot be used: is inactive"):
        places(builder(LAPTOP, down), [ARM], strategy)
    places(builder(LAPTOP, down), [AMD], "cross")
    broken = made("arm", "", status="", error="bad certificate")
    with pytest.raises(EngineError, match="cannot be used: bad certificate"):
        places(builder(broken), [ARM], strategy)
    with pytest.raises(EngineError, match="has no nodes"):
        places(builder(), [ARM], strategy)


DOCKERFILE = """
FROM scratch
ARG BUILDPLATFORM
COPY <<END /made
$BUILDPLATFORM
END
"""


@pytest.fixture
def name(engine: Engine) -> Generator[str]:
    made = f"places-{os.urandom(4).hex()}"
    yield made
    docker(engine, "buildx", "rm", made)


@pytest.mark.slow
def test_buildx_chooses_as_we_say(
    engine: Engine,
    name: str,
    buildkit_image: str,  # noqa: F811
    tmp_path: Path,
):
    """Two nodes that differ in what they call themselves: BUILDPLATFORM tells who built."""
    buildx = find_buildx(engine.env)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    words = ["--progress=plain", f"--builder={name}", "--provenance=false"]

    def built(*platforms: str) -> dict[str, str]:
        out = tmp_path / os.urandom(4).hex()
        done = ask(
            buildx,
            "build",
            *words,
            f"--output=type=local,dest={out}",
            f"--platform={','.join(platforms)}",
            str(tmp_path),
        )
        assert done.code == 0, done.err
        if len(platforms) == 1:
            return {platforms[0]: (out / "made").read_text().strip()}
        folders = {each: out / each.replace("/", "_") / "made" for each in platforms}
        return {each: file.read_text().strip() for each, file in folders.items()}

    def told(found: Builder, *platforms: str) -> dict[str, str]:
        return {each.platform: each.node_platform for each in places(found, platforms, "cross")}

    flags = [f"--oci-worker-platform={each}" for each in (AMD, ARM)]
    with (
        node(engine, buildkit_image, *flags) as laptop,
        node(engine, buildkit_image, flags[1]) as arm,
    ):
        nodes = (NodeConfig("laptop", laptop.endpoint), NodeConfig("arm", arm.endpoint, (ARM,)))
        create(buildx, BuilderConfig(name, "remote", nodes=nodes), "", bootstrap=True)
        found = inspect_builder(buildx, name)
        assert [each.build_platform for each in found.nodes] == [AMD, ARM]
        for wanted in ((ARM,), (AMD,), (AMD, ARM), (ARM7, "linux/s390x"), ("darwin/arm64",)):
            assert built(*wanted) == told(found, *wanted), wanted
        assert told(found, AMD, ARM)[ARM] == AMD

        docker(engine, "buildx", "rm", name)
        nodes = (
            NodeConfig("laptop", laptop.endpoint, (AMD, ARM7)),
            NodeConfig("arm", arm.endpoint, (ARM,)),
        )
        create(buildx, BuilderConfig(name, "remote", nodes=nodes), "", bootstrap=True)
        found = inspect_builder(buildx, name)
        # Its list begins with what it was created for: the node itself is asked.
        assert [each.build_platform for each in found.nodes] == [AMD, ARM]
        for wanted in ((AMD, ARM, ARM7), (ARM7, "linux/s390x"), (ARM, "linux/386")):
            assert built(*wanted) == told(found, *wanted), wanted
        assert told(found, AMD, ARM)[ARM] == ARM

        # What drivers.py says of outputs of several nodes.
        for kind in ("oci", "tar"):
            output = f"--output=type={kind},dest={tmp_path / 'image'}"
            both = f"--platform={AMD},{ARM}"
            done = ask(buildx, "build", *words, output, both, str(tmp_path))
            assert f"{kind} for multi-node builds currently not supported" in done.err


@pytest.mark.slow
def test_linux_arm_runs_although_the_list_lacks_it(engine: Engine, tmp_path: Path):
    """BuildKit 0.12 in Debian's docker forgets linux/arm; the kernel's list is asked as well."""
    found = inspect_builder(find_buildx(engine.env), "default")
    own = found.nodes[0].build_platform
    if not binfmt.state()[ARM7].registered:
        pytest.fail("the engine of the tests has an emulator for linux/arm/v7")
    assert found.nodes[0].here
    [place] = places(found, [ARM7], "emulate")
    assert place == Place(ARM7, "default", own, emulated=True)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {engine.python_image}\n"
        "RUN python3 -c 'import os; print(\"it is an\", os.uname().machine)'\n"
    )
    words = ["build", "--progress=plain", "--no-cache", f"--platform={ARM7}"]
    words += [f"--network={engine.network}"] if engine.network else []
    done = ask(find_buildx(engine.env), *words, str(tmp_path), timeout=120)
    assert "it is an armv7l" in done.err
