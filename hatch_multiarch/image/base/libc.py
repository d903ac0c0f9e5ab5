"""Finds the C library of a base in its files; nothing of it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.image.base.filesystem import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hatch_multiarch.image.base.filesystem import Filesystem, Node

_FOLDERS = ("lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib")
"""Where loaders look for a C library."""
_MULTIARCH = re.compile(r"\w+-linux-\w+")
"""Debian has a folder in them for each machine."""
_LIBRARIES = re.compile(r"(?:usr/)?(?:lib|lib64|lib/\w+-linux-\w+)|usr/local/lib")
_NAME = re.compile(r"libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w.]+\.so\.1")
_GLIBC = re.compile(rb"GNU C Library [^\0\n]{0,200}?version (\d+)\.(\d+)")
_MUSL = re.compile(rb"\0(1)\.(\d+)\.\d+\0")
HEADER = 20
"""Bytes of an ELF file up to the machine that it is for."""
_MACHINE = (slice(4, 6), slice(18, 20))
"""Where an ELF header has class and order of bytes, and the machine (EI_CLASS, e_machine)."""
SIZE = 16 << 20
"""Most bytes of a C library; those of distributions have 0.5 to 3 MB."""

LibcKind = Literal["static", "glibc", "musl", "none"]
"""As audit.BinaryInfo has it."""


@dataclass(frozen=True)
class Libc:
    """The C library of a base."""

    kind: LibcKind
    version: tuple[int, int]


def may_be_libc(path: str) -> bool:
    """Tell whether the file at *path* is likely to be a C library."""
    folder, _, name = path.rpartition("/")
    return bool(_NAME.fullmatch(name) and _LIBRARIES.fullmatch(folder))


def libraries(tree: Filesystem) -> Iterator[tuple[str, Node]]:
    """Yield the name and the file of each C library in *tree*, also where links lead to it."""
    for folder in _FOLDERS:
        inside = [name for name in _names(tree, folder) if _MULTIARCH.fullmatch(name)]
        for each in [folder, *(f"{folder}/{name}" for name in inside)]:
            for name in filter(_NAME.fullmatch, _names(tree, each)):
                found = tree.find(f"{each}/{name}")
                if found is not None and found.kind == "file":
                    yield name, found


def _names(tree: Filesystem, folder: str) -> list[str]:
    node = tree.find(folder)
    return sorted(node.children) if node is not None else []


def see_libc(name: str, file: Path) -> Seen:
    """Return what *file* says of the C library in it, which has *name* in the base."""
    with file.open("rb") as content:
        data = content.read(SIZE)
    where = machine(data[:HEADER])
    if name.startswith("ld-musl"):
        found = _MUSL.search(data)
        # PEP 656 has tags by minor version; 1.1 is the oldest that any wheel is for.
        return Seen(where, "musl", (1, int(found[2])) if found else (1, 1))
    found = _GLIBC.search(data)
    return Seen(where, "glibc", (int(found[1]), int(found[2])) if found else None)


def find_libc(tree: Filesystem, machine: str, kind: LibcKind) -> Libc | None:
    """Return the C library *kind* for *machine* in *tree*, which was looked into."""
    for _, node in libraries(tree):
        seen = node.seen
        if seen is not None and seen.machine == machine and seen.libc == kind and seen.version:
            return Libc(kind, seen.version)
    return None


def machine(header: bytes) -> str:
    """Return what a file with the first 20 bytes *header* is for, as ``Seen.machine`` has it."""
    return b"".join(header[part] for part in _MACHINE).hex()
