"""Mach-O (macOS): processor, least macOS and libraries, from the load commands."""

from __future__ import annotations

from hatch_multiarch.audit.binary import Malformed, Window
from hatch_multiarch.audit.facts import Facts
from hatch_multiarch.audit.gobuild import read_go_build

MAGIC_64 = 0xFEEDFACF
FAT = (0xCAFEBABE, 0xCAFEBABF)
# Names and numbers of <mach/machine.h> and <mach-o/loader.h>.
CPUS = {0x01000007: "amd64", 0x0100000C: "arm64"}
MH_EXECUTE = 2
LC_LOAD_DYLIB = 0xC
LC_SEGMENT_64 = 0x19
READ_WRITE = 3
LC_VERSION_MIN_MACOSX = 0x24
LC_BUILD_VERSION = 0x32
PLATFORM_MACOS = 1
MAX_COMMANDS = 10_000


def read_macho(window: Window) -> Facts:
    """Return the facts of a thin 64-bit Mach-O executable; raises Malformed when it is none."""
    magic, cpu, _, kind, count, _ = window.unpack("<6I", 0)
    if magic != MAGIC_64:
        raise Malformed("it is not a thin 64-bit Mach-O file; build one file per architecture")
    if kind != MH_EXECUTE or cpu not in CPUS:
        raise Malformed(f"its Mach-O type is {kind}, its processor {cpu:#x}")
    if count > MAX_COMMANDS:
        raise Malformed(f"it claims {count} load commands")
    macos = None
    needed = []
    start = 0
    offset = 32
    for _ in range(count):
        command, size = window.unpack("<2I", offset)
        if size < 8:  # noqa: PLR2004 - the two words just read
            raise Malformed("a load command is shorter than its own header")
        if command == LC_LOAD_DYLIB:
            needed.append(window.text(offset + window.unpack("<I", offset + 8)[0]))
        elif command == LC_SEGMENT_64:
            place, length, _, access = window.unpack("<2Q2I", offset + 40)
            if access == READ_WRITE and length:
                start = start or place
        elif command == LC_VERSION_MIN_MACOSX:
            macos = _version(window.unpack("<I", offset + 8)[0])
        elif command == LC_BUILD_VERSION:
            platform, least = window.unpack("<2I", offset + 8)
            if platform != PLATFORM_MACOS:
                raise Malformed(f"it is for Apple platform {platform}, not macOS")
            macos = _version(least)
        offset += size
    return Facts(
        format="macho",
        os="darwin",
        architecture=CPUS[cpu],
        variant=None,
        libc="none",
        interpreter=None,
        needed=tuple(needed),
        macos=macos,
        go=read_go_build(window.file, start),
    )


def _version(packed: int) -> tuple[int, int]:
    """Return (major, minor) of ``xxxx.yy.zz`` in nibbles."""
    return packed >> 16, packed >> 8 & 0xFF
