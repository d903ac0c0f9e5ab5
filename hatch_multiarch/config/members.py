"""The packages of a workspace: those of ``[tool.uv.workspace]``, or folders that were named.

The globs mean what they mean to uv: `*` stays within a folder, hidden folders are left out, the
root is a package itself where it has ``[project]``, and a `*` of ``exclude`` also covers `/`.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from hatch_multiarch.config.messages import at, expected, printable, show
from hatch_multiarch.config.read_config import read_pyproject
from hatch_multiarch.config.toml_document import parse_toml
from hatch_multiarch.errors import ConfigError, NoConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from hatch_multiarch.config.model import Config

KEY = "tool.uv.workspace"
FILE = "pyproject.toml"


@dataclass(frozen=True)
class Member:
    """A package with helpers."""

    path: str
    """Of its folder, relative to the root of the workspace; ``.`` is the root."""
    root: Path
    name: str
    config: Config
    document: dict[str, Any]
    """Its pyproject.toml."""


@dataclass(frozen=True)
class Workspace:
    """The packages that are built together."""

    root: Path
    members: tuple[Member, ...]
    skipped: tuple[str, ...]
    """The paths of packages without ``[tool.multiarch]``."""


def read_workspace(root: Path, folders: Sequence[Path] = ()) -> Workspace:
    """Return the packages in *folders*, or by default those of the uv workspace in *root*.

    Both are absolute. Raises ConfigError with every problem, a line each.
    """
    problems: list[str] = []
    if folders:
        paths = [_named(root, each, problems) for each in folders]
    else:
        paths = _of_uv(root, problems)
    members, skipped = [], []
    for path in dict.fromkeys(paths):
        folder = root / path
        if not path or not _inside(root, folder, problems):
            continue
        if not (folder / FILE).is_file():
            problems.append(f"{path}: there is no {FILE}; {_advice(folders)}")
            continue
        try:
            config, document = read_pyproject(folder / FILE)
        except NoConfigError:
            skipped.append(path)
        except ConfigError as error:
            prefix = f"{printable(str(folder / FILE))}: "
            problems += [f"{path}: {each.removeprefix(prefix)}" for each in error.problems]
        else:
            name = _name(path, document, problems)
            members.append(Member(path, folder, name, config, document))
    problems += _twice(members)
    if not members and not problems:
        problems.append(
            f"no package of the workspace has [tool.multiarch]: {', '.join(skipped)}; "
            "`hatch-multiarch init` in a package adds it"
        )
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Workspace(root, tuple(members), tuple(skipped))


def has_workspace(document: dict[str, Any]) -> bool:
    """Tell whether a pyproject.toml has ``[tool.uv.workspace]``."""
    uv = (document.get("tool") or {}).get("uv")
    return isinstance(uv, dict) and "workspace" in uv


def _advice(folders: Iterable[Path]) -> str:
    return "name folders that have one" if folders else f"leave it out by {KEY}.exclude"


def _named(root: Path, folder: Path, problems: list[str]) -> str:
    """Return the path of a *folder* that was named; empty after adding a problem."""
    if folder.is_relative_to(root):
        return folder.relative_to(root).as_posix()
    problems.append(
        f"{folder}: is outside {root}; start the command in a folder above all packages"
    )
    return ""


def _of_uv(root: Path, problems: list[str]) -> list[str]:
    """Return the paths of the packages of the uv workspace in *root*."""
    file = root / FILE
    try:
        document = parse_toml(file.read_bytes(), printable(str(file)))
    except OSError as error:
        raise ConfigError([f"{printable(str(file))}: cannot be read: {error.strerror}"]) from None
    if not has_workspace(document):
        says = f"{printable(str(file))}: there is no [{KEY}]; write members = "
        raise ConfigError([f'{says}["packages/*"] there, or name the folders of the packages'])
    table = document["tool"]["uv"]["workspace"]
    members = _globs(table, "members", problems)
    left = _globs(table, "exclude", problems)
    found = ["."] if "project" in document else []
    for number, glob in enumerate(members):
        key = f"{KEY}.members[{number}]"
        try:
            folders = sorted(each for each in root.glob(glob) if each.is_dir())
        except (ValueError, NotImplementedError):
            problems.append(f"{key}: expected a glob inside the workspace, found {show(glob)}")
            continue
        paths = [each.relative_to(root).as_posix() for each in folders]
        if not paths:
            problems.append(f"{key}: {show(glob)} matches no folder of {root}")
        found += [
            path
            for path in paths
            if not path.rpartition("/")[2].startswith(".")
            and not any(fnmatch.fnmatchcase(path, each.rstrip("/")) for each in left)
        ]
    return found


def _globs(table: Any, name: str, problems: list[str]) -> list[str]:
    """Return the array of strings *name*, normalised; none after adding a problem."""
    if not isinstance(table, dict):
        problems.append(f"{KEY}: {expected('a table', table)}")
        return []
    found = table.get(name, [])
    if not isinstance(found, list):
        problems.append(f"{at(KEY, name)}: {expected('an array', found)}")
        return []
    globs = []
    for number, each in enumerate(found):
        key = f"{at(KEY, name)}[{number}]"
        if not isinstance(each, str) or not each:
            problems.append(f"{key}: {expected('a path or a glob', each)}")
        elif ".." in each.split("/") or each.startswith("/"):
            problems.append(f"{key}: {show(each)} is outside the workspace")
        else:
            globs.append(each.removeprefix("./"))
    return globs


def _inside(root: Path, folder: Path, problems: list[str]) -> bool:
    """Tell whether *folder* is in *root*, also where links lead to it."""
    if folder.resolve().is_relative_to(root.resolve()):
        return True
    problems.append(
        f"{folder.relative_to(root).as_posix()}: leads to {folder.resolve()}, outside "
        "the workspace; move the package into it"
    )
    return False


def _name(path: str, document: dict[str, Any], problems: list[str]) -> str:
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    if isinstance(name, str) and name:
        return name
    problems.append(
        f"{path}: project.name: {expected('a string', name) if name is not None else 'is missing'}"
    )
    return ""


def _twice(members: Iterable[Member]) -> Iterator[str]:
    """Yield each name that two packages have: their wheels would be the same files."""
    seen: dict[str, str] = {}
    for each in members:
        if not each.name:
            continue
        first = seen.setdefault(canonicalize_name(each.name), each.path)
        if first != each.path:
            says = f"{show(each.name)} is the name of {first} too"
            yield f"{each.path}: project.name: {says}; rename one"
