"""Finds the Python of a base in its files, where its own PATH leads; nothing of it is run."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_multiarch.audit.read_binary import read
from hatch_multiarch.errors import AuditError, ImageError
from hatch_multiarch.image.base.filesystem import Seen
from hatch_multiarch.image.base.libc import (
    HEADER,
    SIZE,
    Libc,
    find_libc,
    libraries,
    machine,
    may_be_libc,
    see_libc,
)
from hatch_multiarch.image.base.read_layers import read_contents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hatch_multiarch.image.base.base_image import Base, BaseImage
    from hatch_multiarch.image.base.filesystem import Filesystem
    from hatch_multiarch.platforms import Platform

_USUAL = ("/usr/local/bin", "/usr/bin")
"""Where docker's official images and distributions have it, whatever PATH says."""
_NAMED = re.compile(r"python3\.(\d+)")
_VERSION = re.compile(r"(?:platform-)?python3\.(\d+)t?")
"""Names of the file itself that tell the version: Red Hat's, and one without the GIL."""
_LIBRARY = re.compile(r"python3\.(\d+)(t?)")
"""The folder of the standard library; without the GIL it is ``python3.14t``."""
_LANDMARKS = ("os.py", "os.pyc")
"""What Python looks for to find its standard library (Modules/getpath.py)."""
_SIZE = 64 << 20
"""Most bytes of an executable of Python; one that is linked statically has some 30 MB."""


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


def search_path(path: str) -> tuple[str, ...]:
    """Return the folders in which a base whose PATH is *path* is searched for Python."""
    told = [posixpath.normpath(each) for each in path.split(":") if each.startswith("/")]
    return tuple(dict.fromkeys([*told, *_USUAL]))


def wanted(folders: Sequence[str]) -> Callable[[str], int]:
    """Return a function that tells the most bytes to keep of the file at a path, 0 for none.

    What is stored under another name, as links allow, ``look`` reads afterwards.
    """
    inside = {each.strip("/") for each in folders}

    def keep(path: str) -> int:
        folder, _, name = path.rpartition("/")
        if may_be_libc(path):
            return SIZE
        return _SIZE if folder in inside and _NAMED.fullmatch(name) else 0

    return keep


def look(
    tree: Filesystem, folders: Sequence[str], base: Base, image: BaseImage, kept: Path
) -> None:
    """Note in *tree* what is in the C libraries and the Python of *image*.

    Of those whose content was not kept it is read from the layers, into the folder *kept*. Raises
    ImageError.
    """
    libcs = list(libraries(tree))
    chosen = _choose(tree, folders)
    python = tree.find(chosen[0]) if chosen is not None else None
    nodes = [node for _, node in libcs] + ([python] if python is not None else [])
    read_contents(base, image, nodes, _SIZE, kept)
    for name, node in libcs:
        if node.kept is not None:
            node.seen = see_libc(name, node.kept)
    if python is not None and python.kept is not None:
        python.seen = _see(python.kept)


def find_python(
    tree: Filesystem, folders: Sequence[str], platform: Platform, source: str
) -> BasePython | None:
    """Return the Python in *tree*, which was looked into, or None when there is none.

    Raises ImageError when it is for another machine than *platform*, or its libc is not known.
    """
    chosen = _choose(tree, folders)
    if chosen is None:
        return None
    path, minor = chosen
    node = tree.find(path)
    where = f"tool.multiarch.image.base: {source}: /{path} on {platform.name}"
    if node is None or node.seen is None:
        raise ImageError(f"{where} is not a readable file")
    seen = node.seen
    if seen.problem:
        advice = "the base's PATH is searched; put the folder of the real Python first there"
        raise ImageError(f"{where} {seen.problem}", advice=advice)
    if seen.architecture != platform.architecture:
        raise ImageError(f"{where} is a program for {seen.architecture}")
    if seen.libc == "glibc" and platform.loader and seen.interpreter != platform.loader:
        raise ImageError(
            f"{where} starts with the loader {seen.interpreter}, not {platform.loader}"
        )
    libc = find_libc(tree, seen.machine, seen.libc)
    if libc is None:
        raise ImageError(f"{where} needs a C library of unknown version")
    if minor is None:
        raise ImageError(
            f"{where} is a Python 3 of unknown version: neither its name nor the folders above "
            "it contain it"
        )
    if (minor, "") not in (found := _standard_libraries(tree, path)) and (minor, "t") in found:
        raise ImageError(
            f"{where} is a free-threaded Python, which this version does not install for",
            advice=f"use a base with the regular Python 3.{minor}",
        )
    return BasePython((3, minor), f"/{path}", libc)


def _see(file: Path) -> Seen:
    with file.open("rb") as content:
        where = machine(content.read(HEADER))
    try:
        facts = read(file)
    except AuditError as error:
        return Seen(where, problem=error.message.removeprefix(file.name).strip())
    return Seen(where, facts.libc, None, facts.architecture, facts.interpreter)


def _choose(tree: Filesystem, folders: Sequence[str]) -> tuple[str, int | None] | None:
    """Return the path, without links, and the minor version of the first Python in *folders*.

    In each folder that is the one which ``python3`` means there, else the newest by name, else one
    that is only called ``python``.
    """
    for folder in folders:
        unknown = None
        for name in ("python3", *_newest_first(tree, folder), "python"):
            way = list(tree.way(f"{folder}/{name}"))
            node = tree.find(way[-1], follow=False) if way else None
            if node is None or node.kind in ("link", "folder"):
                continue
            minor = _minor(tree, way, named=name != "python")
            if minor is not None:
                return way[-1], minor
            if name == "python3":
                unknown = way[-1], None
        if unknown is not None:
            return unknown
    return None


def _newest_first(tree: Filesystem, folder: str) -> list[str]:
    node = tree.find(folder)
    found = [_NAMED.fullmatch(name) for name in node.children] if node is not None else []
    minors = sorted((int(each[1]) for each in found if each), reverse=True)
    return [f"python3.{minor}" for minor in minors]


def _minor(tree: Filesystem, way: Sequence[str], *, named: bool) -> int | None:
    """Return the minor version that the names on the *way* to a Python tell, the last one first.

    Where none does, the standard library of a Python 3 (*named*) tells it.
    """
    for path in reversed(way):
        if told := _VERSION.fullmatch(path.rpartition("/")[2]):
            return int(told[1])
    found = {minor for minor, _ in _standard_libraries(tree, way[-1])} if named else set()
    return found.pop() if len(found) == 1 else None


def _standard_libraries(tree: Filesystem, path: str) -> set[tuple[int, str]]:
    """Return minor version and ABI of the standard libraries that a Python at *path* finds."""
    above = path
    while above:
        above = above.rpartition("/")[0]
        found = set()
        for folder in (f"{above}/lib", f"{above}/lib64"):
            node = tree.find(folder)
            for name in node.children if node is not None else ():
                told = _LIBRARY.fullmatch(name)
                if told and any(tree.find(f"{folder}/{name}/{each}") for each in _LANDMARKS):
                    found.add((int(told[1]), told[2]))
        if found:
            return found
    return set()
