"""The pyproject.toml that gets the config: whether it can, and what it already has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config.messages import printable, show
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import ConfigError, PlanError
from hatch_multiarch.init.programs import find_programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOOK = "tool.hatch.build.targets.wheel.hooks.multiarch"
"""The table that switches the hook on."""

PLUGIN = "hatch-multiarch"
_BACKENDS = ("hatchling.build", "hatchling.ouroboros")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Target:
    """A pyproject.toml that can have the hook."""

    path: Path
    before: str
    """All of the file as it is."""
    text: str
    """The same without a byte order mark, with which no TOML parser reads it."""
    document: dict[str, Any]


def read_target(root: Path, environ: Mapping[str, str]) -> Target:
    """Return the pyproject.toml in folder *root*, of a project that hatchling builds.

    Raises ConfigError for a file that cannot be read, and PlanError for a project that cannot
    have the hook: one of another backend, or a workspace without a project of its own.
    """
    path = root / "pyproject.toml"
    try:
        before = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise PlanError(
            f"there is no pyproject.toml in {root}", advice="`hatch new --init` makes one"
        ) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise ConfigError([f"{path}: not valid TOML: {printable(str(error))}"]) from None
    text = before.removeprefix(_BOM)
    document = parse_toml(text, str(path))
    if not isinstance(document.get("project"), dict):
        raise _no_project(root, environ)
    _check_backend(document)
    return Target(path, before, text, document)


def missing(target: Target, *, image: bool) -> list[str]:
    """Return what *target* still lacks of the config: keys and tables by their full names."""
    document = target.document
    lacks = []
    if not requires_plugin(document):
        lacks.append(f'"{PLUGIN}" in build-system.requires')
    if not hooked(target):
        lacks.append(f"[{HOOK}]")
    if not _table(document, "tool.multiarch.helpers"):
        lacks.append("[tool.multiarch.helpers.NAME]")
    if image and _table(document, "tool.multiarch").get("image") is None:
        lacks.append("[tool.multiarch.image]")
    return lacks


def requires_plugin(document: Mapping[str, Any]) -> bool:
    """Tell whether ``build-system.requires`` names this plugin, in whatever spelling."""
    names = (re.match(r"[A-Za-z0-9._-]*", each.strip()) for each in requires(document))
    return PLUGIN in {re.sub(r"[-_.]+", "-", name.group()).lower() for name in names if name}


def requires(document: Mapping[str, Any]) -> list[str]:
    """Return the strings of ``build-system.requires``."""
    found = _table(document, "build-system").get("requires")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def hooked(target: Target) -> bool:
    """Tell whether the hook is on. Raises PlanError where hatch.toml hides the table we would add.

    Hatch takes each table of hatch.toml, such as ``build``, instead of pyproject.toml's.
    """
    build = _table(target.document, "tool.hatch.build")
    own = target.path.parent / "hatch.toml"
    hidden = False
    if own.is_file():
        other = parse_toml(own.read_bytes(), str(own))
        hidden = "build" in other
        build = _table(other, "build") if hidden else build
    on = any("multiarch" in _table(build, each) for each in ("hooks", "targets.wheel.hooks"))
    if hidden and not on:
        raise PlanError(
            "hatch.toml has a table [build], and hatch heeds no tool.hatch.build beside it",
            advice="add [build.targets.wheel.hooks.multiarch] to hatch.toml, then run this again",
        )
    return on


def _table(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    found: Any = document
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _check_backend(document: Mapping[str, Any]) -> None:
    system = _table(document, "build-system")
    backend = system.get("build-backend")
    named = {re.split(r"[^A-Za-z0-9]", each.strip())[0].lower() for each in requires(document)}
    # A backend of the project's own that needs hatchling is one that calls it.
    if backend in _BACKENDS or ("backend-path" in system and "hatchling" in named):
        return
    found = f"found {show(backend)}" if isinstance(backend, str) else "there is none: setuptools"
    advice = (
        "move it to hatchling first: `hatch new --init` carries over what setuptools knows"
        if not isinstance(backend, str) or backend.startswith("setuptools")
        else 'move it to hatchling first: requires = ["hatchling"], build-backend = '
        '"hatchling.build", and its metadata in [project]'
    )
    raise PlanError(
        "build-system.build-backend: hatch-multiarch is a build hook of hatchling, so expected "
        f'"hatchling.build", {found}',
        advice=advice,
    )


def _no_project(root: Path, environ: Mapping[str, str]) -> PlanError:
    """Return the error of a file without ``[project]``: of a workspace it names the members."""
    told = []
    for member in _members(root):
        count = len(find_programs(member, environ))
        if count:
            name = member.relative_to(root).as_posix()
            told.append(f"{name} ({count} Go program{'s' if count > 1 else ''})")
    if told:
        return PlanError(
            f"pyproject.toml has no [project] here; its members with Go are {', '.join(told)}",
            advice=f"run it for each of them, by its folder: {told[0].partition(' (')[0]}",
        )
    return PlanError(
        "pyproject.toml has no [project], and no folder below is a project with Go in it",
        advice="run it in the folder of a project; `hatch new --init` makes one",
    )


def _members(root: Path) -> Iterator[Path]:
    """Yield the folders below *root* that are projects, as workspaces of uv and hatch have them."""
    for path in sorted(root.glob("*/pyproject.toml")) + sorted(root.glob("*/*/pyproject.toml")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        text = "" if hidden else path.read_text("utf-8", "replace")
        if re.search(r"^\s*\[\s*project\s*\]", text, re.MULTILINE):
            yield path.parent
