"""Finds the Python and the C library of a base in its files; nothing of it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.audit.read_binary import read
from hatch_multiarch.errors import AuditError, ImageError
from hatch_multiarch.image.base.filesystem import Seen

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.image.base.filesystem import Filesystem
    from hatch_multiarch.platforms import Platform

_PLACES = ("usr/local/bin", "usr/bin")
"""Where docker's official images and distributions have it."""
_PYTHON = re.compile(r"python3\.(\d+)")
_LIBRARIES = re.compile(r"(?:usr/)?(?:lib|lib64|lib/\w+-linux-\w+)|usr/local/lib")
"""Where loaders look for a C library: Debian has a folder for each machine."""
_LIBC = re.compile(r"libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w.]+\.so\.1")
_GLIBC = re.compile(rb"GNU C Library [^\0\n]{0,200}?version (\d+)\.(\d+)")
_MUSL = re.compile(rb"\0(1)\.(\d+)\.\d+\0")
HEADER = 20
"""Bytes of an ELF file up to the machine that it is for."""
_MACHINE = (slice(4, 6), slice(18, 20))
"""Where an ELF header has class and order of bytes, and the machine (EI_CLASS, e_machine)."""

_LIBC_SIZE = 16 << 20
"""Most bytes of a C library; those of distributions have 0.5 to 3 MB."""
_PYTHON_SIZE = 64 << 20
"""Most bytes of an executable of Python; one that is linked statically has some 30 MB."""

LibcKind = Literal["static", "glibc", "musl", "none"]
"""As audit.BinaryInfo has it."""


@dataclass(frozen=True)
class Libc:
    """The C library of a base."""

    kind: LibcKind
    version: tuple[int, int]


@dataclass(frozen=True)
class BasePython:
    """The Python of a base."""

    version: tuple[int, int]
    """``(3, 13)``."""
    path: str
    """Absolute path in the image."""
    libc: Libc

    @property
    def name(self) -> str:
        """``python3.13``."""
        return f"python{self.version[0]}.{self.version[1]}"


def wanted(path: str) -> int:
    """Return the most bytes of a file at *path* that ``look`` looks into, 0 for no file."""
    folder, _, name = path.rpartition("/")
    if _LIBC.fullmatch(name) and _LIBRARIES.fullmatch(folder):
        return _LIBC_SIZE
    return _PYTHON_SIZE if folder in _PLACES and _PYTHON.fullmatch(name) else 0


def look(tree: Filesystem) -> None:
    """Note what is in the files of *tree* that are kept, so that they need not be kept longer."""
    for path, node in tree.paths():
        if node.kept is not None:
            node.seen = _seen(path.rpartition("/")[2], node.kept)


def machine(header: bytes) -> str:
    """Return what a file with the first 20 bytes *header* is for, as ``Seen.machine`` has it."""
    return b"".join(header[part] for part in _MACHINE).hex()


def find_python(tree: Filesystem, platform: Platform, source: str) -> BasePython | None:
    """Return the Python in *tree*, which was looked into, or None when there is none.

    Raises ImageError when it is for another machine than *platform*, or its libc is not known.
    """
    for folder in _PLACES:
        path = _chosen(tree, folder)
        if path is None:
            continue
        node = tree.find(path)
        where = f"tool.multiarch.image.base: {source}: /{path} on {platform.name}"
        if node is None or node.seen is None:
            raise ImageError(f"{where} is no readable file")
        seen = node.seen
        if seen.problem:
            raise ImageError(f"{where} {seen.problem}")
        if seen.architecture != platform.architecture:
            raise ImageError(f"{where} is a program for {seen.architecture}")
        if seen.libc == "glibc" and platform.loader and seen.interpreter != platform.loader:
            raise ImageError(
                f"{where} starts with the loader {seen.interpreter}, not {platform.loader}"
            )
        libc = find_libc(tree, seen.machine, seen.libc)
        if libc is None:
            raise ImageError(f"{where} needs a C library whose version cannot be told")
        return BasePython((3, int(path.rpartition(".")[2])), f"/{path}", libc)
    return None


def find_libc(tree: Filesystem, machine: str, kind: LibcKind) -> Libc | None:
    """Return the C library *kind* for *machine* in *tree*, which was looked into."""
    found = [(path, node.seen) for path, node in tree.paths() if node.seen is not None]
    for path, seen in sorted(found, key=lambda each: each[0]):
        library = _LIBC.fullmatch(path.rpartition("/")[2])
        if library and seen.machine == machine and seen.libc == kind and seen.version:
            return Libc(kind, seen.version)
    return None


def _seen(name: str, file: Path) -> Seen:
    with file.open("rb") as content:
        data = content.read(_LIBC_SIZE if _LIBC.fullmatch(name) else HEADER)
    where = machine(data[:HEADER])
    if _LIBC.fullmatch(name):
        if name.startswith("ld-musl"):
            found = _MUSL.search(data)
            # PEP 656 has tags by minor version; 1.1 is the oldest that any wheel is for.
            return Seen(where, "musl", (1, int(found[2])) if found else (1, 1))
        found = _GLIBC.search(data)
        return Seen(where, "glibc", (int(found[1]), int(found[2])) if found else None)
    try:
        facts = read(file)
    except AuditError as error:
        return Seen(where, problem=error.message.removeprefix(file.name).strip())
    return Seen(where, facts.libc, None, facts.architecture, facts.interpreter)


def _chosen(tree: Filesystem, folder: str) -> str | None:
    """Return the path of the one in *folder* that ``python3`` means there, else of the newest."""
    named = tree.real(f"{folder}/python3")
    if named is not None and _PYTHON.fullmatch(named.rpartition("/")[2]):
        return named
    node = tree.find(folder)
    found = [_PYTHON.fullmatch(name) for name in node.children] if node is not None else []
    minor = max((int(each[1]) for each in found if each), default=None)
    return None if minor is None else tree.real(f"{folder}/python3.{minor}")
