"""Reads Go files: package, imports, build constraints, and whether a package needs cgo.

Go itself would know better, but need not be installed: the build brings it. And what a package
loses without cgo, Go does not tell: it leaves the files out and is content with the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

SYSTEMS = ("linux", "darwin", "windows")
"""GOOS of the platforms that helpers are built for."""

_ARCHITECTURES = ("amd64", "arm64")
"""Those that all systems have; a file for any of them counts as a file of the system."""

# internal/syslist of Go's sources: what a file name may end in.
_KNOWN_OS = re.findall(
    r"\w+",
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 "
    "solaris wasip1 windows zos",
)
_KNOWN_ARCH = re.findall(
    r"\w+",
    "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 "
    "mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm",
)
_STRING = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])+\''
_COMMENT = re.compile(rf"({_STRING})|/\*.*?\*/|//[^\n]*", re.DOTALL)
_PACKAGE = re.compile(r"^\s*package\s+(\w+)", re.MULTILINE)
_DECLARATION = re.compile(r"^(?:func|type|var|const)\b", re.MULTILINE)
_IMPORTS = re.compile(r'\bimport\s*(?:\((.*?)\)|(?:[\w.]+\s+)?("[^"\n]*"|`[^`\n]*`))', re.DOTALL)
_PATH = re.compile(r'"([^"\n]*)"|`([^`\n]*)`')
_BUILD = re.compile(r"^//go:build\s+(.*)$", re.MULTILINE)
_OLD_BUILD = re.compile(r"^//[ \t]*\+build[ \t]+(.*\S)", re.MULTILINE)
_EXPORT = re.compile(r"^//export[ \t]+\w", re.MULTILINE)
_TOKEN = re.compile(r"&&|\|\||[!()]|[\w.]+")

_FUNCTION = re.compile(r"^func\s+(?:\((?:\w+\s+)?\*?\s*(\w+)[^)]*\)\s*)?(\w+)", re.MULTILINE)
_SINGLE = re.compile(r"^(?:type|var|const)\s+(\w+(?:\s*,\s*\w+)*)", re.MULTILINE)
_GROUP = re.compile(r"^(?:type|var|const)\s*\((.*?)^\)", re.MULTILINE | re.DOTALL)
_GROUPED = re.compile(r"^(?:\t| {4})(\w+(?:\s*,\s*\w+)*)", re.MULTILINE)
_STUB = re.compile(r'["`][^"`\n]*\b(?:cgo|CGO_ENABLED)\b[^"`\n]*["`]')
"""A message such as go-sqlite3's "requires cgo to work. This is a stub"."""


@dataclass(frozen=True)
class GoFile:
    """One Go file that is not a test."""

    package: str
    imports: frozenset[str]
    systems: frozenset[str]
    """Those of SYSTEMS on which it is compiled, with cgo."""
    without: frozenset[str]
    """Those on which it is compiled without cgo."""
    text: str
    """All of it but the comments."""
    exports: bool = False
    """It gives C a function (``//export NAME``)."""

    @cached_property
    def names(self) -> frozenset[str]:
        """What it declares for its package: ``Open``, and ``Conn.Close`` of a method."""
        found = {f"{of}.{name}" if of else name for of, name in _FUNCTION.findall(self.text)}
        lists = _SINGLE.findall(self.text)
        lists += [each for group in _GROUP.findall(self.text) for each in _GROUPED.findall(group)]
        found.update(name for each in lists for name in re.split(r"\s*,\s*", each))
        return frozenset(found - {"_", "init", "main"})


def read_file(path: Path, tags: Collection[str] = ()) -> GoFile | None:
    """Return what the Go file *path* says; None for a test, or for what is no Go file.

    *tags* are build tags that hold beside Go's own.
    """
    if path.name.endswith("_test.go") or path.name.startswith(("_", ".")):
        return None
    try:
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return None
    plain = _COMMENT.sub(lambda found: found.group(1) or " ", text)
    package = _PACKAGE.search(plain)
    if package is None:
        return None
    declaration = _DECLARATION.search(plain)
    head = plain[: declaration.start() if declaration else len(plain)]
    imports = set()
    for group, single in _IMPORTS.findall(head):
        imports |= {first or second for first, second in _PATH.findall(group or single)}
    start = _first_line(text, package.group(0))
    constraint = _constraint(text[:start])
    with_c = _systems(path.name, constraint, {*tags, "cgo"})
    # Go leaves out what imports "C", whatever its constraint says.
    without = frozenset() if "C" in imports else _systems(path.name, constraint, tags)
    exports = "C" in imports and _EXPORT.search(text) is not None
    return GoFile(package.group(1), frozenset(imports), with_c, without, plain, exports)


