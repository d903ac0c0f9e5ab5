"""The license files of the Go modules that are compiled into a project's helpers.

They are files of the project, below FOLDER, so that ``project.license-files`` can name them: the
metadata of an sdist and of its wheels is the same then, whichever platform a wheel is for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_multiarch.engine.go_command import find_go_env
from hatch_multiarch.engine.go_inputs import unit_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hatch_multiarch.plan import Plan

FOLDER = "third-party-licenses"

_NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense)([.-].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class ModuleLicenses:
    """What there is, and what is in the project already."""

    texts: dict[str, str]
    """Path below the project -> text."""
    without: tuple[str, ...]
    """Modules that have no such file."""
    stale: tuple[str, ...]
    """Paths below the project that are missing or differ."""
    unneeded: tuple[str, ...]
    """Paths of files that no module has any more."""


def license_files(folder: Path) -> list[Path]:
    """Return the files in *folder* that have to go along with a program of it (PEP 639)."""
    return sorted(p for p in folder.iterdir() if p.is_file() and _NAMES.fullmatch(p.name))


def module_licenses(
    plan: Plan, environ: Mapping[str, str], fetching: Callable[[str], object]
) -> ModuleLicenses:
    """Return the license files of Go and of the modules in the units of *plan*, on any platform.

    Modules that Go's cache lacks are fetched; *fetching* gets each line that Go says. Raises
    ToolchainError where there is no Go, and CompileError where it cannot tell.
    """
    units = [unit for unit in plan.engine_units if unit.compiler != "prebuilt"]
    if not units:
        return ModuleLicenses({}, (), (), ())
    go, env = find_go_env(plan.config.toolchain.go, units, environ)
    found: dict[str, dict[str, str]] = {"go": _texts(go.goroot, go.goroot)}
    for unit in units:
        for package in unit_packages(go, unit, env, fetching=fetching):
            module = package.get("Module") or {}
            if "Dir" in package and module and not module.get("Main"):
                texts = found.setdefault(module["Path"], {})
                folder, root = Path(package["Dir"]), _root(package)
                for each in (folder, *folder.parents):
                    if each.is_relative_to(root):
                        texts |= _texts(each, root)
    wanted = {
        f"{FOLDER}/{_flat(module)}/{_flat(name)}": text
        for module, texts in sorted(found.items())
        for name, text in sorted(texts.items())
    }
    there = dict(_there(plan.project.root))
    return ModuleLicenses(
        wanted,
        tuple(module for module, texts in sorted(found.items()) if not texts),
        tuple(path for path, text in wanted.items() if there.get(path) != text),
        tuple(sorted(there.keys() - wanted.keys())),
    )


def _flat(path: str) -> str:
    """Return *path* as one name: hatchling's globs know no folders below folders.

    No module's path has a plus sign (Go Modules Reference, "Module paths").
    """
    return path.replace("/", "+")


def _root(package: Mapping[str, Any]) -> Path:
    """Return the folder of a package's module: in Go's cache, or in a vendor folder."""
    inside = package["ImportPath"].removeprefix(package["Module"]["Path"]).strip("/")
    folder = Path(package["Dir"])
    return folder.parents[inside.count("/")] if inside else folder


def _texts(folder: Path, root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8", "replace")
        for path in license_files(folder)
    }


def _there(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((root / FOLDER).rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix(), path.read_text("utf-8", "replace")
