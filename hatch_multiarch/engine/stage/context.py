"""The build context: the helpers' Go modules, and the folders that they replace; and its secrets.

A copy aside, so that BuildKit is sent what Go reads and nothing else of the project, with times
by which it notices changes.

Secrets are for the step that downloads modules. BuildKit mounts a secret while a step runs; it is
in no layer, no argument, no cache key and no provenance (BuildKit, "RUN --mount=type=secret").
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hatch_multiarch.engine.environment import FETCHING
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files import sha256
from hatch_multiarch.plan.mod_file import ModFile, sums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hatch_multiarch.plan import Unit

_NEVER = (".git", ".hg")
"""Folders that Go never embeds."""

_UNLESS_EMBEDDED = ("__pycache__", ".venv", "node_modules")
"""Folders that are large, and no part of a program unless it embeds them."""

_EMBED = re.compile(r"^//go:embed[ \t]+(.+)$", re.MULTILINE)
_TICK = 100
"""Nanoseconds that every file system keeps; NTFS keeps nothing finer."""
_SECONDS = 10**9

GOENV = "hatch-multiarch-goenv"
NETRC = "hatch-multiarch-netrc"
"""Ids of the secrets; a Dockerfile of the user's own mounts them by these."""

_OF_THE_MACHINE = {"GOCACHE", "GOCACHEPROG", "GOMODCACHE", "GOPATH"}
_PRIVATE = ("GOPRIVATE", "GOPROXY", "GONOPROXY", "GOAUTH")


def module_folders(units: Sequence[Unit]) -> dict[str, tuple[str, str]]:
    """Return for each helper the path of its module below the folder that holds all it needs.

    And that of its go.work, which is empty where there is none.
    """
    return {
        name: (
            each.source.relative_to(each.root).as_posix(),
            each.workspace.relative_to(each.root).as_posix() if each.workspace else "",
        )
        for name, each in _closures(units).items()
    }


def write_context(units: Sequence[Unit], folder: Path) -> None:
    """Copy what compiling *units* needs into *folder*, a sub-folder by helper.

    Raises PlanError for a ``replace`` or ``use`` by an absolute path, which is not in the stage.
    """
    for name, closure in _closures(units).items():
        target = folder / name
        for each in closure.folders:
            _copy(each, target / each.relative_to(closure.root), closure.root)
        if closure.workspace:
            _copy_workspace(closure.workspace, target, closure.root)
    stamp(folder)


@dataclass(frozen=True)
class _Closure:
    """What compiling one helper needs of this machine's files."""

    source: Path
    workspace: Path | None
    folders: list[Path]
    """Of modules, whole."""

    @property
    def root(self) -> Path:
        """The folder that holds all of it."""
        work = [self.workspace.parent] if self.workspace else []
        return Path(os.path.commonpath([*self.folders, *work]))


def _closures(units: Iterable[Unit]) -> dict[str, _Closure]:
    """Return the closure of each helper that is compiled, by its name."""
    closures = {}
    for unit in {each.helper.name: each for each in units if each.compiler != "prebuilt"}.values():
        source = unit.source.resolve()
        workspace = unit.workspace.resolve() if unit.workspace else None
        folders = _folders(unit.helper.name, source, workspace)
        closures[unit.helper.name] = _Closure(source, workspace, folders)
    return closures


def _folders(name: str, source: Path, workspace: Path | None) -> list[Path]:
    """Return *source* and the modules that its go.mod, and theirs, and *workspace* name by path."""
    found: list[Path] = []
    files = [workspace] if workspace else []
    left = [source]
    while left or files:
        file = files.pop() if files else left.pop() / "go.mod"
        if file.parent in found or not file.is_file():
            continue
        if file != workspace:
            found.append(file.parent)
        said = ModFile.read(file)
        for path in (*said.uses, *(new for _, new in said.replaces)):
            if Path(path).is_absolute():
                raise PlanError(
                    f"tool.multiarch.helpers.{name}.source: {file.parent.name}/{file.name} names "
                    f"the folder {path}, which the builder stage does not have",
                    advice="write the path relative to the file, or vendor it (`go mod vendor`)",
                )
            # Only the main modules' replacements count, but Go reads the go.mod of each.
            left.append((file.parent / path).resolve())
    return found


