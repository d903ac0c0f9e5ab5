"""SBOM components: the helpers, and the Go modules linked into them.

Nothing is guessed and no source is read: what is listed is what Go wrote into the binary
(``go version -m``), so a module that was resolved but not linked is not here.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.sbom import purl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.plan import Unit

STDLIB = "stdlib"
"""The name that vulnerability databases have for Go's own library."""

_DEVEL = "(devel)"
"""The version that Go gives to a source tree."""
_FOLDER = re.compile(r"\.{1,2}$|\.{0,2}[/\\]|.:")
"""A replacement that is a folder (golang.org/x/mod/modfile, IsDirectoryPath)."""
_ELEMENT = r"[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*"
_NAME = re.compile(rf"{_ELEMENT}(?:/{_ELEMENT})*")
"""A module's path (golang.org/x/mod/module, CheckPath and CheckImportPath)."""
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)+")


@dataclass(frozen=True)
class Module:
    """A Go module, or the standard library."""

    path: str
    version: str = ""
    """Empty for a source tree."""
    sha256: str = ""
    """go.sum's ``h1`` as hex digits: of the list of its files (dirhash); empty for a tree."""
    instead: tuple[str, str] | None = None
    """(path, version) of the module that this one replaces."""

    @property
    def purl(self) -> str:
        """The package URL."""
        return purl.golang(self.path, self.version)

    @property
    def order(self) -> tuple[object, ...]:
        """By what modules are sorted: no two that differ are equal in it."""
        return (self.purl, self.sha256, self.path, self.instead or ())

    @property
    def cpe(self) -> str:
        """The name that the NVD lists Go's library under; empty for a module."""
        if self.path != STDLIB or not _RELEASE.fullmatch(self.version):
            return ""
        return f"cpe:2.3:a:golang:go:{self.version}:-:*:*:*:*:*:*"


@dataclass(frozen=True)
class Program:
    """A helper: one binary."""

    name: str
    path: str
    """Where it ships, in the wheel or the image; no leading slash."""
    sha256: str
    """Hex."""
    main: Module | None
    """The module of its main package; None in a binary without build info."""
    modules: tuple[Module, ...]
    """The standard library and the modules linked in, sorted by purl."""
    known: Literal["complete", "incomplete", "unknown"]
    """Whether these are all: of C code in it (cgo) the build info does not tell."""
    kind: Literal["program", "library"] = "program"


def programs(
    units: Iterable[Unit],
    binaries: Mapping[str, Binary],
    facts: Mapping[str, BinaryInfo],
    paths: Mapping[str, str],
) -> tuple[Program, ...]:
    """Return the helpers of *units*, sorted by name.

    *binaries* and *facts* are keyed by ``Unit.id``, *paths* (where each ships) by helper.
    """
    return tuple(
        program(
            unit.helper.name,
            paths[unit.helper.name],
            binaries[unit.id].sha256,
            facts[unit.id],
        )
        for unit in sorted(units, key=lambda each: each.helper.name)
    )


def references(found: Sequence[Program]) -> dict[Module, str]:
    """Return every module of the programs *found* with a name unique among them, in its order.

    That is the purl. Modules that share one and yet differ (another sum, another module replaced)
    get a number behind it.
    """
    every = {each for program in found for each in program.modules}
    every |= {program.main for program in found if program.main is not None}
    names: dict[Module, str] = {}
    for module in sorted(every, key=lambda each: each.order):
        same = sum(other.purl == module.purl for other in names)
        names[module] = f"{module.purl}#{same + 1}" if same else module.purl
    return names


def program(name: str, path: str, sha256: str, facts: BinaryInfo) -> Program:
    """Return one helper, as its build info tells of it; *path* is where it ships."""
    build = facts.go
    if build is None:
        return Program(name, path, sha256, None, (), "unknown", facts.kind)
    main = _module(build.main, {})
    modules = {_module(each, build.replaced) for each in build.modules}
    every = main is not None and None not in modules
    modules.add(Module(STDLIB, _go_version(build.version)))
    return Program(
        name,
        path,
        sha256,
        main,
        tuple(sorted(filter(None, modules), key=lambda each: each.order)),
        "complete" if every and build.settings.get("CGO_ENABLED") == "0" else "incomplete",
        facts.kind,
    )


def _module(found: tuple[str, str, str], replaced: Mapping[str, tuple[str, str]]) -> Module | None:
    """Return a linked module. A folder is shown by the module it stands in for: it is not named.

    None is for what is no module's name: a binary that others built may say anything.
    """
    path, number, digest = found
    instead = replaced.get(path)
    if instead is not None:
        instead = (instead[0], _version(instead[1])) if _NAME.fullmatch(instead[0]) else None
        if _FOLDER.match(path):
            path, number, digest = instead[0] if instead else "", "", ""
    return Module(path, _version(number), _hex(digest), instead) if _NAME.fullmatch(path) else None


def _version(number: str) -> str:
    return "" if number == _DEVEL else number


def _go_version(told: str) -> str:
    """Return ``1.27.3`` of ``go1.27.3 X:nocoverageredesign``; a development version whole."""
    return told.partition(" ")[0].removeprefix("go") if told.startswith("go") else told


def _hex(digest: str) -> str:
    """Return a sum of go.sum in hex digits; empty for none, and for what is no sha256."""
    try:
        data = base64.b64decode(digest.removeprefix("h1:"), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return data.hex() if digest.startswith("h1:") and len(data) == 32 else ""  # noqa: PLR2004
