"""Which platforms run here: natively, or by an emulator of Linux's binfmt_misc.

An entry is matched as the kernel matches it, by its magic and mask against the first bytes of a
program of the platform (Documentation/admin-guide/binfmt-misc.rst), whatever its name is. What no
file of the kernel tells is tried: a program of a few bytes that just ends is started.
"""

from __future__ import annotations

import platform as machine
import struct
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_multiarch import process
from hatch_multiarch.errors import PlanError
from hatch_multiarch.files import temporary
from hatch_multiarch.platforms import all_platforms, host, lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_multiarch.platforms import Platform

BINFMT = Path("/proc/sys/fs/binfmt_misc")


class _Kind(NamedTuple):
    """How programs of an architecture look: elf.h, and the system call that ends one."""

    number: int
    """ELF's e_machine."""
    bits: int
    order: str
    """As ``struct`` writes it."""
    flags: int
    """ELF's e_flags, where the kernel looks at them."""
    code: str
    """Machine code of ``exit(0)``, in hex."""


_KINDS = {
    "386": _Kind(3, 32, "<", 0, "b801000000 31db cd80"),
    "amd64": _Kind(62, 64, "<", 0, "b83c000000 31ff 0f05"),
    "arm": _Kind(40, 32, "<", 0x05000000, "0000a0e3 0170a0e3 000000ef"),
    "arm64": _Kind(183, 64, "<", 0, "000080d2 a80b80d2 010000d4"),
    "loong64": _Kind(258, 64, "<", 0, "04008002 0b748102 00002b00"),
    "ppc64le": _Kind(21, 64, "<", 2, "01000038 00006038 02000044"),
    "riscv64": _Kind(243, 64, "<", 0, "13050000 9308d005 73000000"),
    "s390x": _Kind(22, 64, ">", 0, "a7290000 0a01"),
}


@dataclass(frozen=True)
class Emulator:
    """How programs of a platform run on this machine."""

    platform: str
    native: bool
    """By the processor itself."""
    registered: bool
    """The kernel hands them to an emulator."""
    interpreter: str
    """Its path; empty when there is none, or where binfmt_misc cannot be seen."""
    fixed: bool
    """The kernel holds it open (flag F), so that it works in containers too."""
    disabled: str = ""
    """Name of the entry that would serve them, if it were not switched off."""

    @property
    def runs(self) -> bool:
        """Whether such programs start here."""
        return self.native or self.registered


@dataclass(frozen=True)
class _Entry:
    name: str
    enabled: bool
    interpreter: str
    flags: str
    offset: int
    magic: bytes
    mask: bytes

    def matches(self, program: bytes) -> bool:
        part = program[self.offset : self.offset + len(self.magic)]
        pairs = zip(part, self.magic, self.mask, strict=False)
        return len(part) == len(self.magic) and all(a & m == b & m for a, b, m in pairs)


@cache
def starts(architecture: str) -> bool:
    """Tell whether this kernel starts programs of *architecture* (``arm``), by starting one."""
    try:
        with temporary() as folder:
            path = folder / "program"
            path.write_bytes(_program(architecture))
            path.chmod(0o700)
            return process.run([path], timeout=20).code == 0
    except (OSError, PlanError):  # it does not, or there is no folder to start it in
        return False


def state(folder: Path = BINFMT, starts: Callable[[str], bool] = starts) -> dict[str, Emulator]:
    """Return how each Linux platform runs here, by name; *folder* is where binfmt_misc is mounted.

    A container may not see that folder though the kernel has emulators: then *starts* decides,
    which is asked too for what a processor may run besides its own. On other systems than Linux
    nothing runs: Docker Desktop has a Linux of its own.
    """
    entries = _entries(folder)
    own = _own()
    return {
        platform.name: _emulator(platform, entries, own, starts)
        for platform in all_platforms()
        if platform.os == "linux" and platform.goarch in _KINDS
    }


