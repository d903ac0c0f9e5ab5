"""Mach-O (macOS): processor, least macOS, libraries and signature, from the load commands.

Every page is hashed again and compared with the code signature, whose formats are those of xnu's
``osfmt/kern/cs_blobs.h``; its numbers are big-endian. macOS on arm64 ends a program without a
signature, and one with a page that has another hash, before its first line. Who signed is not
checked: Go and zig sign ad hoc, which needs no identity.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from hatch_multiarch.audit.binary import MAX_NAMES, Malformed, name_at
from hatch_multiarch.audit.binary_info import BinaryInfo
from hatch_multiarch.audit.gobuild import read_go_build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_multiarch.audit.binary import Window

MAGIC_64 = 0xFEEDFACF
# Names and numbers of <mach/machine.h> and <mach-o/loader.h>.
CPUS = {0x01000007: "amd64", 0x0100000C: "arm64"}
KINDS: dict[int, Literal["program", "library"]] = {2: "program", 6: "library"}
"""MH_EXECUTE, MH_DYLIB."""
LC_SYMTAB = 0x2
LC_DYSYMTAB = 0xB
LOADS = (0xC, 0x80000018, 0x8000001F)
"""LC_LOAD_DYLIB, and those that may be missing or are exported again."""
LC_ID_DYLIB = 0xD
LC_SEGMENT_64 = 0x19
LC_CODE_SIGNATURE = 0x1D
LC_VERSION_MIN_MACOSX = 0x24
LC_BUILD_VERSION = 0x32
PLATFORM_MACOS = 1
MAX_COMMANDS = 10_000
MAX_SECTIONS = 255
N_EXT, N_STAB = 0x1, 0xE0

_EMBEDDED_SIGNATURE = 0xFADE0CC0
_CODE_DIRECTORY = 0xFADE0C02
_HASHES = {1: ("sha1", 20), 2: ("sha256", 32), 3: ("sha256", 20), 4: ("sha384", 48)}
"""By hashType: the algorithm, and how many bytes of it are kept."""
_MAX_BLOBS = 64


def read_macho(window: Window) -> BinaryInfo:
    """Return the facts of a thin 64-bit Mach-O program or library.

    Raises Malformed when it is none.
    """
    magic, cpu, _, kind, count, _ = window.unpack("<6I", 0)
    if magic != MAGIC_64 or kind not in KINDS or cpu not in CPUS:
        raise Malformed(f"its Mach-O type is {kind}, its processor {cpu:#x}")
    if count > MAX_COMMANDS:
        raise Malformed(f"it claims {count} load commands")
    macos = None
    needed = []
    start = 0
    found: dict[int, int] = {}
    for command, at in _commands(window, count):
        found[command] = at
        if command in LOADS:
            needed.append(window.text(at + window.unpack("<I", at + 8)[0]))
        elif command == LC_SEGMENT_64:
            window.holds(*window.unpack("<2Q", at + 40))
            start = start or _build_info(window, at)
        elif command == LC_VERSION_MIN_MACOSX:
            macos = _version(window.unpack("<I", at + 8)[0])
        elif command == LC_BUILD_VERSION:
            platform, least = window.unpack("<2I", at + 8)
            if platform != PLATFORM_MACOS:
                raise Malformed(f"it is for Apple platform {platform}, not macOS")
            macos = _version(least)
    if LC_CODE_SIGNATURE in found:
        check_signature(window, *window.unpack("<I", found[LC_CODE_SIGNATURE] + 8))
    return BinaryInfo(
        format="macho",
        os="darwin",
        architecture=CPUS[cpu],
        variant=None,
        libc="none",
        interpreter=None,
        needed=tuple(needed),
        imports=_imports(window, found, needed),
        signed=LC_CODE_SIGNATURE in found,
        kind=KINDS[kind],
        name=window.text(_named(window, found)) if LC_ID_DYLIB in found else "",
        exports=_exports(window, found) if KINDS[kind] == "library" else (),
        macos=macos,
        go=read_go_build(window.file, window.start + start, window.start + window.size),
    )


def _imports(window: Window, found: dict[int, int], needed: list[str]) -> dict[str, list[str]]:
    """Return library -> the symbols taken from it, of the table of undefined symbols.

    *found*: load command -> its offset.
    The high byte of ``n_desc`` is the number of the library, from 1 (<mach-o/nlist.h>,
    GET_LIBRARY_ORDINAL). One without such a library stands under an empty name.
    """
    if not {LC_SYMTAB, LC_DYSYMTAB} <= found.keys():
        return {}
    symbols, _, strings, size = window.unpack("<4I", found[LC_SYMTAB] + 8)
    first, count = window.unpack("<2I", found[LC_DYSYMTAB] + 24)
    if count > MAX_NAMES:
        raise Malformed(f"it claims to import {count} symbols")
    names = window.read(strings, size)
    imports: dict[str, list[str]] = {}
    for at in range(symbols + first * 16, symbols + (first + count) * 16, 16):
        place, _, _, described = window.unpack("<I2BH", at)
        number = described >> 8
        library = needed[number - 1] if 0 < number <= len(needed) else ""
        imports.setdefault(library, []).append(name_at(names, place))
    return {library: sorted(each) for library, each in sorted(imports.items())}


def _named(window: Window, found: dict[int, int]) -> int:
    """Return the offset of the install name."""
    at = found[LC_ID_DYLIB]
    return at + window.unpack("<I", at + 8)[0]


def _exports(window: Window, found: dict[int, int]) -> tuple[str, ...]:
    """Return the symbols of the table that others may take, as C names them, sorted."""
    if not {LC_SYMTAB, LC_DYSYMTAB} <= found.keys():
        return ()
    symbols, _, strings, size = window.unpack("<4I", found[LC_SYMTAB] + 8)
    first, count = window.unpack("<2I", found[LC_DYSYMTAB] + 16)  # iextdefsym, nextdefsym
    if count > MAX_NAMES:
        raise Malformed(f"it claims to export {count} symbols")
    names = window.read(strings, size)
    exports = set()
    for at in range(symbols + first * 16, symbols + (first + count) * 16, 16):
        place, kind = window.unpack("<IB", at)
        if kind & N_EXT and not kind & N_STAB:
            exports.add(name_at(names, place).removeprefix("_"))
    return tuple(sorted(exports))


def _commands(window: Window, count: int) -> Iterator[tuple[int, int]]:
    """Yield each load command and its offset."""
    at = 32
    for _ in range(count):
        command, size = window.unpack("<2I", at)
        if size < 8:  # noqa: PLR2004 - the two words just read
            raise Malformed("a load command is shorter than its own header")
        yield command, at
        at += size


def _build_info(window: Window, at: int) -> int:
    """Return the offset of Go's build info if the segment whose command is at *at* has it, or 0."""
    (sections,) = window.unpack("<I", at + 64)
    if sections > MAX_SECTIONS:
        raise Malformed(f"a segment claims {sections} sections")
    for section in range(at + 72, at + 72 + sections * 80, 80):
        if window.read(section, 16).rstrip(b"\0") == b"__go_buildinfo":
            return window.unpack("<I", section + 48)[0]
    return 0


