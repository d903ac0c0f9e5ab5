"""Parses the output of ``docker buildx inspect``, and compares a builder with the configured one.

It has no JSON (0.13 to 0.36); the text is that of buildx's ``commands/inspect.go``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show
from hatch_multiarch.platforms import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import BuilderConfig, NodeConfig

SNAPSHOTTER = "org.mobyproject.buildkit.worker.snapshotter"
"""A label that the docker driver has with the containerd store only (buildx driver/docker)."""

OWN_FLAG = "--allow-insecure-entitlement=network.host"
"""buildx gives it to every buildkitd of its own whose flags allow nothing (builder/builder.go)."""


@dataclass(frozen=True)
class Node:
    """A BuildKit daemon of a builder."""

    name: str
    endpoint: str
    status: str
    """``running``, ``inactive``, ``stopped`` ...; empty when the node has an error."""
    platforms: tuple[str, ...]
    """What the node says it can run and what it was created for, normalised; empty: not known."""
    build_platform: str
    """The platform of the node itself, ``linux/amd64``; empty when it is not running."""
    version: str
    """Of BuildKit, ``v0.13.1``; may be empty."""
    error: str
    configured: tuple[str, ...] = ()
    """Those of ``platforms`` that the node was created for (``create --platform``)."""
    driver_options: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    """Of buildkitd, with the one that buildx adds by itself."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of its first worker, which names how that runs and stores things."""
    here: bool = False
    """It runs under the kernel of this machine."""


@dataclass(frozen=True)
class Builder:
    """A builder and its nodes, the first of which serves the platforms that no node lists."""

    name: str
    driver: str
    nodes: tuple[Node, ...]
    containerd: bool
    """The image store of the docker at hand is containerd's, which holds several platforms."""
    error: str = ""

    @property
    def classic(self) -> bool:
        """It is docker with its older image store: one platform at a time, and gzip alone."""
        return self.driver == "docker" and not self.containerd


def parse(text: str) -> Builder:
    """Return the builder that ``docker buildx inspect`` describes in *text*.

    ``build_platform`` is set where the text proves it. BuildKit lists the platform of its machine
    first and then those that it found an emulator for (util/archutil), and the first is also the
    BUILDPLATFORM of a Dockerfile (frontend/dockerui); but buildx puts the platforms that a node
    was created for, marked ``*``, in front of them and takes them out of the rest
    (util/platformutil, FormatInGroups). So with marks the first place tells nothing, unless the
    list holds just one.
    """
    head, _, rest = text.partition("\nNodes:\n")
    top = _entries(head)
    parts = re.split(r"(?:^|\n\n)(?=Name:[ \t]+.*\nEndpoint:)", rest)
    nodes = tuple(_node(part) for part in parts if part.strip())
    driver = top.get("Driver", "")
    containerd = driver == "docker" and any(SNAPSHOTTER in node.labels for node in nodes)
    return Builder(top.get("Name", ""), driver, nodes, containerd, top.get("Error", ""))


def _entries(text: str) -> dict[str, str]:
    """Return the lines ``Key:  value`` of *text*; indented lines are not its own.

    The lines of an error that has several belong to it, whatever they look like.
    """
    entries: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if "Error" in entries:
            entries["Error"] += f" {line.strip()}"
        elif colon and not line[0].isspace():
            entries.setdefault(key, value.strip())
    return {key: value.strip() for key, value in entries.items()}


def _labels(text: str) -> dict[str, str]:
    """Return the indented lines under ``Labels:``."""
    found = re.search(r"^Labels:[ \t]*\n((?:[ \t]+.*\n?)+)", text, re.MULTILINE)
    lines = found[1].splitlines() if found else []
    # Keys have dots, values anything: `worker.moby.host-gateway-ip: <nil>`.
    return {key.strip(): value.strip() for key, _, value in (each.partition(":") for each in lines)}


def _node(text: str) -> Node:
    entries = _entries(text)
    marked = [each.strip() for each in entries.get("Platforms", "").split(",") if each.strip()]
    # `docker buildx ls` shortens a list to `linux/amd64 (+3)`.
    marked = [re.sub(r"\s*\(\+\d+\)$", "", each) for each in marked]
    listed = [normalise(each.rstrip("*")) for each in marked]
    configured = tuple(normalise(each[:-1]) for each in marked if each.endswith("*"))
    running = entries.get("Status") == "running"
    proven = running and listed and (not configured or len(listed) == 1)
    return Node(
        name=entries.get("Name", ""),
        endpoint=entries.get("Endpoint", ""),
        status=entries.get("Status", ""),
        platforms=tuple(dict.fromkeys(listed)),
        build_platform=listed[0] if proven else "",
        version=entries.get("BuildKit version", ""),
        error=entries.get("Error", ""),
        configured=configured,
        driver_options=_options(entries.get("Driver Options", "")),
        flags=tuple(entries.get("BuildKit daemon flags", entries.get("Flags", "")).split()),
        labels=_labels(text),
    )


def _options(text: str) -> dict[str, str]:
    """Return ``NAME="VALUE" ...``, the values as Go's %q writes them."""
    pairs = re.findall(r'([^\s="]+)=("(?:[^"\\]|\\.)*")', text)
    # What Go escapes beyond JSON, the config does not let in.
    return {key: json.loads(re.sub(r"\\[^\"\\nrtu]", "?", value)) for key, value in pairs}


def differences(
    there: Builder, config: BuilderConfig, nodes: Mapping[str, NodeConfig]
) -> list[str]:
    """Return in what *there* differs, as far as buildx shows it; a buildkitd.toml it may not."""
    if there.driver != config.driver:
        return [f"its driver is {show(there.driver)}, not {show(config.driver)}"]
    # With kubernetes each pod is a node, of the name that its deployment was given.
    found = {node.name: node for node in there.nodes}
    said = [f"it doesn't have the node {show(each)}" for each in nodes if each not in found]
    said += [f"it has an additional node {show(each)}" for each in found if each not in nodes]
    for each in nodes.keys() & found.keys():
        differs = _node_differs(found[each], nodes[each], config)
        said += [f"its node {show(each)} differs in {', '.join(differs)}"] if differs else []
    return said


def _node_differs(there: Node, node: NodeConfig, config: BuilderConfig) -> list[str]:
    """Return the keys in which a node differs."""
    differs = []
    # docker completes an address: `tcp://box` is `tcp://box:2375`, and `default` its socket.
    if node.endpoint not in ("", "default") and not there.endpoint.startswith(node.endpoint):
        differs.append("endpoint")
    if there.driver_options != {**config.driver_options, **node.driver_options}:
        differs.append("driver-options")
    if not there.error:  # buildx shows no more of one that it cannot reach
        if set(there.configured) != set(node.platforms):
            differs.append("platforms")
        if set(there.flags) - {OWN_FLAG} != set(node.flags) - {OWN_FLAG}:
            differs.append("flags")
    return differs
