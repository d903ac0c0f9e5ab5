"""Finds the C library of a base in its files, and checks that helpers can run on it.

Nothing of the base is run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.errors import ImageError
from hatch_multiarch.image.base.filesystem import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hatch_multiarch.audit.binary_info import BinaryInfo
    from hatch_multiarch.engine.engine_protocol import Binary
    from hatch_multiarch.image.base.filesystem import Filesystem, Node
    from hatch_multiarch.plan import ImagePlan, Unit

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


def check_base(
    tree: Filesystem,
    units: Iterable[Unit],
    binaries: Mapping[str, Binary],
    facts: Mapping[str, BinaryInfo],
    source: str,
) -> list[str]:
    """Return a line for each helper of *units* that cannot run on the base with the files *tree*.

    A dynamic helper needs its loader (PT_INTERP), its libraries (DT_NEEDED) and a glibc as new as
    its newest symbol version (DT_VERNEED).
    """
    names: set[str] | None = None
    problems = []
    for unit in units:
        fact = facts[unit.id]
        if fact.interpreter is None and not fact.needed:
            continue
        names = names or {path.rpartition("/")[2] for path, _ in tree.paths()}
        where = (
            f'tool.multiarch.image.base: helper "{unit.helper.name}" on {unit.platform.name} needs'
        )
        if fact.interpreter and tree.find(fact.interpreter) is None:
            problems.append(
                f"{where} the loader {fact.interpreter}, which {source} doesn't contain"
            )
            continue
        if missing := [each for each in fact.needed if each not in names]:
            problems.append(f"{where} {', '.join(missing)}, which {source} doesn't contain")
        if fact.glibc is not None:
            with binaries[unit.id].path.open("rb") as file:
                libc = find_libc(tree, machine(file.read(HEADER)), "glibc")
            if libc is None or libc.version < fact.glibc:
                has = f"{libc.version[0]}.{libc.version[1]}" if libc else "none"
                need = f"{fact.glibc[0]}.{fact.glibc[1]}"
                problems.append(f"{where} glibc {need}, and {source} has {has}")
    return problems


def check_scratch(plan: ImagePlan, facts: Mapping[str, BinaryInfo]) -> None:
    """Raise ImageError, one line per helper and platform, when one cannot run on ``scratch``.

    An executable with an interpreter (ELF, PT_INTERP) or needed libraries (DT_NEEDED) is started
    by files that scratch doesn't contain; the kernel would only say "no such file or directory".
    """
    problems: list[str] = []
    dynamic: dict[str, bool] = {}
    names: dict[str, None] = {}
    for platform, units in plan.platforms:
        for unit in units:
            names[unit.helper.name] = None
            fact = facts[unit.id]
            if fact.interpreter is None and not fact.needed:
                continue
            dynamic[unit.helper.name] = bool(unit.helper.cgo) and not unit.helper.library
            wants = fact.interpreter or ", ".join(fact.needed)
            problems.append(
                f'tool.multiarch.image.base: helper "{unit.helper.name}" on {platform.name} is '
                f'dynamically linked and needs {wants}, which "scratch" doesn\'t contain'
            )
    if not problems:
        return
    ways = [
        f'set tool.multiarch.helpers.{name}.libc = "static"' for name in dynamic if dynamic[name]
    ]
    if not all(dynamic.values()):
        ways.append('use a base with glibc, such as "debian:stable-slim"')
    if rest := [f'"{name}"' for name in names if name not in dynamic]:
        ways.append(f"leave it out with tool.multiarch.image.helpers = [{', '.join(rest)}]")
    raise ImageError("\n".join(problems), advice=", or ".join(ways))
