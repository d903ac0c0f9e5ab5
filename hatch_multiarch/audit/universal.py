"""Universal (fat) Mach-O files: a program for each of several processors (<mach-o/fat.h>)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from hatch_multiarch.audit.binary import Malformed, Window
from hatch_multiarch.audit.binary_info import BinaryInfo, GoBuild
from hatch_multiarch.audit.macho import CPUS, read_macho
from hatch_multiarch.platforms.table import BIG_SUR, PAGE_BITS

if TYPE_CHECKING:
    from collections.abc import Sequence

FAT_64 = 0xCAFEBABF
FAT = (0xCAFEBABE, FAT_64)
"""With offsets of 32 bits and of 64, big endian whatever the processor."""
UNIVERSAL = "universal2"
"""How wheel tags name both processors that macOS has today."""
MAX_PARTS = 16


class _Part(NamedTuple):
    """Where a program stands in the file."""

    start: int
    size: int

    @property
    def end(self) -> int:
        return self.start + self.size


def read_fat(window: Window, architecture: str) -> BinaryInfo:
    """Return the facts of the program for *architecture*, as OCI names it, in a universal file.

    For ``universal2`` those of all. Raises Malformed where it holds no such program.
    """
    parts = _parts(window)
    if architecture == UNIVERSAL:
        wanted, missing = list(parts), sorted(parts) != sorted(PAGE_BITS)
        why = f"{UNIVERSAL} has one for {' and '.join(PAGE_BITS)}, and no other"
    else:
        wanted, missing = [architecture], architecture not in parts
        why = f"none for {architecture}" if architecture else "it isn't clear which one to use"
    if missing:
        held = ", ".join(parts) or "nothing"
        raise Malformed(f"it is a universal (fat) Mach-O file with programs for {held}, and {why}")
    if any(first.end > second.start for first, second in pairwise(sorted(parts.values()))):
        raise Malformed("its programs overlap")
    found = [_read(window, name, parts[name]) for name in wanted]
    return _joined(found) if architecture == UNIVERSAL else found[0]


def _parts(window: Window) -> dict[str, _Part]:
    """Return where the program for each processor stands."""
    magic, count = window.unpack(">2I", 0)
    if count > MAX_PARTS:
        raise Malformed(f"it claims {count} processors")
    # cputype, cpusubtype, offset, size, align; the 64-bit form ends in a reserved word.
    form, length = (">2I2Q2I", 32) if magic == FAT_64 else (">5I", 20)
    parts: dict[str, _Part] = {}
    for number in range(count):
        cpu, _, start, size, *_ = window.unpack(form, 8 + number * length)
        name = CPUS.get(cpu, f"{cpu:#x}")
        if name in parts:
            raise Malformed(f"it has two programs for {name}")
        parts[name] = _Part(start, size)
    return parts


def _read(window: Window, name: str, part: _Part) -> BinaryInfo:
    window.holds(part.start, part.size)
    if part.start % (1 << PAGE_BITS[name]):
        raise Malformed(
            f"its program for {name} begins at {part.start}, which is not aligned to a page"
        )
    found = read_macho(Window(window.file, part.start, part.size))
    if found.architecture != name:
        raise Malformed(f"what it has for {name} is a program for {found.architecture}")
    return found


def _joined(parts: Sequence[BinaryInfo]) -> BinaryInfo:
    """Return what a universal file needs whose programs are *parts*."""
    if len({part.kind for part in parts}) > 1:
        raise Malformed("it contains a program and a library")
    imports: dict[str, set[str]] = {}
    for part in parts:
        for library, symbols in part.imports.items():
            imports.setdefault(library, set()).update(symbols)
    return BinaryInfo(
        format="macho",
        os="darwin",
        architecture=UNIVERSAL,
        variant=None,
        libc="none",
        interpreter=None,
        needed=tuple(dict.fromkeys(each for part in parts for each in part.needed)),
        imports={library: sorted(each) for library, each in sorted(imports.items())},
        signed=all(part.signed for part in parts),
        kind=parts[0].kind,
        name=parts[0].name,
        exports=tuple(sorted(set(parts[0].exports).intersection(*(p.exports for p in parts[1:])))),
        macos=_macos(parts),
        go=_go([part.go for part in parts]),
        parts=tuple(parts),
    )


def _macos(parts: Sequence[BinaryInfo]) -> tuple[int, int] | None:
    """Return the least macOS; there was none before 11 for arm64, so that says nothing there."""
    told = {part.architecture: part.macos for part in parts if part.macos is not None}
    if told.get("arm64", BIG_SUR) <= BIG_SUR and len(told) > 1:
        del told["arm64"]
    return max(told.values(), default=None)


def _go(found: Sequence[GoBuild | None]) -> GoBuild | None:
    """Return what the build info of all programs says; settings that differ are left out."""
    builds = [each for each in found if each is not None]
    if not builds or len(builds) < len(found):
        return None
    first, *rest = builds
    settings = set(first.settings.items()).intersection(*(each.settings.items() for each in rest))
    replaced = {path: old for each in builds for path, old in each.replaced.items()}
    return GoBuild(
        first.version,
        first.path,
        dict(sorted(settings)),
        tuple(dict.fromkeys(module for each in builds for module in each.modules)),
        first.main,
        replaced,
    )
