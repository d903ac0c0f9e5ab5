"""The pyproject.toml that gets the config: whether it can, and what it already has."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatchling.builders.wheel import WheelBuilder
from packaging.utils import canonicalize_name

from hatch_multiarch.config.messages import printable, show
from hatch_multiarch.config.toml_document import parse_toml, read_hatch_file
from hatch_multiarch.errors import ConfigError, PlanError
from hatch_multiarch.init.programs import find_programs
from hatch_multiarch.plan import commit
from hatch_multiarch.project import lacks_package, requires

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

WHEEL = "tool.hatch.build.targets.wheel"
HOOK = "tool.hatch.build.hooks.multiarch"
"""The table that switches the hook on, for wheels and the sdist."""

SDIST_HOOK = f"tool.hatch.{commit.SDIST_HOOK}"
"""The same for the sdist, in a project that has the hook for its wheels only."""

PLUGIN = "hatch-multiarch"
_BACKENDS = ("hatchling.build", "hatchling.ouroboros")
_BOM = "\ufeff"
_ANYWHERE = ("*", "*/*")
"""Where projects of a workspace are that does not say where."""


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
            f"there is no pyproject.toml in {root}", advice="`hatch new --init` creates one"
        ) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except ValueError as error:
        raise ConfigError([f"{path}: not valid TOML: {printable(str(error))}"]) from None
    text = before.removeprefix(_BOM)
    document = parse_toml(text, str(path))
    members = _declared(document)
    if not isinstance(document.get("project"), dict):
        raise _no_package(root, environ, members, "has no [project]")
    if members is not None and "build-system" not in document:
        raise _no_package(root, environ, members, "has no [build-system]: it is a workspace")
    _check_backend(document)
    return Target(path, before, text, document)


def ships_python(target: Target) -> bool:
    """Tell whether hatchling finds something of the project's own that goes into a wheel."""
    builder = WheelBuilder(str(target.path.parent), config=target.document)
    try:
        return bool(
            builder.config.bypass_selection or builder.config.default_file_selection_options
        )
    except Exception as error:  # noqa: BLE001 - hatchling raises what it likes; `check` says it
        return not lacks_package(error)


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
    return PLUGIN in {canonicalize_name(name.group()) for name in names if name}


def hooked(target: Target, kind: str = "wheel") -> bool:
    """Tell whether the hook is on for wheels, or for another *kind* of target.

    Raises PlanError where hatch.toml hides the table that we would add: Hatch takes each table of
    it, such as ``build``, instead of pyproject.toml's.
    """
    build = _table(target.document, "tool.hatch.build")
    other = read_hatch_file(target.path.parent)
    hidden = "build" in other
    build = _table(other, "build") if hidden else build
    on = any("multiarch" in _table(build, each) for each in ("hooks", f"targets.{kind}.hooks"))
    if hidden and not on:
        raise PlanError(
            "hatch.toml has a table [build], so hatch ignores tool.hatch.build",
            advice="add [build.hooks.multiarch] to hatch.toml, then run this again",
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


def _declared(document: Mapping[str, Any]) -> list[str] | None:
    """Return the globs of the members of a workspace of uv; None for what is none."""
    table = _table(document, "tool.uv").get("workspace")
    found = table.get("members") if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _no_package(
    root: Path, environ: Mapping[str, str], members: list[str] | None, says: str
) -> PlanError:
    """Return the error of a file that is no package's: of a workspace it names the members."""
    told = []
    for member in _members(root, members or _ANYWHERE):
        count = len(find_programs(member, environ))
        if count:
            name = member.relative_to(root).as_posix()
            told.append(f"{name} ({count} Go program{'s' if count > 1 else ''})")
    if told:
        return PlanError(
            f"pyproject.toml {says}; its members with Go are {', '.join(told)}",
            advice=f"run it for each of them, by its folder: {told[0].partition(' (')[0]}",
        )
    return PlanError(
        f"pyproject.toml {says}, and no folder below is a project that contains Go",
        advice="run it in the folder of a project; `hatch new --init` creates one",
    )


def _members(root: Path, globs: Sequence[str]) -> Iterator[Path]:
    """Yield the folders below *root* that are projects, by *globs* as workspaces have them."""
    found: dict[Path, None] = {}
    for each in globs:
        with suppress(ValueError, NotImplementedError):  # of what is no glob; uv says so itself
            found.update(dict.fromkeys(sorted(root.glob(f"{each.rstrip('/')}/pyproject.toml"))))
    for path in found:
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        text = "" if hidden else path.read_text("utf-8", "replace")
        if re.search(r"^\s*\[\s*project\s*\]", text, re.MULTILINE):
            yield path.parent
