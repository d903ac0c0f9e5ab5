"""A Go module of the project, and what its packages import, as far as the files are here."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_multiarch.engine.cgo_packages import GoPackage, Listed
from hatch_multiarch.engine.go_source import GoFile, read_package
from hatch_multiarch.plan.mod_file import ModFile

if TYPE_CHECKING:
    from collections.abc import Mapping


class Module:
    """A Go module of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = ModFile.read(folder / "go.mod")
        self.path = self._file.module or folder.name
        parts = [part for part in self.path.split("/") if not re.fullmatch(r"v[0-9]+", part)]
        self.name = parts[-1] if parts else folder.name
        """What ``go install`` calls the program in its folder."""

    def candidates(self) -> list[Path]:
        """Return where a main package may be: the module's folder and those in ``cmd``."""
        commands = self.folder / "cmd"
        below = commands.iterdir() if commands.is_dir() else ()
        inner = (each for each in below if each.is_dir() and not (each / "go.mod").exists())
        return [self.folder, *sorted(inner)]

    def required(self, cache: Path) -> dict[str, Path]:
        """Return the folder of each module that go.mod requires or replaces, by its path."""
        found = {
            path: cache / f"{_escaped(other)}@{_escaped(version)}"
            for path, other, version in self._file.fetched
        }
        return found | {path: self._file.folder(other) for path, other in self._file.replaces}


class ImportWalk:
    """Follows the imports of one module's packages without Go, as far as their files are here."""

    def __init__(
        self, module: Module, local: Mapping[str, Module], environ: Mapping[str, str]
    ) -> None:
        self._module = module
        home = environ.get("HOME") or environ.get("USERPROFILE") or "-"
        go_path = (environ.get("GOPATH") or f"{home}/go").split(os.pathsep)[0]
        self._cache = Path(environ.get("GOMODCACHE") or f"{go_path}/pkg/mod")
        self._local = {path: each.folder for path, each in local.items()}
        self._read: dict[Path, list[GoFile]] = {}

    @cached_property
    def _modules(self) -> list[tuple[str, Path]]:
        """Path and folder of every module, those inside others first."""
        known = {**self._module.required(self._cache), **self._local}
        return sorted(known.items(), key=lambda item: len(item[0]), reverse=True)

    def package(self, folder: Path) -> list[GoFile]:
        """Return the Go files of one folder that are compiled anywhere."""
        if folder not in self._read:
            self._read[folder] = read_package(folder)
        return self._read[folder]

    def without_cgo(self, folder: Path, system: str) -> Listed:
        """Return what the package in *folder* is compiled of without cgo, itself included."""
        inside = folder.relative_to(self._module.folder).as_posix()
        found = {f"{self._module.path}/{inside}".removesuffix("/."): folder}
        unseen: set[str] = set()
        pending = [folder]
        while pending:
            for file in self.package(pending.pop()):
                for path in sorted(file.imports) if system in file.without else ():
                    place = self._folder(path)
                    if place is not None and place.is_dir():
                        if path not in found:
                            found[path] = place
                            pending.append(place)
                    elif "." in path.partition("/")[0]:  # Go's own packages have no dot there
                        unseen.add(path)
        packages = (GoPackage(path, place) for path, place in found.items())
        return Listed(tuple(packages), tuple(sorted(unseen)))

    def _folder(self, imported: str) -> Path | None:
        """Return where an imported package is; None for Go's own and for what is not here."""
        vendored = self._module.folder / "vendor" / imported
        if vendored.is_dir():
            return vendored
        for path, folder in self._modules:
            if imported == path or imported.startswith(f"{path}/"):
                return folder / imported[len(path) :].lstrip("/")
        return None


def _escaped(path: str) -> str:
    """Return a module path as the cache writes it (Go Modules Reference, "Module cache")."""
    return re.sub("[A-Z]", lambda found: f"!{found.group().lower()}", path)
