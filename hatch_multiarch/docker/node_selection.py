"""Selects the node of a builder for each platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.platforms import binfmt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_multiarch.docker.inspect_output import Builder, Node
    from hatch_multiarch.docker.rawjson import Step


@dataclass(frozen=True)
class Place:
    """Where the helpers of a platform compile."""

    platform: str
    node: str
    """Name of the node."""
    node_platform: str
    """What the node is itself: with the strategy `cross` the compiler's own platform; empty for a
    node that stands still."""
    emulated: bool
    """The compiler runs under QEMU."""


def places(
    builder: Builder, platforms: Sequence[str], strategy: str, *, starts: bool = False
) -> tuple[Place, ...]:
    """Return the place of each of *platforms* (normalised) when one build is for all of them.

    Other systems than Linux are compiled across on a node's own processor, whatever the strategy.
    *starts*: the build will start the nodes that stand still, of which nothing is known before.
    Raises PlanError when *strategy* is ``native`` and a platform would be emulated or run on a
    node that is not that platform, and when it is ``emulate`` and a node cannot run a platform;
    EngineError when a node that is needed does not run.
    """
    nodes = choose(builder, platforms)
    found = []
    for platform, node in zip(platforms, nodes, strict=True):
        if not node.build_platform:
            if starts and can_start(builder, node):
                found.append(Place(platform, node.name, "", emulated=False))
                continue
            raise _down(builder, node)
        across = strategy == "cross" or not platform.startswith("linux/")
        native = across or runs_natively(node, platform)
        if strategy == "native" and not native:
            raise _not_native(builder, node, platform, platforms)
        if strategy == "emulate" and not native and not _emulates(node, platform):
            raise _no_emulator(node, platform)
        found.append(Place(platform, node.name, node.build_platform, emulated=not native))
    return tuple(found)


def can_start(builder: Builder, node: Node) -> bool:
    """Tell whether *node* stands still and buildx starts it; a remote one it cannot start."""
    standing = node.status in ("inactive", "stopped") and not node.error
    return standing and builder.driver in ("docker-container", "kubernetes")


def choose(builder: Builder, platforms: Sequence[str]) -> tuple[Node, ...]:
    """Return the node on which buildx builds each of *platforms* in one build for all of them.

    The rule is that of buildx 0.13 to 0.36 (build/driver.go, later build/resolver/driver.go):
    where every platform is one that a node was created for, those nodes. Otherwise it asks all
    nodes what they can run and takes, for every platform anew, the first that can, emulators
    included: then also a platform that another node was created for may go to the first one. The
    first node gets what no node lists.
    """
    nodes = [node for node in builder.nodes if not node.error] or list(builder.nodes)
    if not nodes:
        raise EngineError(
            f"the builder {show(builder.name)} has no nodes",
            advice="create it again: `hatch-multiarch builder rm` and `builder create`",
        )
    exact = [
        _best(nodes, each, lambda node: node.configured, lambda own: (own,)) for each in platforms
    ]
    if all(exact):
        return tuple(node for node in exact if node)
    return tuple(
        _best(nodes, each, lambda node: node.platforms, runs) or nodes[0] for each in platforms
    )


def _best(
    nodes: Sequence[Node],
    wanted: str,
    of: Callable[[Node], Sequence[str]],
    vector: Callable[[str], Sequence[str]],
) -> Node | None:
    """Return the node with the platform nearest to *wanted*, of equals the first; None: no node."""
    best: tuple[Node, str] | None = None
    for node in nodes:
        for own in of(node):
            if wanted in vector(own) and (best is None or _nearer(vector(own), wanted, best[1])):
                best = (node, own)
    return best[0] if best else None


def _nearer(vector: Sequence[str], wanted: str, other: str) -> bool:
    """Tell whether *wanted* stands before *other* in *vector* (containerd's Ordered(...).Less)."""
    return wanted in vector and (other not in vector or vector.index(wanted) < vector.index(other))


def runs(platform: str) -> tuple[str, ...]:
    """Return what a machine of *platform* may run, nearest first (containerd platforms.Only)."""
    os, architecture, *variant = platform.split("/")
    level = int(variant[0][1:]) if variant and variant[0][1:].isdigit() else 0
    if architecture == "amd64":
        lower = [f"{os}/amd64/v{each}" for each in range(level - 1, 1, -1)]
        lower += [f"{os}/amd64"] if level > 1 else []
        return (platform, *lower, f"{os}/386")
    if architecture == "arm64":
        return (platform, *(f"{os}/arm/v{each}" for each in (8, 7, 6, 5)))
    if architecture == "arm":
        return (platform, *(f"{os}/arm/v{each}" for each in range(level - 1, 4, -1)))
    return (platform,)


def runs_natively(node: Node, platform: str) -> bool:
    """Tell whether *node* runs programs of *platform* without an emulator.

    Its own platform, and what that contains: arm/v6 of an arm/v7, and 386 of an amd64 when the
    node lists it. Not every arm64 processor runs 32-bit arm (Apple's do not), and the list of a
    node does not tell QEMU from the processor: there the one who created the node for arm/v7
    must know.
    """
    own = node.build_platform
    if platform == own:
        return True
    mine, its = (each.split("/")[1] if each else "" for each in (own, platform))
    if mine == its:  # levels: below its own always, amd64/v3 when it lists that
        return platform in runs(own) or platform in node.platforms
    listed = node.configured if mine == "arm64" else node.platforms
    return bool(own) and platform in runs(own) and platform in listed


def check_step(builder: Builder, where: Sequence[Place], step: Step, strategy: str) -> None:
    """Raise PlanError when *step* runs a program under QEMU and *strategy* is not ``emulate``.

    The steps of our own Dockerfile never do; those of a project's own may, where a stage begins
    without ``--platform=$BUILDPLATFORM``. What *where* says of the step's platform is its node.
    """
    if strategy == "emulate" or not step.runs_as or not step.name.startswith("RUN "):
        return
    names = [place.node for place in where if place.platform == step.platform]
    for node in builder.nodes:
        if node.name in names and not runs_natively(node, step.runs_as):
            raise PlanError(
                f"tool.multiarch.strategy is {show(strategy)}, but stage {show(step.stage)} would "
                f"run as {step.runs_as} under QEMU on the node {show(node.name)}, which is "
                f"{node.build_platform}: `{step.name.partition(chr(10))[0][:80]}`",
                advice="start the stage with FROM --platform=$BUILDPLATFORM and cross-compile in "
                "it, or set tool.multiarch.strategy = 'emulate'",
            )


def _emulates(node: Node, platform: str) -> bool:
    """Tell whether *node* can run *platform* under QEMU.

    Some daemons list no linux/arm although they run it (BuildKit 0.12 as in Debian's docker): on
    the machine in hand, the kernel's own list counts too.
    """
    if platform in node.platforms and platform not in node.configured:
        return True
    if node.here:
        state = binfmt.state().get(platform)
        return state is not None and state.registered and state.fixed
    # What the node was created for hides in the list what it found itself.
    return platform in node.configured


def _down(builder: Builder, node: Node) -> EngineError:
    what = node.error or (f"is {node.status}" if node.status != "running" else "does not answer")
    return EngineError(
        f"the node {show(node.name)} of the builder {show(builder.name)} cannot be used: {what}",
        advice=f"start it: `docker buildx inspect --bootstrap {builder.name}`",
    )


def _not_native(builder: Builder, node: Node, platform: str, platforms: Sequence[str]) -> PlanError:
    fits = [each for each in builder.nodes if runs_natively(each, platform)]
    served = {own for each in builder.nodes for own in each.configured}
    without = [each for each in platforms if each not in served]
    message = (
        f"tool.multiarch.strategy is 'native', but {platform} would be emulated on the node "
        f"{show(node.name)}, which is {node.build_platform}"
    )
    if fits:
        advice = (
            f"buildx prefers that node although {show(fits[0].name)} is {platform}, because no "
            f"node was created for {', '.join(without)}: list every platform of the build in "
            "tool.multiarch.builder.nodes.platforms of the node that builds it, then "
            "`hatch-multiarch builder rm` and `builder create`"
        )
    elif platform in runs(node.build_platform):
        advice = (
            "if its processor runs those programs itself, add the platform to "
            "tool.multiarch.builder.nodes.platforms of that node; otherwise set "
            "tool.multiarch.strategy = 'cross'"
        )
    else:
        advice = (
            "add a node that is that platform to tool.multiarch.builder.nodes, or set "
            "tool.multiarch.strategy = 'cross'"
        )
    return PlanError(message, advice=advice)


def _no_emulator(node: Node, platform: str) -> PlanError:
    return PlanError(
        f"tool.multiarch.strategy is 'emulate', but the node {show(node.name)}, which is "
        f"{node.build_platform}, has no emulator for {platform}",
        advice="`hatch-multiarch emulators install` on its machine, or set "
        "tool.multiarch.strategy = 'cross'",
    )