def read_package(folder: Path, tags: Collection[str] = ()) -> list[GoFile]:
    """Return the Go files of one folder that are compiled anywhere."""
    files = [read_file(path, tags) for path in sorted(folder.glob("*.go"))]
    return [
        each
        for each in files
        if each is not None
        and (each.systems or each.without)
        and each.package != "documentation"  # what `go help packages` says Go ignores
    ]


def needs_cgo(package: Iterable[GoFile], system: str) -> bool:
    """Tell whether *package* does not work without cgo on *system*, though Go may compile it.

    Without cgo it has no file left, or lacks something that it exports or uses itself, or says in
    a message that it wants cgo. A package with another way to do the same, as Go's own ``net``,
    lacks nothing.
    """
    package = list(package)
    lost = [each for each in package if system in each.systems - each.without]
    kept = [each for each in package if system in each.without]
    if not lost or not kept:
        return bool(lost)
    here = {name for each in kept for name in each.names}
    gone = {name for each in lost for name in each.names} - here
    # A method goes unnoticed where its type is gone too.
    gone = {name for name in gone if "." not in name or name.partition(".")[0] in here}
    if kept[0].package != "main" and any(_exported(name) for name in gone):
        return True
    used = set(re.findall(r"\w+", " ".join(each.text for each in kept)))
    if any(name.rpartition(".")[2] in used for name in gone):
        return True
    return any(system not in each.systems and _STUB.search(each.text) for each in kept)


def is_library(package: Iterable[GoFile]) -> bool:
    """Tell whether a main package is a C library: it exports functions, and ``main`` is empty."""
    package = list(package)
    return any(each.exports for each in package) and any(
        re.search(r"^func\s+main\(\)\s*\{\s*\}", each.text, re.MULTILINE) for each in package
    )


def _exported(name: str) -> bool:
    return all(part[:1].isupper() for part in name.split("."))


def _constraint(head: str) -> str:
    """Return the constraint above a package clause, that of before Go 1.17 too (``// +build``)."""
    line = _BUILD.search(head)
    if line is not None:
        return line.group(1)
    rows = (row.split() for row in _OLD_BUILD.findall(head))
    return " && ".join(
        f"({' || '.join('(' + word.replace(',', ' && ') + ')' for word in row)})" for row in rows
    )


def _first_line(text: str, clause: str) -> int:
    """Return where the package clause starts; a constraint stands before it."""
    found = re.search(rf"^{re.escape(clause.strip())}", text, re.MULTILINE)
    return found.start() if found else len(text)


def _systems(name: str, constraint: str, tags: Collection[str]) -> frozenset[str]:
    """Return those of SYSTEMS on which a file is compiled, on any architecture."""
    return frozenset(
        system
        for system in SYSTEMS
        for architecture in _ARCHITECTURES
        if _compiled(name, constraint, system, architecture, tags)
    )


def _compiled(
    name: str, constraint: str, system: str, architecture: str, tags: Collection[str]
) -> bool:
    """Tell whether a file is compiled there (go help buildconstraint)."""
    parts = name.removesuffix(".go").split("_")[1:]
    if parts and parts[-1] in _KNOWN_ARCH:
        if parts.pop() != architecture:
            return False
        if parts and parts[-1] in _KNOWN_OS and parts[-1] != system:
            return False
    elif parts and parts[-1] in _KNOWN_OS and parts[-1] != system:
        return False
    if not constraint:
        return True
    true = {system, architecture, "gc", *tags}
    return satisfied(constraint, true | ({"unix"} if system != "windows" else set()))


def satisfied(constraint: str, true: set[str]) -> bool:
    """Tell whether a ``//go:build`` line holds where the tags *true* do; wrong ones do not."""
    tokens = _TOKEN.findall(constraint.partition("//")[0])

    def either() -> bool:
        value = both()
        while tokens[:1] == ["||"]:
            tokens.pop(0)
            value = both() or value
        return value

    def both() -> bool:
        value = one()
        while tokens[:1] == ["&&"]:
            tokens.pop(0)
            value = one() and value
        return value

    def one() -> bool:
        word = tokens.pop(0) if tokens else ""
        if word == "!":
            return not one()
        if word == "(":
            value = either()
            if tokens[:1] == [")"]:
                tokens.pop(0)
            return value
        # Every Go that is allowed has the tags of the releases before it.
        return word in true or word.startswith("go1.")

    return either()
