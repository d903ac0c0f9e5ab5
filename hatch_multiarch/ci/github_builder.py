"""The step of GitHub's workflow that makes the buildx builder, and removes it at the job's end.

What the config says of nodes and options has passed the rules of ``config/rules_docker.py``: there
is no expression of GitHub in it, no line end and no ``#``, at which the action cuts an option off.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from hatch_multiarch.ci import pins
from hatch_multiarch.ci.yaml import Script, dump
from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.docker.buildx_outputs import joined
from hatch_multiarch.docker.inspect_output import OWN_FLAG

if TYPE_CHECKING:
    from hatch_multiarch.ci.pipeline import Pipeline


def literal(text: str) -> str:
    """Return *text* so that GitHub finds no expression in it."""
    return text.replace("${{", "${{ '${{' }}")


def builder(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the step, or none where BuildKit is not needed or is docker's own.

    Without ``[tool.multiarch.builder]`` it is a BuildKit of one node: docker's own cannot build
    for several platforms at once on GitHub's runners.
    """
    config = pipeline.builder
    if not pipeline.buildx or (config is not None and config.driver == "docker"):
        return []
    options: dict[str, Any] = {"version": pins.BUILDX_VERSION, "cache-binary": False}
    if config is None:
        options["driver-opts"] = f"image={pins.BUILDKIT_IMAGE}"
    else:
        options |= {"name": literal(pipeline.builder_name), **_configured(config)}
    return [{"name": "Create the builder", "uses": pins.BUILDX, "with": options}]


def _configured(config: BuilderConfig) -> dict[str, Any]:
    first, *others = config.nodes or (NodeConfig(),)
    options: dict[str, Any] = {"driver": config.driver}
    if first.endpoint:
        options["endpoint"] = first.endpoint
    if first.platforms:
        options["platforms"] = ",".join(first.platforms)
    if words := _driver_options(config, first):
        options["driver-opts"] = Script("\n".join(words))
    if flags := _flags(config, first):
        options["buildkitd-flags"] = flags
    if config.config:
        options["buildkitd-config"] = literal(config.config)
    if others:
        options["append"] = Script(dump([_appended(config, each) for each in others]))
    return options


def _appended(config: BuilderConfig, node: NodeConfig) -> dict[str, Any]:
    """Return a further node, as the action's `append` wants it.

    It passes on the flags of a node only beside its options, so that these are always there.
    """
    found = {
        "name": node.name,
        "endpoint": node.endpoint,
        "platforms": ",".join(node.platforms),
        "buildkitd-flags": _flags(config, node),
    }
    return {key: text for key, text in found.items() if text} | {
        "driver-opts": _driver_options(config, node)
    }


def _driver_options(config: BuilderConfig, node: NodeConfig) -> list[str]:
    options = {**config.driver_options, **node.driver_options}
    return [joined([f"{key}={text}"]) for key, text in options.items()]


def _flags(config: BuilderConfig, node: NodeConfig) -> str:
    """Return the node's flags; without one the action would let builds run as root of the node."""
    if config.driver == "remote":  # its buildkitd runs already
        return ""
    return shlex.join(node.flags or (OWN_FLAG,))