def _copy_workspace(work: Path, target: Path, root: Path) -> None:
    """Copy a go.work with its checksums, and what `go work vendor` put beside it."""
    place = target / work.parent.relative_to(root)
    place.mkdir(parents=True, exist_ok=True)
    for file in (work, sums(work)):
        if file.is_file():
            shutil.copyfile(file, place / file.name)
    if (work.parent / "vendor").is_dir():
        _copy(work.parent / "vendor", place / "vendor", root)


def _copy(source: Path, target: Path, root: Path) -> None:
    """Copy a module's folder; a link that leads out of what is copied becomes the file it names."""

    def ignore(folder: str, names: list[str]) -> list[str]:
        out = [name for name in names if name in _NEVER]
        for name in names:
            path = Path(folder, name)
            if name in _UNLESS_EMBEDDED and not _embedded(path, source):
                out.append(name)
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                out.append(name)
                if path.is_file():
                    copy = target / path.relative_to(source)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, copy)
        return out

    shutil.copytree(source, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)


def _embedded(folder: Path, source: Path) -> bool:
    """Tell whether a Go file of the module *source* embeds *folder*, or something in it."""
    for package in folder.parents:
        inside = folder.relative_to(package).parts
        for file in package.glob("*.go"):
            for patterns in _EMBED.findall(file.read_text("utf-8", errors="replace")):
                for pattern in patterns.split():
                    named = PurePosixPath(pattern.strip('"`').removeprefix("all:")).parts
                    if all(map(fnmatch.fnmatchcase, inside, named)):
                        return True
        if package == source:
            break
    return False


def stamp(folder: Path) -> None:
    """Give each file below *folder* a time that comes from its content.

    A builder keeps what was sent to it under the name of the build context, whichever folder that
    was on this machine, and takes anew only files of another size, mode or time (tonistiigi/fsutil,
    sameFile). Two files of one size whose times are normalised, as those of an sdist or an image
    are, are the same to it: it would compile the old one.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            digest = int(sha256(path), 16)
            digest, ticks = divmod(digest, _SECONDS // _TICK)
            time = digest % _SECONDS * _SECONDS + ticks * _TICK
            os.utime(path, ns=(time, time))


def secret_files(environ: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Return id -> file of what the stage gets to fetch modules with; written below *folder*.

    Go's own settings (GOPROXY, GOPRIVATE, ...) as *environ* and ``go env -w`` have them. The
    user's .netrc goes along only where one of them says that modules are not just public ones.
    """
    settings = _settings(environ)
    goenv = folder / GOENV
    goenv.touch(mode=0o600)
    goenv.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    found = {GOENV: goenv}
    netrc = _netrc(environ)
    if netrc is not None and any(settings.get(name) for name in _PRIVATE):
        found[NETRC] = netrc
    return found


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    file = _goenv(environ)
    if file is not None and file.is_file():
        for line in file.read_text("utf-8", errors="replace").splitlines():
            name, equals, value = line.partition("=")
            if equals:
                found[name.strip()] = value
    found.update({name: value for name, value in environ.items() if value})
    return {
        name: found[name]
        for name in FETCHING
        if name in found and name not in _OF_THE_MACHINE and "\n" not in found[name]
    }


def _goenv(environ: Mapping[str, str]) -> Path | None:
    """Return where ``go env -w`` writes (``go help environment``: os.UserConfigDir)."""
    if environ.get("GOENV"):
        return None if environ["GOENV"] == "off" else Path(environ["GOENV"])
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if sys.platform == "win32":
        folder = environ.get("APPDATA")
    elif sys.platform == "darwin":
        folder = home and f"{home}/Library/Application Support"
    else:
        folder = environ.get("XDG_CONFIG_HOME") or (home and f"{home}/.config")
    return Path(folder, "go", "env") if folder else None


def _netrc(environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    name = "_netrc" if os.name == "nt" else ".netrc"
    path = Path(environ.get("NETRC") or Path(home, name))
    return path if path.is_absolute() and path.is_file() else None
