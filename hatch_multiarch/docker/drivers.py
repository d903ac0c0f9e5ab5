"""What a builder cannot do, known before the build and said with who can.

Read in buildx 0.13 to 0.36: the docker driver's features (driver/docker/driver.go, Features),
what outputs ask of them (build/build.go and build/opt.go, toSolveOpt), and what a build on several
nodes cannot put out (build/build.go, "for multi-node builds currently not supported").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show
from hatch_multiarch.docker.node_selection import choose
from hatch_multiarch.errors import PlanError
from hatch_multiarch.platforms import match

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.config import Output
    from hatch_multiarch.docker.inspect_output import Builder

EXECUTOR = "org.mobyproject.buildkit.worker.executor"
"""A label of workers (BuildKit worker/label): `oci`, or `containerd`, which has an image store."""

TURN_ON = (
    '"features": {"containerd-snapshotter": true} in daemon.json, or in Docker Desktop\'s settings'
)
"""How docker gets its containerd image store."""

OTHER = (
    'a builder of tool.multiarch.builder.driver = "docker-container" can, and so can docker with '
    f"its containerd image store: {TURN_ON}"
)


def check_compiling(builder: Builder, platforms: Sequence[str], *, cache_to: bool = False) -> None:
    """Raise PlanError when *builder* cannot compile for *platforms* in one build.

    *cache_to*: ``tool.multiarch.stage.cache-to`` is set. The message names the key, the driver,
    and the driver that can.
    """
    if not builder.classic:
        return
    if len(platforms) > 1:
        raise _cannot(
            f"tool.multiarch.platforms: {', '.join(platforms)}: the docker driver builds one "
            "platform at a time"
        )
    if cache_to:
        raise _cannot(
            "tool.multiarch.stage.cache-to: the docker driver doesn't export a build cache"
        )


def check_outputs(
    builder: Builder,
    platforms: Sequence[str],
    outputs: Mapping[int, Output],
    *,
    attested: bool = False,
) -> None:
    """Raise PlanError when *builder* cannot put out one of *outputs* for *platforms*.

    *outputs* are those of ``[tool.multiarch.image]`` that BuildKit is to write, by their place in
    the config; *attested*: the image gets an SBOM or provenance. The message is as above.
    """
    if builder.classic and attested:
        raise _cannot(
            "tool.multiarch.image.sbom or provenance: the docker driver doesn't attach attestations"
        )
    for index, output in outputs.items():
        where = f"tool.multiarch.image.outputs[{index}]"
        mine = [each for each in platforms if match(each, output.platforms)]
        if not mine:
            continue
        if builder.classic:
            _check_classic_output(where, output, mine)
        _check_nodes(builder, where, output, mine)
        _check_docker(builder, where, output, mine, attested=attested)
        _check_image(builder, where, output)


def _check_classic_output(where: str, output: Output, platforms: Sequence[str]) -> None:
    if output.type in ("oci", "layout"):
        raise _cannot(f"{where}: the docker driver writes no {show(output.type)}")
    if len(platforms) > 1:
        raise _cannot(
            f"{where}: {', '.join(platforms)}: the docker driver builds one platform at a time"
        )
    if output.compression != "gzip" and output.type not in ("local", "tar"):
        raise _cannot(
            f"{where}.compression is {show(output.compression)}: the docker driver only "
            "supports gzip"
        )


def _cannot(message: str) -> PlanError:
    return PlanError(f"{message} without docker's containerd image store", advice=OTHER)


def _check_nodes(builder: Builder, where: str, output: Output, platforms: Sequence[str]) -> None:
    """Check what cannot be put together from several nodes: files come by platform, pushes too."""
    nodes = list(dict.fromkeys(node.name for node in choose(builder, platforms)))
    if len(nodes) == 1 or output.type in ("local", "registry"):
        return
    raise PlanError(
        f"{where}: {show(output.type)} can't be combined from the nodes {', '.join(nodes)} of "
        f"the builder {show(builder.name)} (driver {builder.driver}): buildx joins only what it "
        "pushes",
        advice=f"use the output 'registry' or 'local', give {show(output.type)} the platforms of "
        f"one node ({where}.platforms), or use a builder of one node with the strategy 'cross'",
    )


def _check_docker(
    builder: Builder, where: str, output: Output, platforms: Sequence[str], *, attested: bool
) -> None:
    """Check what docker takes: without the containerd store images of one platform, unattested."""
    if output.type != "docker" or builder.containerd:
        return
    what = "several platforms" if len(platforms) > 1 else "attestations" if attested else ""
    if what:
        raise PlanError(
            f"{where}: docker can't store an image with {what} without its containerd image store, "
            f"with any driver (here {builder.driver})",
            advice=f"turn that on: {TURN_ON}; or choose one platform for it: "
            f"{where}.platforms = \"{platforms[0]}\"; or use the output 'oci' or 'registry'",
        )


def _check_image(builder: Builder, where: str, output: Output) -> None:
    """Check that an image that is not pushed stays somewhere: only with containerd workers."""
    if output.type != "image" or builder.driver == "docker":
        return
    if any(node.labels.get(EXECUTOR) != "containerd" for node in builder.nodes):
        raise PlanError(
            f"{where}: the image would be lost: the builder {show(builder.name)} (driver "
            f"{builder.driver}) only keeps build cache, not images",
            advice="use the output 'registry', or 'docker' to load it into docker; the docker "
            "driver keeps what it builds",
        )