def _version(packed: int) -> tuple[int, int]:
    """Return (major, minor) of ``xxxx.yy.zz`` in nibbles."""
    return packed >> 16, packed >> 8 & 0xFF


class BadSignature(Malformed):
    """A code signature that does not fit the file."""


def check_signature(window: Window, start: int) -> None:
    """Raise BadSignature unless the signature at offset *start* fits all that stands before it.

    Raises Malformed where it leads out of the file.
    """
    magic, _, count = window.unpack(">3I", start)
    if magic != _EMBEDDED_SIGNATURE or count > _MAX_BLOBS:
        raise BadSignature("its code signature is damaged")
    directories = 0
    for index in range(count):
        _, offset = window.unpack(">2I", start + 12 + index * 8)
        if window.unpack(">I", start + offset)[0] == _CODE_DIRECTORY:
            _check_directory(window, start, start + offset)
            directories += 1
    if not directories:
        raise BadSignature("its code signature has no hashes")


def _check_directory(window: Window, end: int, at: int) -> None:
    """Compare the hashes of the code directory at offset *at* with the pages before *end*."""
    hashes, _, _, slots, limit = window.unpack(">5I", at + 16)
    size, kind, _, bits = window.unpack(">4B", at + 36)
    if kind not in _HASHES or _HASHES[kind][1] != size:
        raise BadSignature(f"the hashes in its code signature are of an unknown type, {kind}")
    page = 1 << bits if bits else max(limit, 1)
    if limit != end or slots != -(-limit // page) or page > window.LIMIT:
        raise BadSignature(f"its code signature is for {limit} bytes, and {end} come before it")
    wanted = window.read(at + hashes, slots * size)
    for slot in range(slots):
        data = window.read(slot * page, min(page, limit - slot * page))
        found = hashlib.new(_HASHES[kind][0], data, usedforsecurity=False).digest()[:size]
        if found != wanted[slot * size : (slot + 1) * size]:
            raise BadSignature(f"page {slot} was changed after it was signed")
