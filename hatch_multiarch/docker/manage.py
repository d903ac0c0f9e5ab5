"""Builders made and removed: ``[tool.multiarch.builder]`` as words for ``docker buildx``."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from hatch_multiarch.config import BuilderConfig, NodeConfig
from hatch_multiarch.config.messages import show, unknown
from hatch_multiarch.docker.builders import ask, inspect_builder, last_words, no_builder
from hatch_multiarch.docker.buildx_outputs import joined
from hatch_multiarch.docker.inspect_output import differences
from hatch_multiarch.errors import EngineError, PlanError
from hatch_multiarch.registry.credentials import docker_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_multiarch.docker.inspect_output import Builder
    from hatch_multiarch.docker.locate_buildx import Buildx

KEY = "tool.multiarch.builder"


def configured_name(config: BuilderConfig, project_name: str) -> str:
    """Return the builder's name, by default the project's with ``-multiarch``.

    buildx wants a letter in front (store/util.go, ValidateName) and writes all in lower case.
    """
    if config.name:
        return config.name
    plain = canonicalize_name(project_name)
    return f"{plain}-multiarch" if plain[0].isalpha() else f"multiarch-{plain}"


def builder_name(
    config: BuilderConfig | None, project_name: str, environ: Mapping[str, str]
) -> str:
    """Return the builder that builds go to; empty for the one in use.

    BUILDX_BUILDER wins over the config. The builders of the docker driver have the names of
    docker's contexts.
    """
    if environ.get("BUILDX_BUILDER"):
        return environ["BUILDX_BUILDER"]
    if config is None:
        return ""
    if config.driver == "docker":
        return config.name or own_builder(environ)
    return configured_name(config, project_name)


def own_builder(environ: Mapping[str, str]) -> str:
    """Return the builder that is docker itself, which has the name of the context in use.

    DOCKER_HOST wins over DOCKER_CONTEXT, and that over docker's config (docker/cli,
    cli/command/cli.go, resolveContextName). Raises RegistryError for a config that is none.
    """
    if environ.get("DOCKER_HOST"):
        return "default"
    named = environ.get("DOCKER_CONTEXT") or docker_config(environ).get("currentContext")
    return str(named or "default")


def command(config: BuilderConfig, project_name: str, root: Path = Path()) -> list[list[str]]:
    """Return the words after ``docker buildx`` that make the builder, a list for every node.

    *root* is the folder of pyproject.toml. Every value stands in one word with its option, and
    what has no option behind ``--``: none can be taken for an option. Raises PlanError when two
    nodes are for the same platform: buildx would silently take it from the first one
    (store/nodegroup.go, validateDuplicates).
    """
    if config.driver == "docker":
        return []
    builder = configured_name(config, project_name)
    owners: dict[str, str] = {}
    commands = []
    for index, (name, node) in enumerate(_nodes(config, builder)):
        for platform in node.platforms:
            if platform in owners:
                raise PlanError(
                    f"{KEY}.nodes[{index}].platforms: {platform} is for the node "
                    f"{show(owners[platform])} already; buildx gives a platform to one node",
                    advice="list it for one of them",
                )
            owners[platform] = name
        words = ["create", f"--name={builder}", f"--driver={config.driver}", f"--node={name}"]
        words += ["--append"] if index else []
        words += [f"--platform={','.join(node.platforms)}"] if node.platforms else []
        options = {**config.driver_options, **node.driver_options}
        words += [f"--driver-opt={joined([f'{key}={text}'])}" for key, text in options.items()]
        words += [f"--buildkitd-flags={shlex.join(node.flags)}"] if node.flags else []
        words += (
            [f"--buildkitd-config={(root / config.config).absolute()}"] if config.config else []
        )
        commands.append([*words, *(["--", node.endpoint] if node.endpoint else [])])
    return commands


def create(
    buildx: Buildx,
    config: BuilderConfig,
    project_name: str,
    root: Path = Path(),
    *,
    bootstrap: bool = False,
) -> str:
    """Make the builder of *config* with all of its nodes, or none; return what was done.

    With *bootstrap* its nodes are started too. Raises EngineError when there is another builder
    of that name, or when buildx refuses a node or cannot start it; then what was made is removed.
    """
    if config.driver == "docker":
        return "the docker driver's builder is docker's own: there is nothing to create"
    name = configured_name(config, project_name)
    commands = command(config, project_name, root)
    there = _existing(buildx, name)
    if there is not None:
        differs = differences(there, config, dict(_nodes(config, name)))
        if differs:
            raise EngineError(
                f"there is another builder {show(name)}: {'; '.join(differs)}",
                advice=f"`hatch-multiarch builder rm {name}` removes it with its build cache, then "
                f"create it again; or give {KEY}.name another name",
            )
        if bootstrap:
            inspect_builder(buildx, name, bootstrap=True)
        return f"the builder {name} already exists, as configured"
    made = False
    try:
        for words in commands:
            _do(buildx, words, config)
            made = True
        if bootstrap:
            inspect_builder(buildx, name, bootstrap=True)
    except BaseException:  # also Ctrl-C: nothing half-made stays
        if made:
            ask(buildx, "rm", "--", name)
        raise
    return f"the builder {name} was created, with {len(commands)} node{'s' * (len(commands) > 1)}"


def append(
    buildx: Buildx, config: BuilderConfig, project_name: str, node: str, root: Path = Path()
) -> str:
    """Add *node*, one of the config, to the builder that is there. Raises EngineError."""
    name = configured_name(config, project_name)
    words = append_command(config, project_name, node, root)
    there = inspect_builder(buildx, name)
    if node in [each.name for each in there.nodes]:
        return f"the builder {name} has the node {node} already"
    _do(buildx, words, config)
    return f"the builder {name} has the node {node} now"


def append_command(
    config: BuilderConfig, project_name: str, node: str, root: Path = Path()
) -> list[str]:
    """Return the words after ``docker buildx`` that add *node*. Raises EngineError."""
    names = [each for each, _ in _nodes(config, configured_name(config, project_name))]
    if node not in names or config.driver == "docker":
        raise EngineError(f"{KEY}.nodes: {unknown('node', node, names)}")
    words = command(config, project_name, root)[names.index(node)]
    return [*words[:1], "--append", *(word for word in words[1:] if word != "--append")]


def leave_command(name: str, node: str) -> list[str]:
    """Return the words after ``docker buildx`` that take *node* out of the builder *name*."""
    return ["create", f"--name={name}", "--leave", f"--node={node}"]


def leave(buildx: Buildx, name: str, node: str) -> str:
    """Take *node* out of the builder *name*. Raises EngineError, also for its last node."""
    there = inspect_builder(buildx, name)
    names = [each.name for each in there.nodes]
    if node not in names:
        raise EngineError(f"the builder {name}: {unknown('node', node, names)}")
    if len(names) == 1:
        raise EngineError(
            f"{node} is the last node of the builder {name}",
            advice=f"`hatch-multiarch builder rm {name}` removes the builder",
        )
    _run(buildx, leave_command(name, node), name)
    return f"the builder {name} no longer has the node {node}"


def use(buildx: Buildx, name: str) -> str:
    """Make *name* the builder in use, also for `docker buildx build`. Raises EngineError."""
    _run(buildx, ["use", "--", name], name)
    return f"the builder {name} is in use"


def stop(buildx: Buildx, name: str) -> str:
    """Stop the nodes of *name* that buildx itself runs; the next build starts them again."""
    _run(buildx, ["stop", "--", name], name)
    return f"the builder {name} is stopped"


def remove(buildx: Buildx, name: str) -> str:
    """Remove the builder *name*, its nodes and their build cache. Raises EngineError."""
    _run(buildx, ["rm", "--", name], name)
    return f"the builder {name} is removed"


def _nodes(config: BuilderConfig, builder: str) -> list[tuple[str, NodeConfig]]:
    """Return the nodes by name; those without one get buildx's own, ``BUILDER0``."""
    nodes = config.nodes or (NodeConfig(),)
    return [(node.name or f"{builder}{index}", node) for index, node in enumerate(nodes)]