def _emulator(
    platform: Platform,
    entries: list[_Entry] | None,
    own: set[str],
    starts: Callable[[str], bool],
) -> Emulator:
    program = _program(platform.goarch)
    matching = [each for each in entries or () if each.matches(program)]
    entry = next((each for each in matching if each.enabled), None)
    native = platform.name in own
    hidden = False
    if not native and entry is None and own:
        # Most processors for amd64 run 386, some for arm64 run arm: unless the kernel does not.
        sibling = (platform.goarch == "386" and "linux/amd64" in own) or (
            platform.goarch == "arm" and "linux/arm64" in own and entries is not None
        )
        if sibling:
            native = starts(platform.goarch)
        elif entries is None:
            hidden = starts(platform.goarch)
    return Emulator(
        platform=platform.name,
        native=native,
        registered=entry is not None or hidden,
        interpreter=entry.interpreter if entry else "",
        # One from outside of this container works in it only because the kernel holds it open.
        fixed="F" in entry.flags if entry else hidden,
        disabled="" if entry or not matching else matching[0].name,
    )


def _own() -> set[str]:
    """Return what the processor runs for sure: empty on other systems than Linux."""
    if not sys.platform.startswith("linux"):
        return set()
    kernel = lookup(f"linux/{machine.machine()}")
    own = {host().name} | ({kernel.name} if kernel else set())
    # Every arm runs what older ones run; Debian's armel is for all of them.
    arms = [name for name in ("linux/arm/v7", "linux/arm/v6", "linux/arm/v5") if name in own]
    return own | {f"linux/arm/v{level}" for name in arms for level in range(5, int(name[-1]))}


def _entries(folder: Path) -> list[_Entry] | None:
    """Return the entries, the one that the kernel asks first in front; None: nothing is to be seen.

    The newest is asked first (fs/binfmt_misc.c adds at the head of its list).
    """
    try:
        enabled = Path(folder, "status").read_text("utf-8").strip() == "enabled"
        files = [each for each in folder.iterdir() if each.name not in ("register", "status")]
        files.sort(key=lambda each: each.stat().st_mtime_ns, reverse=True)
        read = [_entry(each, enabled=enabled) for each in files]
    except OSError:
        return None
    return [each for each in read if each is not None]


def _entry(path: Path, *, enabled: bool) -> _Entry | None:
    """Read one entry; those for file names (``extension .jar``) are None. Raises OSError."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    words = dict(line.partition(" ")[::2] for line in lines)
    if "magic" not in words:
        return None
    magic = bytes.fromhex(words["magic"])
    return _Entry(
        path.name,
        enabled and "enabled" in words,
        words["interpreter"],
        words["flags:"],
        int(words["offset"]),
        magic,
        bytes.fromhex(words["mask"]) if "mask" in words else b"\xff" * len(magic),
    )


def _program(architecture: str) -> bytes:
    """Return an ELF program of *architecture* that ends with exit code 0, whole."""
    kind = _KINDS[architecture]
    wide = kind.bits == 64  # noqa: PLR2004 - bits of an address
    base, code = 0x400000, bytes.fromhex(kind.code)
    header, entry = (64, 56) if wide else (52, 32)  # sizes of ELF's two headers
    start, size = header + entry, header + entry + len(code)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if kind.order == "<" else 2, 1]) + bytes(9)
    word = "Q" if wide else "I"
    # e_type EXEC, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, then sizes and counts.
    head = (2, kind.number, 1, base + start, header, 0, kind.flags, header, entry, 1, 0, 0, 0)
    # One segment of type LOAD, readable and executable, aligned to the largest page there is.
    if wide:
        segment = struct.pack(f"{kind.order}IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x10000)
    else:
        segment = struct.pack(f"{kind.order}IIIIIIII", 1, 0, base, base, size, size, 5, 0x10000)
    return ident + struct.pack(f"{kind.order}HHI{word}{word}{word}IHHHHHH", *head) + segment + code
