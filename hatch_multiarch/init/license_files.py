"""License files: those of the Go modules that are compiled into helpers, and the project's own.

Those of modules are files of the project, below FOLDER, so that ``project.license-files`` can name
them: the metadata of an sdist and of its wheels is the same then, whichever platform a wheel is
for. Of the project's own is told, by words that only that license has, which one it is.
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

_FILES = re.compile(r"(licen[cs]e|copying|unlicense)(\.(md|txt|rst))?", re.IGNORECASE)

_USE = r"permission to use, copy, modify, and(/or)? distribute this software .*is hereby granted"
_BSD = "redistribution and use in source and binary forms"
_TEXTS = {
    "Apache-2.0": r"apache license version 2\.0, january 2004",
    "MPL-2.0": r"mozilla public license version 2\.0",
    "MIT": r"permission is hereby granted, free of charge, .* shall be included in all copies",
    "ISC": rf"{_USE}, provided that the above",
    "0BSD": rf"{_USE}\. the software is provided",
    "Unlicense": r"this is free and unencumbered software released into the public domain",
    "BSD-4-Clause": rf"{_BSD}.*all advertising materials",
    "BSD-3-Clause": rf"{_BSD}.*endorse or promote products derived",
    "BSD-2-Clause": _BSD,
}
"""SPDX name -> what only that license says, in lower case; the first that fits counts.

The GPL is not among them: whether a later version may be used is said elsewhere.
"""


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


def read_license(root: Path) -> str:
    """Return the SPDX name of the license in *root*; empty for none, several and others."""
    files = [each for each in root.iterdir() if each.is_file() and _FILES.fullmatch(each.name)]
    names = {_name(each) for each in files}
    return names.pop() if len(names) == 1 else ""


def _name(file: Path) -> str:
    text = re.sub(r"\s+", " ", file.read_text("utf-8", "replace")).lower()
    return next((name for name, words in _TEXTS.items() if re.search(words, text)), "")