def _existing(buildx: Buildx, name: str) -> Builder | None:
    done = ask(buildx, "inspect", "--", name)
    if done.code != 0 and "no builder" in done.err:
        return None
    return inspect_builder(buildx, name)


def _do(buildx: Buildx, words: list[str], config: BuilderConfig) -> None:
    done = ask(buildx, *words)
    if done.code != 0:
        raise EngineError(
            f"{KEY}: buildx didn't create the node: {last_words(done)}",
            advice=_ADVICE[config.driver],
        )


def _run(buildx: Buildx, words: list[str], name: str) -> None:
    done = ask(buildx, *words)
    if done.code == 0:
        return
    if re.search(r"no builder|failed to find instance", done.err):
        raise no_builder(buildx, name)
    lines = [line for line in done.err.splitlines() if line.startswith("failed to remove ")]
    said = lines[0] if lines else last_words(done)
    raise EngineError(f"docker buildx {words[0]} failed: {said}")


_ADVICE = {
    "docker-container": f"check that docker at {KEY}.nodes.endpoint runs; docker's "
    "documentation of "
    f"the docker-container driver lists what {KEY}.driver-options may be",
    "remote": f"{KEY}.nodes.endpoint is the address of a buildkitd, and with TLS "
    f"{KEY}.nodes.driver-options holds absolute paths as cacert, cert and key",
    "kubernetes": "check that `kubectl get pods` works with the same KUBECONFIG; docker's "
    f"documentation of the kubernetes driver lists what {KEY}.driver-options may be",
}
