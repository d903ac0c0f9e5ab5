"""Reads the head of a Go file: package, imports and build constraints.

Go itself would know better, but need not be installed: the build brings it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_PACKAGE = re.compile(r"^\s*package\s+(\w+)", re.MULTILINE)
_DECLARATION = re.compile(r"^(?:func|type|var|const)\b", re.MULTILINE)
_IMPORTS = re.compile(r'\bimport\s*(?:\((.*?)\)|(?:[\w.]+\s+)?("[^"\n]*"|`[^`\n]*`))', re.DOTALL)
_PATH = re.compile(r'"([^"\n]*)"|`([^`\n]*)`')
_BUILD = re.compile(r"^//go:build\s+(.*)$", re.MULTILINE)
_TOKEN = re.compile(r"&&|\|\||[!()]|[\w.]+")


@dataclass(frozen=True)
class GoFile:
    """One Go file that is not a test."""

    package: str
    imports: frozenset[str]
    systems: frozenset[str]
    """Those of SYSTEMS on which it is compiled, with cgo."""


def read_file(path: Path) -> GoFile | None:
    """Return what the Go file *path* says; None for a test, or for what is no Go file."""
    if path.name.endswith("_test.go") or path.name.startswith(("_", ".")):
        return None
    try:
        text = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return None
    plain = _COMMENT.sub(" ", text)
    package = _PACKAGE.search(plain)
    if package is None:
        return None
    declaration = _DECLARATION.search(plain)
    head = plain[: declaration.start() if declaration else len(plain)]
    imports = set()
    for group, single in _IMPORTS.findall(head):
        imports |= {first or second for first, second in _PATH.findall(group or single)}
    start = _first_line(text, package.group(0))
    line = _BUILD.search(text[:start])
    systems = {
        system
        for system in SYSTEMS
        for architecture in _ARCHITECTURES
        if _compiled(path.name, line.group(1) if line else "", system, architecture)
    }
    return GoFile(package.group(1), frozenset(imports), frozenset(systems))


def _first_line(text: str, clause: str) -> int:
    """Return where the package clause starts; a constraint stands before it."""
    found = re.search(rf"^{re.escape(clause.strip())}", text, re.MULTILINE)
    return found.start() if found else len(text)


def _compiled(name: str, constraint: str, system: str, architecture: str) -> bool:
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
    true = {system, architecture, "cgo", "gc"} | ({"unix"} if system != "windows" else set())
    return satisfied(constraint, true)


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
