"""PE (Windows): machine and imported DLLs, from the headers (Microsoft's PE Format)."""

from __future__ import annotations

from hatch_multiarch.audit.binary import MAX_NAMES, Malformed, Window
from hatch_multiarch.audit.binary_info import BinaryInfo
from hatch_multiarch.audit.gobuild import read_go_build

MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x14C: "386"}
DLL = 0x2000
PE32_PLUS = 0x20B
MAX_IMPORTS = 1000
MAX_SECTIONS = 96
DATA = 0xC0000040
"""Characteristics of a section: initialised data, readable, writable."""


def read_pe(window: Window) -> BinaryInfo:
    """Return the facts of a PE program or library; raises Malformed when it is none."""
    (start,) = window.unpack("<I", 0x3C)
    if window.read(start, 4) != b"PE\0\0":
        raise Malformed("it has no PE header")
    machine, sections, _, _, _, optional, flags = window.unpack("<2H3I2H", start + 4)
    if machine not in MACHINES:
        raise Malformed(f"its machine is {machine:#x}, its characteristics {flags:#x}")
    library = bool(flags & DLL)
    if sections > MAX_SECTIONS:
        raise Malformed(f"it claims {sections} sections")
    (magic,) = window.unpack("<H", start + 24)
    directories = start + 24 + (112 if magic == PE32_PLUS else 96)
    table = start + 24 + optional
    spans = []
    start = 0
    for number in range(sections):
        size, address, raw_size, raw = window.unpack("<4I", table + number * 40 + 8)
        window.holds(raw, raw_size)
        spans.append((address, max(size, raw_size), raw))
        (kind,) = window.unpack("<I", table + number * 40 + 36)
        if kind & DATA == DATA:
            start = start or raw
    (exports, _, imports) = window.unpack("<3I", directories)
    name, symbols = _exports(window, exports, spans) if library and exports else ("", ())
    return BinaryInfo(
        format="pe",
        os="windows",
        architecture=MACHINES[machine],
        variant=None,
        libc="none",
        interpreter=None,
        needed=tuple(_imports(window, imports, spans)) if imports else (),
        kind="library" if library else "program",
        name=name,
        exports=symbols,
        go=read_go_build(window.file, start),
    )


def _exports(
    window: Window, address: int, spans: list[tuple[int, int, int]]
) -> tuple[str, tuple[str, ...]]:
    """Return the name in the export directory, and the symbols in it, sorted."""
    at = _offset(address, spans)
    (name,) = window.unpack("<I", at + 12)
    count, _, names = window.unpack("<3I", at + 24)
    if count > MAX_NAMES:
        raise Malformed(f"it claims to export {count} symbols")
    found = []
    if count:
        table = window.unpack(f"<{count}I", _offset(names, spans))
        found = sorted(window.text(_offset(each, spans)) for each in table)
    return window.text(_offset(name, spans)), tuple(found)


def _imports(window: Window, address: int, spans: list[tuple[int, int, int]]) -> list[str]:
    names: list[str] = []
    for number in range(MAX_IMPORTS):
        (name,) = window.unpack("<I", _offset(address + number * 20, spans) + 12)
        if not name:
            return names
        names.append(window.text(_offset(name, spans)).lower())
    raise Malformed(f"it imports more than {MAX_IMPORTS} libraries")


def _offset(address: int, spans: list[tuple[int, int, int]]) -> int:
    """Return the place in the file of a virtual *address*."""
    for start, size, raw in spans:
        if start <= address < start + size:
            return address - start + raw
    raise Malformed(f"address {address:#x} is in no section")
