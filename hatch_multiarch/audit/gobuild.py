"""Go's build info in a binary: what ``go version -m`` prints.

The format is that of Go's ``debug/buildinfo``: a 32-byte header aligned to 16 that starts with a
magic, and since Go 1.18 the version and the module text right behind it, each with its length as
a varint in front.
"""

from __future__ import annotations

import mmap
from contextlib import closing, suppress
from typing import BinaryIO

from hatch_multiarch.audit.binary import Malformed
from hatch_multiarch.audit.binary_info import GoBuild

MAGIC = b"\xff Go buildinf:"
ALIGN = 16
HEADER = 32
INLINE = 0x2
GUARD = 16
"""The module text stands between two 16-byte marks; a program built without modules has none."""


def read_go_build(file: BinaryIO, start: int, end: int | None = None) -> GoBuild | None:
    """Return the build info of a Go binary, or None where there is none.

    *start* is the offset of the section where Go's linker puts it: a copy before that is another
    program's, which this one embeds or looks for. *end* is where a part of a larger file ends.
    """
    with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
        end = len(data) if end is None else end
        at = data.find(MAGIC, start, end)
        while at >= 0:
            if at % ALIGN == 0 and at + HEADER <= len(data) and data[at + 15] & INLINE:
                with suppress(Malformed):
                    version, behind = _string(data, at + HEADER)
                    modules, _ = _string(data, behind)
                    return _parse(version, modules)
            at = data.find(MAGIC, at + 1, end)
    return None


def _string(data: mmap.mmap, at: int) -> tuple[bytes, int]:
    """Return a string with a varint length in front, and where it ends."""
    length = shift = 0
    while True:
        if at >= len(data) or shift > 28:  # noqa: PLR2004 - more than any build info
            raise Malformed("the build info is truncated")
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    if at + length > len(data):
        raise Malformed("the build info is truncated")
    return data[at : at + length], at + length


def _parse(version: bytes, modules: bytes) -> GoBuild:
    text = modules[GUARD:-GUARD].decode("utf-8", "replace")
    path = ""
    settings: dict[str, str] = {}
    main = ("", "", "")
    found: list[tuple[str, str, str]] = []
    replaced: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        kind, *words = line.split("\t")
        if kind == "path" and words:
            path = words[0]
        elif kind in ("mod", "dep", "=>") and words:
            name, number, digest = (*words, "", "")[:3]
            if kind == "mod":
                main = (name, number, digest)
                continue
            if kind == "=>" and found:  # stands in for the module of the line before
                replaced[name] = found.pop()[:2]
            found.append((name, number, digest))
        elif kind == "build" and words:
            key, _, value = words[0].partition("=")
            # Go quotes what holds spaces or quotes, as a Go string.
            settings[key] = _unquote(value)
    return GoBuild(version.decode("utf-8", "replace"), path, settings, tuple(found), main, replaced)


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == "`":
        return value[1:-1]
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value
