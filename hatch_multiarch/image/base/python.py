"""The Python and the C library of a base, read from its files; nothing of it is run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.audit.read import read
from hatch_multiarch.errors import AuditError, ImageError

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_multiarch.audit.facts import Facts
    from hatch_multiarch.image.base.tree import Tree
    from hatch_multiarch.platforms import Platform

_PLACES = ("usr/local/bin", "usr/bin")
"""Where docker's official images and distributions have it."""
_PYTHON = re.compile(r"python3\.(\d+)")
_LIBC = re.compile(r"libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w.]+\.so\.1")
_GLIBC = re.compile(rb"GNU C Library [^\0\n]{0,200}?version (\d+)\.(\d+)")
_MUSL = re.compile(rb"\0(1)\.(\d+)\.\d+\0")
_MACHINE = (slice(4, 6), slice(18, 20))
"""Where an ELF header has class and order of bytes, and the machine (EI_CLASS, e_machine)."""


@dataclass(frozen=True)
class Libc:
    """The C library of a base."""

    kind: Literal["glibc", "musl"]
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


def wanted(path: str) -> bool:
    """Tell whether ``find_python`` and ``find_libc`` look into the file at *path*."""
    folder, _, name = path.rpartition("/")
    return bool(_LIBC.fullmatch(name) or (folder in _PLACES and _PYTHON.fullmatch(name)))


def find_python(tree: Tree, platform: Platform, source: str) -> BasePython | None:
    """Return the Python in *tree*, or None when there is none.

    Raises ImageError when it is for another machine than *platform*, or its libc is not known.
    """
    for folder in _PLACES:
        path = _chosen(tree, folder)
        if path is None:
            continue
        node = tree.find(path)
        where = f"tool.multiarch.image.base: {source}: /{path} on {platform.name}"
        if node is None or node.kept is None:
            raise ImageError(f"{where} is no readable file")
        facts = _facts(node.kept, where)
        if facts.architecture != platform.architecture:
            raise ImageError(f"{where} is a program for {facts.architecture}")
        if facts.libc == "glibc" and platform.loader and facts.interpreter != platform.loader:
            raise ImageError(
                f"{where} starts with the loader {facts.interpreter}, not {platform.loader}"
            )
        libc = find_libc(tree, node.kept.read_bytes()[:20], facts.libc)
        if libc is None:
            raise ImageError(f"{where} needs a C library whose version cannot be told")
        return BasePython((3, int(path.rpartition(".")[2])), f"/{path}", libc)
    return None


def find_libc(tree: Tree, header: bytes, kind: str) -> Libc | None:
    """Return the C library *kind* of the machine that *header*, of an ELF file, is for."""
    for path, node in sorted(tree.paths(), key=lambda each: each[0]):
        name = path.rpartition("/")[2]
        if node.kept is None or not _LIBC.fullmatch(name):
            continue
        data = node.kept.read_bytes()
        if any(data[part] != header[part] for part in _MACHINE):
            continue
        musl = name.startswith("ld-musl")
        found = (_MUSL if musl else _GLIBC).search(data)
        if kind == "glibc" and not musl and found:
            return Libc("glibc", (int(found[1]), int(found[2])))
        if kind == "musl" and musl:
            # PEP 656 has tags by minor version; 1.1 is the oldest that any wheel is for.
            return Libc("musl", (1, int(found[2])) if found else (1, 1))
    return None


def _chosen(tree: Tree, folder: str) -> str | None:
    """Return the path of the one in *folder* that ``python3`` means there, else of the newest."""
    named = tree.real(f"{folder}/python3")
    if named is not None and _PYTHON.fullmatch(named.rpartition("/")[2]):
        return named
    node = tree.find(folder)
    found = [_PYTHON.fullmatch(name) for name in node.children] if node is not None else []
    minor = max((int(each[1]) for each in found if each), default=None)
    return None if minor is None else tree.real(f"{folder}/python3.{minor}")


def _facts(path: Path, where: str) -> Facts:
    try:
        return read(path)
    except AuditError as error:
        raise ImageError(f"{where} {error.message.removeprefix(path.name).strip()}") from None
