"""Writes gzip files of several members, some of them compressed before.

RFC 1952, section 2.2: a gzip file is a series of members, and unpacks to what they hold one after
the other. Registries and runtimes have met such layers for long: eStargz has a member for each
file (stargz-snapshotter, docs/estargz.md).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Protocol

from hatch_multiarch.cache.deflate import compressor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_multiarch.cache.deflate import Stream

SEGMENT = 1 << 20
"""Bytes that become one member, where nothing is ready: all of them are compressed at once."""
HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Deflate, without name, time and system (RFC 1952, section 2.3)."""


class Writable(Protocol):
    """What takes the file."""

    def write(self, data: bytes, /) -> object:
        """Take *data*, all of it."""


class GzipWriter:
    """Write to *out* what is written here, compressed; to be closed at the end."""

    def __init__(self, out: Writable) -> None:
        self._out = out
        self._plain = bytearray()
        self._ready = 0
        self._empty = True

    def write(self, data: bytes) -> None:
        """Compress *data*, unless it is what ``ready`` has announced."""
        view = memoryview(data)
        if self._ready:
            passed = min(self._ready, len(view))
            self._ready -= passed
            view = view[passed:]
        self._plain += view
        while len(self._plain) >= SEGMENT:
            self._segment(SEGMENT)

    def ready(self, stream: Stream) -> None:
        """Take *stream* for the bytes that are written next, as many as its content has."""
        if self._plain:
            self._segment(len(self._plain))
        self._member(stream.blocks(), stream.crc32, stream.size)
        self._ready = stream.size

    def close(self) -> None:
        """Write what is left."""
        if self._plain or self._empty:
            self._segment(len(self._plain))

    def _segment(self, size: int) -> None:
        data = self._plain[:size]
        del self._plain[:size]
        self._member([bytes(compressor().deflate(data))], zlib.crc32(data), size)

    def _member(self, blocks: Iterable[bytes], crc32: int, size: int) -> None:
        self._empty = False
        self._out.write(HEADER)
        for block in blocks:
            self._out.write(block)
        self._out.write(struct.pack("<II", crc32, size & 0xFFFFFFFF))
