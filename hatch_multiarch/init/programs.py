"""Finds the Go modules of a project, and the main packages in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.config.rules import RULES
from hatch_multiarch.init.go_source import SYSTEMS, GoFile, read_file
from hatch_multiarch.plan.mod_file import ModFile
from hatch_multiarch.toolchain import go_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEVER = {"vendor", "node_modules", "testdata", "__pycache__", "site-packages"}
"""Folders whose Go is not the project's, or not a program's (go help packages: testdata)."""

_OUTPUTS = {"build", "dist"}
"""Folders at the project's root that hold copies of it."""

_MODULE = re.compile(r"^\s*module\s+[\"`]?([^\s\"`]+)", re.MULTILINE)
_REQUIRED = re.compile(r"^\s*(?:require\s+)?([^\s/]+\.[^\s]+)\s+(v[^\s/]+)", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """One Go main package, as a helper of the config."""

    name: str
    source: str
    """Folder of its module, relative to the project and with ``/``."""
    package: str
    """The main package inside the module: ``.`` or ``./cmd/NAME``."""
    cgo: bool
    """It, or what it imports and is on this machine, uses cgo on Linux."""
    systems: tuple[str, ...]
    """Those of SYSTEMS on which it has a main package."""
    go: str
    """The ``go`` line of its module."""

    @property
    def folder(self) -> str:
        """Where it stands, for people."""
        parts = [self.source if self.source != "." else "", self.package[2:]]
        return "/".join(filter(None, parts)) or "the folder of pyproject.toml"


def find_programs(root: Path, environ: Mapping[str, str]) -> list[Program]:
    """Return the Go programs below *root*, by module and name.

    A module's programs are the main package in its own folder and those in ``cmd/NAME``. What is
    in another Python project below *root* is left to that. Raises ToolchainError for a go.mod
    whose ``go`` line is no version.
    """
    root = root.resolve()
    modules = [_Module(folder) for folder in _module_folders(root)]
    local = {each.path: each for each in modules}
    found: list[Program] = []
    for module in modules:
        finder = _Finder(module, local, environ)
        for folder in module.candidates():
            package = finder.package(folder)
            systems = tuple(s for s in SYSTEMS if any(_main(each, s) for each in package))
            if not systems:
                continue
            inside = folder.relative_to(module.folder).as_posix()
            wanted = folder.name if inside != "." else module.name
            found.append(
                Program(
                    name=_name(wanted, module, {each.name for each in found}),
                    source=module.folder.relative_to(root).as_posix(),
                    package="." if inside == "." else f"./{inside}",
                    cgo=finder.uses_c(folder),
                    systems=systems,
                    go=go_line(module.folder / "go.mod"),
                )
            )
    return found


def _main(file: GoFile, system: str) -> bool:
    return file.package == "main" and system in file.systems


def _name(wanted: str, module: _Module, taken: set[str]) -> str:
    """Return a name that is a helper's and not taken: *wanted* where it can be."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("._-").removesuffix(".exe")[:40]
    for name in (plain, f"{module.name}-{plain}", f"{module.folder.name}-{plain}"):
        try:
            RULES["helper_name"](name)
        except ValueError:
            continue
        if name not in taken:
            return name
    return next(name for number in range(1, 9999) if (name := f"helper-{number}") not in taken)


def _module_folders(root: Path) -> list[Path]:
    """Return the folders with a go.mod below *root*, and those that its go.work uses."""
    found = []
    for place, folders, files in os.walk(root):
        here = Path(place)
        if "go.mod" in files:
            found.append(here)
        skip = _NEVER | (_OUTPUTS if here == root else set())
        folders[:] = sorted(
            name
            for name in folders
            if name not in skip and not name.startswith((".", "_")) and not _foreign(here / name)
        )
    work = root / "go.work"
    found += [
        folder
        for folder in (ModFile.read(work).used if work.is_file() else ())
        if folder.is_relative_to(root) and (folder / "go.mod").is_file()
    ]
    return sorted(dict.fromkeys(found))


def _foreign(folder: Path) -> bool:
    """Tell whether *folder* is a virtual environment or another Python project."""
    if (folder / "pyvenv.cfg").exists():
        return True
    try:
        text = (folder / "pyproject.toml").read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(r"^\s*\[\s*project\s*\]", text, re.MULTILINE) is not None


class _Module:
    """A Go module of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = (folder / "go.mod").read_bytes().decode("utf-8", "replace")
        found = _MODULE.search(self.text)
        self.path = found.group(1) if found else folder.name
        parts = [part for part in self.path.split("/") if not re.fullmatch(r"v[0-9]+", part)]
        self.name = parts[-1] if parts else folder.name
        """What ``go install`` calls the program in its folder."""

    def candidates(self) -> list[Path]:
        """Return where a main package may be: the module's folder and those in ``cmd``."""
        commands = self.folder / "cmd"
        below = commands.iterdir() if commands.is_dir() else ()
        inner = (each for each in below if each.is_dir() and not (each / "go.mod").exists())
        return [self.folder, *sorted(inner)]

    @cached_property
    def required(self) -> dict[str, str]:
        """Module path -> version of what go.mod requires."""
        return dict(_REQUIRED.findall(re.sub(r"//[^\n]*", "", self.text)))


class _Finder:
    """Follows the imports of one module's packages, as far as their files are here."""

    def __init__(
        self, module: _Module, local: Mapping[str, _Module], environ: Mapping[str, str]
    ) -> None:
        self._module = module
        self._local = local
        home = environ.get("HOME") or environ.get("USERPROFILE") or "-"
        go_path = (environ.get("GOPATH") or f"{home}/go").split(os.pathsep)[0]
        self._cache = Path(environ.get("GOMODCACHE") or f"{go_path}/pkg/mod")
        self._read: dict[Path, list[GoFile]] = {}

    def package(self, folder: Path) -> list[GoFile]:
        """Return the Go files of one folder that are compiled anywhere."""
        if folder not in self._read:
            files = [read_file(path) for path in sorted(folder.glob("*.go"))]
            self._read[folder] = [each for each in files if each is not None and each.systems]
        return self._read[folder]

    def uses_c(self, folder: Path) -> bool:
        """Tell whether a package, or one that it imports, holds cgo on Linux."""
        seen: set[Path] = set()
        pending = [folder]
        while pending:
            here = pending.pop()
            if here in seen:
                continue
            seen.add(here)
            for file in self.package(here):
                if "linux" not in file.systems or file.package == "documentation":
                    continue
                if "C" in file.imports:
                    return True
                pending += filter(None, map(self._folder, file.imports))
        return False

    def _folder(self, imported: str) -> Path | None:
        """Return where an imported package is; None for Go's own and for what is not here."""
        vendored = self._module.folder / "vendor" / imported
        if vendored.is_dir():
            return vendored
        for path, module in self._local.items():
            if imported == path or imported.startswith(f"{path}/"):
                return module.folder / imported[len(path) :].lstrip("/")
        for path, version in self._module.required.items():
            if imported == path or imported.startswith(f"{path}/"):
                kept = self._cache / f"{_escaped(path)}@{_escaped(version)}"
                return kept / imported[len(path) :].lstrip("/")
        return None


def _escaped(path: str) -> str:
    """Return a module path as the cache writes it (Go Modules Reference, "Module cache")."""
    return re.sub("[A-Z]", lambda found: f"!{found.group().lower()}", path)
