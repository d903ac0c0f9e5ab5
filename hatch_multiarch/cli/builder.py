"""``hatch-multiarch builder``: the buildx builder of ``[tool.multiarch.builder]``."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING, Any

from hatch_multiarch.cli import output
from hatch_multiarch.docker import manage
from hatch_multiarch.docker.builders import in_use, inspect_builder, list_builders
from hatch_multiarch.docker.locate_buildx import find_buildx
from hatch_multiarch.docker.node_selection import runs_natively
from hatch_multiarch.errors import EngineError
from hatch_multiarch.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.config import BuilderConfig
    from hatch_multiarch.docker.inspect_output import Builder, Node
    from hatch_multiarch.docker.locate_buildx import Buildx


def run(arguments: Any) -> int:
    """Do it. Raises MultiarchError."""
    action = arguments.action
    if action == "create":
        return _create(arguments)
    # A builder may be elsewhere: no daemon is needed here to speak of it.
    buildx = find_buildx(os.environ, daemon=False)
    if action == "ls":
        return _list(buildx, as_json=arguments.json)
    if action == "inspect":
        name = arguments.name or _name_to_build_with(arguments.project)
        builder = inspect_builder(buildx, name, bootstrap=arguments.bootstrap)
        return _show(builder, as_json=arguments.json)
    name = arguments.name or _name(arguments.project)
    actions = {"use": manage.use, "stop": manage.stop, "rm": manage.remove}
    _done(name, [actions[action](buildx, name)], as_json=arguments.json)
    return 0


def _create(arguments: Any) -> int:
    root = arguments.project.resolve()
    config, project = _config(root)
    if arguments.dry_run:
        if arguments.append:
            made = [manage.append_command(config, project, arguments.append, root)]
        elif arguments.leave:
            name = manage.configured_name(config, project)
            made = [manage.leave_command(name, arguments.leave)]
        else:
            made = manage.command(config, project, root)
        words = [["docker", "buildx", *each] for each in made]
        if arguments.json:
            print(json.dumps({"commands": words}, indent=2))
        else:
            print("\n".join(map(shlex.join, words)))
        return 0
    here = config.driver == "docker-container" and not all(node.endpoint for node in config.nodes)
    buildx = find_buildx(os.environ, daemon=here)
    name = manage.configured_name(config, project)
    if arguments.append:
        said = manage.append(buildx, config, project, arguments.append, root)
    elif arguments.leave:
        said = manage.leave(buildx, name, arguments.leave)
    else:
        said = manage.create(buildx, config, project, root, bootstrap=arguments.bootstrap)
    done = [said]
    if arguments.use:
        done.append(manage.use(buildx, name))
    _done(name, done, as_json=arguments.json)
    return 0


def _done(name: str, said: list[str], *, as_json: bool) -> None:
    """Say what was done with the builder *name*."""
    if as_json:
        print(json.dumps({"name": name, "done": said}, indent=2))
    else:
        _print([(line,) for line in said])


def _config(root: Path) -> tuple[BuilderConfig, str]:
    """Return the project's builder and the project's name. Raises EngineError without one."""
    project, config = read_project(root)
    if config.builder is None:
        raise EngineError(
            "the project has no [tool.multiarch.builder]: builds use the current builder",
            advice="docs/reference/builders.md shows how to write it",
        )
    return config.builder, project.name


def _name(root: Path) -> str:
    """Return the name of the project's builder, for what changes it."""
    return manage.configured_name(*_config(root.resolve()))


def _name_to_build_with(root: Path) -> str:
    """Return the name of the builder that a build in *root* goes to; empty for the one in use."""
    if not (root / "pyproject.toml").is_file():
        return manage.builder_name(None, "", os.environ)
    project, config = read_project(root.resolve())
    return manage.builder_name(config.builder, project.name, os.environ)


def _list(buildx: Buildx, *, as_json: bool) -> int:
    current = in_use(buildx)
    rows = []
    found = []
    for each in list_builders(buildx):
        nodes = [
            {
                "name": node["Name"],
                "endpoint": node["Endpoint"],
                "status": node.get("Status", ""),
                "platforms": node.get("Platforms") or [],
                "error": node.get("Err", ""),
            }
            for node in each.get("Nodes") or []
        ]
        name, driver = each["Name"], each["Driver"]
        found.append({"name": name, "driver": driver, "in_use": name == current, "nodes": nodes})
        for node in nodes:
            about = (f"{name}*" if name == current else name, driver)
            where = (node["name"], node["endpoint"], node["status"] or "-")
            rows.append((*about, *where, node["error"] or ", ".join(node["platforms"]) or "-"))
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    _print([("BUILDER", "DRIVER", "NODE", "ENDPOINT", "STATUS", "PLATFORMS"), *rows], head=True)
    return 0


def _show(builder: Builder, *, as_json: bool) -> int:
    if as_json:
        nodes = [
            {
                "name": node.name,
                "endpoint": node.endpoint,
                "status": node.status,
                "platform": node.build_platform,
                "created_for": list(node.configured),
                "native": _split(node)[0],
                "emulated": _split(node)[1],
                "version": node.version,
                "error": node.error,
            }
            for node in builder.nodes
        ]
        about = {"name": builder.name, "driver": builder.driver, "nodes": nodes}
        print(json.dumps(about, indent=2))
        return 0
    _print([(f"{builder.name}, driver {builder.driver}",), ("",)])
    rows: list[tuple[str, ...]] = [
        ("NODE", "ENDPOINT", "STATUS", "IS", "CREATED FOR", "RUNS", "EMULATES")
    ]
    for node in builder.nodes:
        native, emulated = _split(node)
        lists = (node.configured, native, emulated)
        cells = [", ".join(each) or "-" for each in lists]
        rows.append(
            (node.name, node.endpoint, node.status or "error", node.build_platform or "-", *cells)
        )
    _print(rows, head=True)
    for node in builder.nodes:
        if node.error:
            _print([("",), (f"{node.name}: {node.error}",)])
    return 0


def _split(node: Node) -> tuple[list[str], list[str]]:
    """Return what *node* runs itself and what it runs under QEMU."""
    if not node.build_platform:
        return [], []
    native = [each for each in node.platforms if runs_natively(node, each)]
    return native, [each for each in node.platforms if each not in native]


def _print(rows: list[tuple[str, ...]], *, head: bool = False) -> None:
    output.put("\n".join(output.aligned(rows, output.columns(), head=head)))
