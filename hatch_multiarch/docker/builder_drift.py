"""Differences between a builder that exists and the configured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_multiarch.config.messages import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.config import BuilderConfig, NodeConfig
    from hatch_multiarch.docker.inspect_output import Builder, Node

OWN_FLAG = "--allow-insecure-entitlement=network.host"
"""buildx gives it to every buildkitd of its own whose flags allow nothing (builder/builder.go)."""


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
